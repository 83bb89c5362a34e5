// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { type Adapters, openKms } from './assemble.ts';
import { logGroupPlace, tablePlace } from './aws-places.ts';
import { bootstrapAdminKey } from './bootstrap.ts';
import type { ApiConfig } from './config.ts';
import { given } from './given.ts';
import { parentLink } from './parent-place.ts';

/** All adapters there are; each loads its code when it is chosen. */
export function serverAdapters(config: ApiConfig, log: Log): Adapters {
  const { store, audit, bootstrap } = config;
  return {
    store: async () => {
      if (store.kind === 'dynamodb') {
        const { DynamoStore } = await import('@enclave-vault/stores/dynamodb');
        return await DynamoStore.open(tablePlace(config));
      }
      const { SqliteStore } = await import('@enclave-vault/stores/sqlite');
      return SqliteStore.open(given(store.path, 'store.path'));
    },
    sink: async () => {
      if (audit.kind === 'log_group') {
        const { LogGroupSink } = await import('@enclave-vault/stores/log-group');
        return await LogGroupSink.open(logGroupPlace(config));
      }
      const { FileAuditSink } = await import('@enclave-vault/stores/file-sink');
      return await FileAuditSink.open(given(audit.path, 'audit.path'));
    },
    kms: () => openKms(config),
    parent: () => parentLink(config, log),
    opened: async (vault, open) => {
      const { adminKeyFile } = bootstrap;
      if (adminKeyFile !== undefined && (await bootstrapAdminKey(vault, open, adminKeyFile))) {
        log('info', 'admin_key_written');
      }
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { DynamoStore } from '@enclave-vault/stores/dynamodb';
import { LogGroupSink } from '@enclave-vault/stores/log-group';
import { ConfigError } from '../errors.ts';
import { type Adapters, openKms } from '../process/assemble.ts';
import { logGroupPlace, tablePlace } from '../process/aws-places.ts';
import type { ApiConfig } from '../process/config.ts';
import { parentLink } from '../process/parent-place.ts';

/**
 * What a function has adapters of: nothing that needs a disk. Its file of code holds no others.
 * @throws {ConfigError}
 */
export function functionAdapters(config: ApiConfig, log: Log): Adapters {
  if (config.store.kind !== 'dynamodb')
    throw new ConfigError('store.kind of a Lambda function must be dynamodb');
  if (config.audit.kind !== 'log_group')
    throw new ConfigError('audit.kind of a Lambda function must be log_group');
  return {
    store: () => DynamoStore.open(tablePlace(config)),
    sink: () => LogGroupSink.open(logGroupPlace(config)),
    kms: () => openKms(config),
    parent: () => parentLink(config, log),
  };
}

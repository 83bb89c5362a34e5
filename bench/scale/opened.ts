// SPDX-License-Identifier: Apache-2.0
import { createVaultKms } from '@enclave-vault/host-kms';
import { SqliteStore } from '@enclave-vault/stores';
import { type IntegrityKeys, openIntegrityKeys } from '@enclave-vault/vault';
import { LocalVault } from '../../tests/support/local-vault.ts';
import type { AuditSession } from '../../tools/admin/src/dev/vault.ts';
import { Client } from './timing.ts';

const READY = 'Ctrl-C stops it.';

/** A vault that runs on a folder, its store as another process sees it, and the API role's keys, which a local vault lends its owner. */
export interface Opened {
  readonly vault: LocalVault;
  readonly client: Client;
  readonly store: SqliteStore;
  readonly keys: IntegrityKeys;
  readonly database: string;
  /** Milliseconds from the spawn of the command to the end of its ready message. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

export async function start(folder: string): Promise<Opened> {
  const began = performance.now();
  // A folder may be filled for weeks, and the program change meanwhile.
  const vault = new LocalVault({ data: folder, args: ['--accept-measurements'] });
  let text = '';
  const ready = new Promise<number>((resolve) => {
    vault.process.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(READY)) resolve(performance.now() - began);
    });
  });
  await vault.ready();
  const readyMs = await ready;
  const session = (await vault.control('/session')) as unknown as AuditSession;
  const kms = createVaultKms({ ...session.kms, credentials: session.credentials });
  const store = SqliteStore.open(session.database);
  const keys = await openIntegrityKeys(store, kms);
  kms.close();
  const client = new Client(vault.url, vault.adminKey);
  return {
    ...{ vault, client, store, keys, readyMs },
    database: session.database,
    async stop() {
      client.close();
      await store.close();
      await vault.stop({ keep: true });
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, ParentClient } from '@enclave-vault/api';
import { createVaultKms } from '@enclave-vault/host-kms';
import { FileAuditSink } from '@enclave-vault/stores';
import { createTable, DynamoStore } from '@enclave-vault/stores/dynamodb';
import { defaultSchema, systemClock, Vault } from '@enclave-vault/vault';
import { bootstrapAdminKey } from '../../host/api/src/process/bootstrap.ts';
import { startLocalParts } from '../../tests/interop/dynamodb/local-parts.ts';

export type Call = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  status: number,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<Record<string, unknown>>;

/** A whole vault whose items are in DynamoDB: HTTP application, KMS emulator, parent and enclave are the real ones. */
export async function openDynamoVault(endpoint: string): Promise<{ call: Call; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ev-bench-'));
  const parts = await startLocalParts();
  const place = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
    endpoint,
    table: `vault-${randomUUID()}`,
    timeoutMs: 30_000,
  };
  await createTable(place);
  const store = await DynamoStore.open(place);
  const sink = await FileAuditSink.open(join(folder, 'heads.log'));
  const kms = createVaultKms({ ...parts.session.kms, credentials: parts.session.credentials });
  const enclave = new ParentClient({ unix: parts.parent });
  const schema = defaultSchema();
  const vault = await Vault.open({ store, schema, sink, kms, enclave, clock: systemClock() });
  const keyFile = join(folder, 'admin.key');
  await bootstrapAdminKey(vault, store, keyFile);
  const key = readFileSync(keyFile, 'utf8').trim();
  const app = await createApp({
    vault: () => vault,
    schema,
    health: async () => ({}),
    log: () => {},
    ui: false,
  });
  return {
    async call(method, path, status, body, headers = {}) {
      const answer = await app.inject({
        method,
        url: path,
        headers: {
          host: 'localhost',
          authorization: `Bearer ${key}`,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { payload: JSON.stringify(body) }),
      });
      if (answer.statusCode !== status) throw new Error(`${method} ${path}: ${answer.statusCode}`);
      return answer.body === '' ? {} : (answer.json() as Record<string, unknown>);
    },
    async close() {
      await app.close();
      await vault.close();
      await sink.close();
      kms.close();
      enclave.close();
      await parts.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
import { createVaultKms, type VaultKmsOptions } from '@enclave-vault/host-kms';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { type RecordSchema, systemClock, Vault } from '@enclave-vault/vault';
import type { LocalVault } from './local-vault.ts';

interface Session {
  readonly kms: Omit<VaultKmsOptions, 'credentials'>;
  readonly credentials: NonNullable<VaultKmsOptions['credentials']>;
  readonly database: string;
  readonly auditLog: string;
}

/**
 * The first key of another tenant in a running vault, made as its operator makes the first of all: by a process that
 * has the API's role. No request can.
 */
export async function bootstrapTenant(
  running: LocalVault,
  tenant: string,
  schema: RecordSchema,
): Promise<string> {
  const {
    kms: place,
    credentials,
    database,
    auditLog,
  } = (await running.control('/session')) as unknown as Session;
  const kms = createVaultKms({ ...place, credentials });
  const store = SqliteStore.open(database);
  const sink = await FileAuditSink.open(auditLog);
  const enclave = { decrypt: never, attestation: never };
  const vault = await Vault.open({ store, kms, sink, enclave, clock: systemClock(), schema });
  try {
    return (await vault.keys.bootstrap(tenant)).token;
  } finally {
    await vault.close();
    await sink.close();
    kms.close();
  }
}

async function never(): Promise<never> {
  throw new Error('this process asks no enclave');
}

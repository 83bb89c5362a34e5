// SPDX-License-Identifier: Apache-2.0
import { createVaultKms } from '@enclave-vault/host-kms';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { defaultSchema, systemClock } from '@enclave-vault/vault';
import { Importer, type ImporterOptions } from '@enclave-vault/vault/import';
import type { AuditSession } from '../../tools/admin/src/dev/vault.ts';

/** An importer into a vault that runs, with what it lends its operator. */
export async function importerInto(
  session: AuditSession,
  keyArn: string,
  options: Partial<ImporterOptions> = {},
): Promise<{ importer: Importer; close(): Promise<void> }> {
  const kms = createVaultKms({ ...session.kms, credentials: session.credentials });
  const store = SqliteStore.open(session.database);
  const sink = await FileAuditSink.open(session.auditLog);
  const importer = await Importer.open(
    { store, kms, sink, clock: systemClock(), schema: defaultSchema() },
    {
      ...{ tenant: 'default', keyArn, importId: 'test', from: 'a test', timeoutMs: 10_000 },
      ...{ replace: false, dryRun: false, without: new Set(), withoutDamaged: false, ...options },
    },
  );
  const close = async () => {
    importer.close();
    await store.close();
    await sink.close();
    kms.close();
  };
  return { importer, close };
}

// SPDX-License-Identifier: Apache-2.0
import { createVaultKms, type VaultKmsClient, type VaultKmsOptions } from '@enclave-vault/host-kms';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import {
  type AuditSink,
  defaultSchema,
  parseSchema,
  type RecordSchema,
  type Store,
} from '@enclave-vault/vault';
import { findRunning } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import type { AuditSession } from '../dev/vault.ts';
import { AdminError } from '../errors.ts';

/** Which vault a command is about: the one that runs on a data folder, or the one that role files describe. */
export type Place =
  | { readonly kind: 'local'; readonly data: string }
  | { readonly kind: 'config'; readonly paths: readonly string[] };

/** What a vault's operator works on beside its API, with the API role's rights. */
export interface OperatorStorage {
  /** For people, and for files that belong to one vault. */
  readonly name: string;
  readonly kms: VaultKmsClient;
  readonly keys: VaultKmsOptions['keys'];
  readonly store: Store;
  /** Opens the sink, for those who write. The caller closes it. */
  readonly sink: () => Promise<AuditSink & { close(): Promise<void> }>;
  readonly schema: RecordSchema;
  readonly allowOrphans: boolean;
  /** Keys that the enclaves use without an encryption context; undefined when that is not known from here. */
  readonly legacyKeys: readonly string[] | undefined;
  /** Whether many writes at once cost a network's time each, or share a sync. */
  readonly remote: boolean;
}

/** The caller closes store and KMS. @throws {AdminError} @throws {StoreError} @throws {SettingsError} */
export function openOperatorStorage(place: Place): Promise<OperatorStorage> {
  return place.kind === 'local' ? local(place.data) : deployment(place.paths);
}

/** The vault that runs on a data folder, beside its own API: the store orders their writes, and both add to one sink. */
async function local(data: string): Promise<OperatorStorage> {
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const answer: unknown = await askSocket(running.control, 'GET', '/session');
  return storageOfSession(`local ${data}`, answer as AuditSession);
}

/** What a running local vault lends. The caller closes store and KMS. @throws {StoreError} */
export function storageOfSession(name: string, session: AuditSession): OperatorStorage {
  return {
    name,
    kms: createVaultKms({ ...session.kms, credentials: session.credentials }),
    keys: session.kms.keys,
    store: SqliteStore.open(session.database),
    sink: () => FileAuditSink.open(session.auditLog),
    schema: session.schema === undefined ? defaultSchema() : parseSchema(session.schema),
    allowOrphans: session.allowOrphans,
    legacyKeys: session.legacyKeys,
    remote: false,
  };
}

/** A deployment on AWS, as its role files describe it, with whatever credentials they or the AWS SDK find here: the API role's. */
async function deployment(paths: readonly string[]): Promise<OperatorStorage> {
  const { readRoleFiles } = await import('../doctor/role-files.ts');
  const { api, parent, outcomes } = readRoleFiles(paths, undefined, {});
  const bad = outcomes.filter(({ status }) => status !== 'ok').map(({ of, seen }) => `${of}: ${seen}`);
  if (bad.length > 0) throw new AdminError('config_unreadable', bad.join('\n'));
  if (api === undefined) throw new AdminError('config_unreadable', 'no --config is that of an API');
  const { openStorage } = await import('@enclave-vault/api/storage');
  const { enclaveConfiguration } = await import('@enclave-vault/parent/enclave-configuration');
  const { parseConfiguration } = await import('@enclave-vault/protocol');
  const { store, sink, kms } = await openStorage(api);
  const remote = api.store.kind === 'dynamodb';
  return {
    name: api.store.kind === 'dynamodb' ? `table ${api.region} ${api.store.table}` : `file ${api.store.path}`,
    ...{ kms, store, sink, keys: api.keys, schema: api.schema, allowOrphans: api.allowOrphans, remote },
    legacyKeys:
      parent === undefined
        ? undefined
        : parseConfiguration(enclaveConfiguration(parent.enclave)).legacyKeyArns,
  };
}

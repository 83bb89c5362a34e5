// SPDX-License-Identifier: Apache-2.0
import { createVaultKms, type VaultKmsClient, type VaultKmsOptions } from '@enclave-vault/host-kms';
import { parseConfiguration } from '@enclave-vault/protocol';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import {
  type AuditSink,
  defaultSchema,
  parseSchema,
  type RecordSchema,
  type Store,
  systemClock,
} from '@enclave-vault/vault';
import { Importer, type ImporterOptions } from '@enclave-vault/vault/import';
import { findRunning } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import type { AuditSession } from '../dev/vault.ts';
import { AdminError } from '../errors.ts';
import type { TargetOptions } from './options.ts';

/** The vault that records are imported into. */
export interface Target {
  /** For the state: a state belongs to one vault. */
  readonly name: string;
  /** Keys of the vault itself, none of which can have wrapped a record of the sample. */
  readonly ownKeys: readonly string[];
  /** Keys that its enclaves use without an encryption context; undefined when that is not known from here. */
  readonly legacyKeys: readonly string[] | undefined;
  /** Records that may be on their way at once. */
  readonly concurrency: number;
  /** @throws what Importer.open throws */
  importer(options: ImporterOptions): Promise<Importer>;
  close(): Promise<void>;
}

interface Parts {
  readonly name: string;
  readonly kms: VaultKmsClient;
  readonly keys: VaultKmsOptions['keys'];
  readonly store: Store;
  readonly sink: AuditSink & { close(): Promise<void> };
  readonly schema: RecordSchema;
  readonly allowOrphans: boolean;
  readonly legacyKeys: readonly string[] | undefined;
  readonly concurrency: number;
}

/** Writes that share a sync: SQLite commits in groups. */
const LOCAL_CONCURRENCY = 256;
/** Each takes some calls of DynamoDB, one after the other. */
const TABLE_CONCURRENCY = 48;

/** @throws {AdminError} @throws {StoreError} @throws {SettingsError} */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const parts = options.kind === 'local' ? await local(options.data) : await deployment(options.paths);
  const { kms, keys, store, sink, schema, allowOrphans, ...rest } = parts;
  return {
    ...rest,
    ownKeys: Object.values(keys),
    importer: (chosen) =>
      Importer.open({ store, kms, sink, clock: systemClock(), schema, allowOrphans }, chosen),
    close: async () => {
      await store.close();
      await sink.close();
      kms.close();
    },
  };
}

/** The vault that runs on a data folder, beside its own API: the store orders their writes, and both add to one sink. */
async function local(data: string): Promise<Parts> {
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const answer: unknown = await askSocket(running.control, 'GET', '/session');
  const session = answer as AuditSession;
  return {
    name: `local ${data}`,
    kms: createVaultKms({ ...session.kms, credentials: session.credentials }),
    keys: session.kms.keys,
    store: SqliteStore.open(session.database),
    sink: await FileAuditSink.open(session.auditLog),
    schema: session.schema === undefined ? defaultSchema() : parseSchema(session.schema),
    allowOrphans: session.allowOrphans,
    legacyKeys: session.legacyKeys,
    concurrency: LOCAL_CONCURRENCY,
  };
}

/** A deployment on AWS, as its role files describe it, with whatever credentials they or the AWS SDK find here: the API role's. */
async function deployment(paths: readonly string[]): Promise<Parts> {
  const { readRoleFiles } = await import('../doctor/role-files.ts');
  const { api, parent, outcomes } = readRoleFiles(paths, undefined, {});
  const bad = outcomes.filter(({ status }) => status !== 'ok').map(({ of, seen }) => `${of}: ${seen}`);
  if (bad.length > 0) throw new AdminError('config_unreadable', bad.join('\n'));
  if (api === undefined) throw new AdminError('config_unreadable', 'no --config is that of an API');
  const { openStorage } = await import('@enclave-vault/api/storage');
  const { enclaveConfiguration } = await import('@enclave-vault/parent/enclave-configuration');
  const { store, sink, kms } = await openStorage(api);
  const dynamodb = api.store.kind === 'dynamodb';
  return {
    name: dynamodb ? `table ${api.region} ${api.store.table}` : `file ${api.store.path}`,
    ...{ kms, store, sink, keys: api.keys, schema: api.schema, allowOrphans: api.allowOrphans },
    legacyKeys:
      parent === undefined
        ? undefined
        : parseConfiguration(enclaveConfiguration(parent.enclave)).legacyKeyArns,
    concurrency: dynamodb ? TABLE_CONCURRENCY : LOCAL_CONCURRENCY,
  };
}

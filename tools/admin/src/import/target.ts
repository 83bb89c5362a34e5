// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@enclave-vault/vault';
import { Importer, type ImporterOptions } from '@enclave-vault/vault/import';
import { openOperatorStorage } from '../storage/storage.ts';
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

/** Writes that share a sync: SQLite commits in groups. */
const LOCAL_CONCURRENCY = 256;
/** Each takes some calls of DynamoDB, one after the other. */
const TABLE_CONCURRENCY = 48;

/** @throws {AdminError} @throws {StoreError} @throws {SettingsError} */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const { name, kms, keys, store, schema, allowOrphans, legacyKeys, remote, ...opened } =
    await openOperatorStorage(options);
  const sink = await opened.sink();
  return {
    name,
    legacyKeys,
    ownKeys: Object.values(keys),
    concurrency: remote ? TABLE_CONCURRENCY : LOCAL_CONCURRENCY,
    importer: (chosen) =>
      Importer.open({ store, kms, sink, clock: systemClock(), schema, allowOrphans }, chosen),
    close: async () => {
      await store.close();
      await sink.close();
      kms.close();
    },
  };
}

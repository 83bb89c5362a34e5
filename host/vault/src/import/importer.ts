// SPDX-License-Identifier: Apache-2.0
import { isTenant } from '@enclave-vault/records';
import type { ChainTail } from '../audit/chain.ts';
import { commit, type Plan } from '../audit/commit.ts';
import { recordLog } from '../audit/log-id.ts';
import { type Core, makeCore, type VaultDependencies } from '../core.ts';
import { VaultError } from '../errors.ts';
import { openIntegrityKeys } from '../keys/integrity-keys.ts';
import { NO_FACTS } from '../operations/authorize.ts';
import { EnclaveClientError } from '../ports/enclave.ts';
import { itemSize } from '../ports/item-size.ts';
import { MAX_ITEM_BYTES } from '../ports/store.ts';
import { demandCurrent } from '../records/load.ts';
import {
  isTombstone,
  readRecordItem,
  recordItem,
  recordKey,
  type StoredRecord,
} from '../records/record-item.ts';
import { replaces } from '../records/write.ts';
import { adoptSchema } from '../schema/stored-schema.ts';
import { Tampered } from '../tampered.ts';
import {
  type CheckedImport,
  checkForeign,
  encodingOfRecord,
  type FieldChoices,
  type ForeignRecord,
} from './foreign-record.ts';
import { lastWrite } from './last-write.ts';
import { type ImportRefusal, refuse } from './refusals.ts';
import { sameAs } from './same.ts';

export interface ImporterOptions extends FieldChoices {
  readonly tenant: string;
  /** The legacy key that wrapped the private keys. */
  readonly keyArn: string;
  /** Id of this import, the same after an interruption; 1 to 100 characters. Stands in the audit as `import-<id>`. */
  readonly importId: string;
  /** Where the records come from, at most 256 characters. Stands in the audit as the reason. */
  readonly from: string;
  /** Milliseconds for one record. */
  readonly timeoutMs: number;
  /** Import anew what has changed at its source and was only imported here, never written to. */
  readonly replace: boolean;
  /** Look, and write nothing. */
  readonly dryRun: boolean;
}

export type ImportOutcome =
  /** `again`: by this very import, before it was interrupted. `replaced`: an older state of it was here. */
  | {
      readonly result: 'imported';
      readonly again: boolean;
      readonly replaced: boolean;
      readonly dropped: readonly string[];
    }
  /** By another import. `changedHere`: and written to since. */
  | { readonly result: 'already'; readonly changedHere: boolean }
  | ImportRefusal;

/**
 * Brings records of the AWS sample into a vault, as they are: nothing is decrypted or sealed. It answers to no principal: no
 * request reaches it, since the API's program does not hold it, and whoever runs it has the API's role and the store.
 */
export class Importer {
  readonly #core: Core;
  readonly #options: ImporterOptions;

  private constructor(core: Core, options: ImporterOptions) {
    this.#core = core;
    this.#options = options;
  }

  /**
   * Opens the store beside the API's processes.
   * @throws {VaultOpenError} @throws {KmsError} @throws {StoreError} @throws {VaultError} `malformed`: an option
   */
  static async open(
    dependencies: Omit<VaultDependencies, 'enclave'>,
    options: ImporterOptions,
  ): Promise<Importer> {
    const { tenant, importId, from } = options;
    const named = /^[\x21-\x7e]{1,100}$/.test(importId) && from.isWellFormed() && [...from].length <= 256;
    if (!isTenant(tenant) || !named) throw new VaultError('malformed');
    const { store, kms, schema, allowOrphans = false } = dependencies;
    const keys = await openIntegrityKeys(store, kms);
    await adoptSchema(store, keys.system, schema, allowOrphans);
    return new Importer(makeCore({ ...dependencies, enclave: NO_ENCLAVE }, keys), options);
  }

  /**
   * Imports one record, with its first audit entry in the same transaction. To import it again changes nothing.
   * @throws {VaultError} 503: worth another try
   * @throws {StoreError}
   */
  async import(record: ForeignRecord): Promise<ImportOutcome> {
    const { tenant, keyArn, timeoutMs } = this.#options;
    const checked = checkForeign(this.#core.schema, tenant, keyArn, record, this.#options);
    if ('result' in checked) return checked;
    const deadline = Math.floor(this.#core.clock.now() / 1000) + timeoutMs;
    try {
      return await commit(
        this.#core,
        recordLog(record.id),
        async (tail) => {
          const found = await this.#find(checked, tail);
          return found !== undefined && 'result' in found ? found : this.#plan(record, checked, found);
        },
        // Without its head in the sink an entry could be cut off unnoticed, and the record with it.
        { deadline, sinkRequired: true },
      );
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      this.#core.report({ event: 'integrity_failed', code: error.code, log: error.subject });
      return refuse('integrity_failed');
    }
  }

  /** Forgets keys. The store is the caller's to close. */
  close(): void {
    this.#core.requestKeys.retire();
  }

  /** What is there already under the record's id: the outcome, or an older import that is to be replaced. */
  async #find(
    { body, dropped }: CheckedImport,
    tail: ChainTail,
  ): Promise<{ readonly result: ImportOutcome } | StoredRecord | undefined> {
    const { pk, sk } = recordKey(body.id);
    const item = await this.#core.store.get(pk, sk);
    if (item === undefined) {
      if (tail.n > 0) throw new Tampered('record_state', body.id);
      return undefined;
    }
    if (item._tn !== body.tenant) return { result: refuse('other_tenant') };
    if (isTombstone(item)) return { result: refuse('deleted') };
    const stored = readRecordItem(this.#core.keys.record, body.id, item);
    demandCurrent(stored, tail);
    const { entry } = tail;
    const imported = stored.rev === 1 || (await lastWrite(this.#core, body.id)) === 'ImportVault';
    if (!imported) return { result: { result: 'already', changedHere: true } };
    if (!sameAs(stored, body)) return this.#options.replace ? stored : { result: refuse('source_changed') };
    const again = entry?.event === 'ImportVault' && entry.requestId === this.#requestId;
    if (!again) return { result: { result: 'already', changedHere: false } };
    // A crash may have come between store and sink.
    const { n, hash } = tail;
    if (!(await this.#core.sink.send([{ log: body.id, n, hash, time: entry.time }]))) {
      throw new VaultError('audit_unavailable');
    }
    return { result: { result: 'imported', again, replaced: stored.rev > 1, dropped } };
  }

  #plan(
    record: ForeignRecord,
    { body: first, dropped }: CheckedImport,
    before: StoredRecord | undefined,
  ): Plan<ImportOutcome> | { readonly result: ImportOutcome } {
    const now = this.#core.clock.now();
    const created = record.created ?? now;
    const times = { created, modified: record.modified ?? created };
    const body = before === undefined ? first : { ...first, rev: before.rev + 1 };
    const { item, mac } = recordItem(this.#core.keys.record, body, times, encodingOfRecord(body.fields));
    if (itemSize(item) > MAX_ITEM_BYTES) return { result: refuse('too_large') };
    const result = { result: 'imported' as const, again: false, replaced: before !== undefined, dropped };
    if (this.#options.dryRun) return { result };
    const facts = {
      ...NO_FACTS,
      tenant: body.tenant,
      actor: 'system:import',
      requestId: this.#requestId,
      event: 'ImportVault' as const,
      subject: body.id,
      reason: this.#options.from,
      fields: [...body.fields.keys()].sort(),
      result: 'ok' as const,
      rev: body.rev,
      state: mac,
    };
    const condition = before === undefined ? ({ absent: true } as const) : replaces(before);
    return { operations: [{ put: item, if: condition }], facts, result };
  }

  get #requestId(): string {
    return `import-${this.#options.importId}`;
  }
}

/** An import opens nothing. */
const NO_ENCLAVE: VaultDependencies['enclave'] = {
  decrypt: () => Promise.reject(new EnclaveClientError('unavailable')),
  attestation: () => Promise.reject(new EnclaveClientError('unavailable')),
};

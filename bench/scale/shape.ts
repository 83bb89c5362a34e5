// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';
import type { IntegrityKeys, Item, Operation } from '@enclave-vault/vault';
import { linkEntry } from '../../host/vault/src/audit/chain.ts';
import { FIRST_PREV } from '../../host/vault/src/audit/entry.ts';
import { NO_FACTS } from '../../host/vault/src/operations/authorize.ts';
import { type RecordBody, readRecordItem, recordItem } from '../../host/vault/src/records/record-item.ts';

/** What a synthetic record has. */
export interface Shape {
  /**
   * `full`: all that a record of twelve fields has, and its first audit entry and head. `slim`: one field, a wrapped key cut so that
   * so many fit the disk, and no audit rows.
   */
  readonly name: 'full' | 'slim';
  /** Bytes of the wrapped private key in `slim`. */
  readonly keyBytes: number;
}

/** The field that a slim record has. */
const SLIM_FIELD = 'dob';

/**
 * Makes records like one that the vault made: the same attributes and lengths, ciphertext, keys and public keys of random bytes, and
 * true MACs and chains, so that the vault reads and verifies them as its own. They do not decrypt.
 */
export class RecordMaker {
  readonly #keys: IntegrityKeys;
  readonly #like: RecordBody;
  readonly #actor: string;
  readonly #audit: boolean;

  /** @param real a record of twelve fields that the vault made */
  constructor(keys: IntegrityKeys, id: string, real: Item, { name, keyBytes }: Shape, actor: string) {
    const record = readRecordItem(keys.record, id, real);
    const fields = [...record.fields].filter(([field]) => name === 'full' || field === SLIM_FIELD);
    this.#like = {
      ...record,
      sk: name === 'full' ? record.sk : record.sk.subarray(0, keyBytes),
      fields: new Map(fields),
    };
    this.#keys = keys;
    this.#actor = actor;
    this.#audit = name === 'full';
  }

  /** What a create writes. @param micros since the epoch */
  create(id: string, micros: number): readonly Operation[] {
    const like = this.#like;
    const fields = [...like.fields].map(([name, value]) => [name, random(value.length)] as const);
    const body: RecordBody = {
      ...like,
      id,
      pk: random(like.pk.byteLength),
      sk: random(like.sk.byteLength),
      fields: new Map(fields),
    };
    const { item, mac } = recordItem(this.#keys.record, body, { created: micros, modified: micros });
    const put: Operation = { put: item, if: { absent: true } };
    return this.#audit ? [put, ...this.#link(id, body, mac, micros)] : [put];
  }

  #link(id: string, { tenant, fields }: RecordBody, state: Buffer, micros: number): readonly Operation[] {
    const facts = {
      ...NO_FACTS,
      tenant,
      actor: this.#actor,
      requestId: id,
      event: 'CreateVault' as const,
      subject: id,
      fields: [...fields.keys()],
      result: 'ok' as const,
      rev: 1,
      state,
    };
    const empty = { n: 0, hash: FIRST_PREV, entry: undefined };
    return linkEntry(this.#keys.audit, id, empty, facts, micros).operations;
  }
}

/** Random bytes are taken from one that is filled anew when it is used up: a call of the generator for each would take most of the time. */
const pool = Buffer.allocUnsafe(1 << 20);
let used = pool.length;

function random(length: number): Buffer {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';
import type { IntegrityKeys, Item, Operation } from '@enclave-vault/vault';
import { type ChainTail, linkEntry } from '../../host/vault/src/audit/chain.ts';
import { FIRST_PREV } from '../../host/vault/src/audit/entry.ts';
import { NO_FACTS } from '../../host/vault/src/operations/authorize.ts';
import { type RecordBody, readRecordItem, recordItem } from '../../host/vault/src/records/record-item.ts';

/**
 * What a synthetic record has. `full`: all that a record of twelve fields has, and its first audit entry and head. `slim`: the least that
 * the vault reads as a record, so that a hundred million fit a disk: one short field, a short wrapped key under a short name, no audit rows.
 */
export type Shape = 'full' | 'slim';

/** Bytes of the only value and of the wrapped key of a slim record; the vault's own take 148 and 234 or more. */
const SLIM = { field: 'dob', value: 52, key: 32, keyArn: 'arn:aws:kms' } as const;

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
  constructor(keys: IntegrityKeys, id: string, real: Item, shape: Shape, actor: string) {
    const record = readRecordItem(keys.record, id, real);
    const { field, value, key, keyArn } = SLIM;
    this.#like =
      shape === 'full'
        ? record
        : {
            ...record,
            sk: record.sk.subarray(0, key),
            kk: keyArn,
            fields: new Map([[field, Buffer.alloc(value)]]),
          };
    this.#keys = keys;
    this.#actor = actor;
    this.#audit = shape === 'full';
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
      ...this.#facts(tenant, id),
      event: 'CreateVault' as const,
      fields: [...fields.keys()],
      rev: 1,
      state,
    };
    const empty = { n: 0, hash: FIRST_PREV, entry: undefined };
    return linkEntry(this.#keys.audit, id, empty, facts, micros).operations;
  }

  /** What a decryption writes: the next entry of a record's chain. */
  decryption(id: string, tail: ChainTail, micros: number): readonly Operation[] {
    const facts = {
      ...this.#facts(this.#like.tenant, id),
      event: 'DecryptVault' as const,
      fields: ['dob'],
      purpose: 'default',
      reason: 'measuring a large store',
      rev: tail.entry?.rev ?? 1,
      state: tail.entry?.state ?? Buffer.alloc(32),
    };
    return linkEntry(this.#keys.audit, id, tail, facts, micros).operations;
  }

  #facts(tenant: string, id: string) {
    return {
      ...NO_FACTS,
      ...{ tenant, actor: this.#actor, requestId: id, subject: id, result: 'ok' as const },
    };
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

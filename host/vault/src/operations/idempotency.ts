// SPDX-License-Identifier: Apache-2.0
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import type { Core } from '../core.ts';
import { invalid, memberError, VaultError } from '../errors.ts';
import type { Condition, Item, Operation } from '../ports/store.ts';
import type { Principal } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes, macOf, sha256 } from '../util/bytes.ts';

/** How long a first answer is kept, in seconds (design, "The HTTP API"). */
const KEPT_SECONDS = 24 * 60 * 60;
const KEY = /^[\x21-\x7e]{1,255}$/;
const SORT_KEY = 'v0';

/** The answers kept here: JSON, and never the value of a field. */
export interface Answer {
  readonly id?: string;
  readonly rev: number;
}

/** One idempotent request: of one tenant and one caller, so nobody meets another's keys. */
export interface IdempotentRequest {
  /** The first answer, when this is a repeat. @throws {VaultError} `idempotency_key_reused` for another request */
  find(): Promise<Answer | undefined>;
  /**
   * The same for each try of the transaction, after `find`. The first try goes by what that saw: whoever repeats the request meanwhile is in
   * the way of {@link keep}, and the next try reads again.
   */
  findAgain(): Promise<Answer | undefined>;
  /** The operation that keeps the answer; part of the transaction that earns it. Call after `find`. */
  keep(answer: Answer): Operation[];
}

const NOT_IDEMPOTENT: IdempotentRequest = {
  find: async () => undefined,
  findAgain: async () => undefined,
  keep: () => [],
};

/**
 * @param key the caller's Idempotency-Key; undefined: the request is not idempotent
 * @param request what must be the same in a repeat. Only its MAC is kept: it holds values, and a bare hash of a
 *   short one is soon guessed
 * @throws {VaultError} `invalid`
 */
export function idempotentRequest(
  core: Core,
  { tenant, actor }: Principal,
  key: string | undefined,
  request: CborValue,
): IdempotentRequest {
  if (key === undefined) return NOT_IDEMPOTENT;
  if (!KEY.test(key)) throw invalid(memberError('Idempotency-Key', 'format'));
  const pk = `IDEMPOTENCY##${sha256(encodeCbor([tenant, actor, key])).toString('base64url')}`;
  const body = macOf(core.keys.system, ['enclave-vault/idempotent-request/1', request]);
  let before: Condition = { absent: true };
  let tries = 0;
  return {
    async findAgain() {
      tries += 1;
      return tries === 1 ? undefined : await this.find();
    },
    async find() {
      const item = await core.store.get(pk, SORT_KEY);
      before = item === undefined ? { absent: true } : { equals: { _mac: item._mac ?? '' } };
      if (item === undefined) return undefined;
      const row = readRow(core, item);
      if (row.expires * 1_000_000 <= core.clock.now()) return undefined;
      if (!equalBytes(row.body, body)) throw new VaultError('idempotency_key_reused');
      return row.answer;
    },
    keep(answer) {
      const expires = Math.ceil(core.clock.now() / 1_000_000) + KEPT_SECONDS;
      const text = JSON.stringify(answer);
      const _mac = rowMac(core, pk, body, text, expires);
      return [{ put: { pk, sk: SORT_KEY, _bh: body, _an: text, _ttl: expires, _mac }, if: before }];
    },
  };
}

function readRow(core: Core, item: Item): { body: Uint8Array; answer: Answer; expires: number } {
  const { pk, _bh, _an, _ttl, _mac } = item;
  const shaped =
    _bh instanceof Uint8Array && _mac instanceof Uint8Array && typeof _an === 'string' && _an.isWellFormed();
  if (!shaped || typeof _ttl !== 'number' || !equalBytes(rowMac(core, pk, _bh, _an, _ttl), _mac)) {
    throw new Tampered('idempotency_row', pk);
  }
  return { body: _bh, answer: JSON.parse(_an), expires: _ttl };
}

function rowMac(core: Core, pk: string, body: Uint8Array, answer: string, expires: number): Buffer {
  return macOf(core.keys.system, ['enclave-vault/idempotency/1', pk, body, answer, expires]);
}

// SPDX-License-Identifier: Apache-2.0
import { keyLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { Once } from '../util/once.ts';
import { settled } from '../util/settled.ts';
import { type KeyRow, keyRowKey, readKeyRow } from './key-row.ts';
import { hashSecret, parseToken } from './token.ts';

/** How long an authenticated row is believed without a look at the store, in milliseconds. */
const CACHE_MS = 1_000;
const CACHE_SIZE = 1_000;
/** Of a key under attack the operator is told once a minute. */
const TOLD_MICROS = 60_000_000;
const NO_HASH = new Uint8Array(32);

/** When a row was asked for, in milliseconds. The wall clock may be set back; the monotonic one may stand still in a process that was frozen. */
interface Asked {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * Tells who a token is. A row counts only when it authenticates and is what the key's own audit chain ends with: the
 * old row of a revoked key, put back by a writer of the store, is refused.
 */
export class Authenticator {
  readonly #core: Core;
  readonly #cache = new Map<string, { row: KeyRow; asked: Asked }>();
  /** Ids that are no key's. Apart from the keys, so that guesses drive none of them out. */
  readonly #absent = new Map<string, { row: undefined; asked: Asked }>();
  readonly #told = new Once(TOLD_MICROS, CACHE_SIZE);
  readonly #revoked = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Ends a key in this process, whatever is being read about it right now. */
  forget(id: string): void {
    this.#revoked.add(id);
    this.#cache.delete(id);
  }

  /**
   * An id that is no key's costs the same reads as a wrong secret, the same comparison, and for the same time no reads at
   * all. What is there is authenticated besides, which some 50 microseconds may tell (tests/timing): ids are no secrets.
   * @throws {VaultError} `unauthenticated`, whatever is wrong with the token
   * @throws {Tampered} `key_row`, `chain_tail`, `chain_set_back`
   */
  async authenticate(token: string): Promise<Principal> {
    const parsed = parseToken(token);
    if (parsed === undefined) throw new VaultError('unauthenticated');
    const row = await this.#row(parsed.id);
    // An unknown id is compared too.
    const right = equalBytes(hashSecret(parsed.secret), row?.secretHash ?? NO_HASH);
    if (row === undefined || !right || !this.#isLive(row)) {
      if (row !== undefined && !right) this.#tellOfAttack(row);
      throw new VaultError('unauthenticated');
    }
    return {
      tenant: row.tenant,
      actor: `key:${row.id}`,
      scopes: new Set(row.scopes),
      fields: row.fields === null ? null : new Set(row.fields),
      purposes: row.purposes === null ? null : new Set(row.purposes),
      deriveOnly: row.deriveOnly,
      expires: row.expires,
    };
  }

  #tellOfAttack(row: KeyRow): void {
    if (!this.#isLive(row) || !this.#told.first(row.id, this.#core.clock.now())) return;
    this.#core.report({ event: 'key_attacked', code: 'wrong_secret', log: keyLog(row.id) });
  }

  #isLive({ id, revoked, expires }: KeyRow): boolean {
    const ended = expires !== null && expires <= this.#core.clock.now();
    return revoked === null && !ended && !this.#revoked.has(id);
  }

  async #row(id: string): Promise<KeyRow | undefined> {
    const cached = this.#cache.get(id) ?? this.#absent.get(id);
    const asked = { wall: this.#core.clock.now() / 1000, monotonic: performance.now() };
    if (cached !== undefined && between(cached.asked, asked) < CACHE_MS) return cached.row;
    this.#cache.delete(id);
    this.#absent.delete(id);
    const row = await this.#read(id);
    if (row === undefined) keep(this.#absent, id, { row, asked });
    else keep(this.#cache, id, { row, asked });
    return row;
  }

  async #read(id: string): Promise<KeyRow | undefined> {
    const { store, keys, tails } = this.#core;
    const { pk, sk } = keyRowKey(id);
    return await settled(async () => {
      const item = await store.get(pk, sk);
      // Read for an id that is no key's as well: how long it takes does not say which ids are.
      const { entry } = await tails.read(store, keys.audit, keyLog(id));
      if (item === undefined) return undefined;
      const { row, mac } = readKeyRow(keys.system, id, item);
      if (entry?.state == null || !equalBytes(entry.state, mac)) throw new Tampered('key_row', id);
      return row;
    });
  }
}

/** By the clock that says more. */
function between(before: Asked, now: Asked): number {
  return Math.max(now.wall - before.wall, now.monotonic - before.monotonic);
}

function keep<T>(cache: Map<string, T>, id: string, value: T): void {
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(id, value);
}

// SPDX-License-Identifier: Apache-2.0
import { readTail } from '../audit/chain.ts';
import { keyLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { settled } from '../util/settled.ts';
import { type KeyRow, keyRowKey, readKeyRow } from './key-row.ts';
import { hashSecret, parseToken } from './token.ts';

/** How long an authenticated row is believed without a look at the store, in microseconds. */
const CACHE_MICROS = 1_000_000;
const CACHE_SIZE = 1_000;
const NO_HASH = new Uint8Array(32);

/**
 * Tells who a token is. A row counts only when it authenticates and is what the key's own audit chain ends with: the
 * old row of a revoked key, put back by a writer of the store, is refused.
 */
export class Authenticator {
  readonly #core: Core;
  readonly #cache = new Map<string, { row: KeyRow; until: number }>();
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
   * @throws {VaultError} `unauthenticated`, whatever is wrong with the token
   * @throws {Tampered} `key_row`, `chain_tail`
   */
  async authenticate(token: string): Promise<Principal> {
    const parsed = parseToken(token);
    if (parsed === undefined) throw new VaultError('unauthenticated');
    const row = await this.#row(parsed.id);
    // An unknown id is compared too.
    const right = equalBytes(hashSecret(parsed.secret), row?.secretHash ?? NO_HASH);
    if (row === undefined || !right || !this.#isLive(row)) throw new VaultError('unauthenticated');
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

  #isLive({ id, revoked, expires }: KeyRow): boolean {
    const ended = expires !== null && expires <= this.#core.clock.now();
    return revoked === null && !ended && !this.#revoked.has(id);
  }

  async #row(id: string): Promise<KeyRow | undefined> {
    const cached = this.#cache.get(id);
    const now = this.#core.clock.now();
    if (cached !== undefined && now < cached.until) return cached.row;
    this.#cache.delete(id);
    const row = await this.#read(id);
    if (row === undefined) return undefined;
    if (this.#cache.size >= CACHE_SIZE) this.#cache.clear();
    this.#cache.set(id, { row, until: now + CACHE_MICROS });
    return row;
  }

  async #read(id: string): Promise<KeyRow | undefined> {
    const { store, keys } = this.#core;
    const { pk, sk } = keyRowKey(id);
    return await settled(async () => {
      const item = await store.get(pk, sk);
      if (item === undefined) return undefined;
      const { row, mac } = readKeyRow(keys.system, id, item);
      const { entry } = await readTail(store, keys.audit, keyLog(id));
      if (entry?.state == null || !equalBytes(entry.state, mac)) throw new Tampered('key_row', id);
      return row;
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { isVaultId } from '@enclave-vault/records';
import type { Store } from '../ports/store.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { Recent } from '../util/recent.ts';
import { type AuthenticEntry, type ChainTail, readEntryItem, readTail } from './chain.ts';
import { entrySortKey, logPartition } from './log-id.ts';

/**
 * Chains of records remembered at most, and as many of keys and of the system; the one that was looked at longest ago is forgotten first.
 * Who may create has as many records as he likes. If they drove out the chain of a revoked key, the key could be put back.
 */
const MOST = 10_000;
/** Last entries that are kept with their bytes, so that they need not be authenticated and read again; and up to which size. */
const MOST_ENTRIES = 1_000;
const MOST_BYTES = 4_096;

/** Entries of others that are followed back at most, to what this process has seen: one page of the store. */
const MOST_BETWEEN = 100;

type Tail = Pick<ChainTail, 'n' | 'hash'>;

/**
 * How far this process has seen each chain. Chains only grow, so one that ends before that, or with another entry there, was set back
 * with all that it speaks of: nothing in the store tells, since all of it was authentic once. What no process remembers any more
 * is found by `audit verify --against` alone.
 */
export class KnownTails {
  readonly #records: Recent<Tail>;
  /** Of keys and of the system: administrators alone make more of them. */
  readonly #others: Recent<Tail>;
  readonly #entries = new Recent<AuthenticEntry>(MOST_ENTRIES);

  constructor(most: number = MOST) {
    this.#records = new Recent(most);
    this.#others = new Recent(most);
  }

  /**
   * Reads the end of a chain.
   * @throws {Tampered} `chain_tail`; `chain_set_back`
   */
  async read(store: Store, key: KeyObject, log: string): Promise<ChainTail> {
    // As it is known before the read begins: what others add meanwhile may be missing in it.
    const known = this.#of(log).get(log);
    const tail = await readTail(store, key, log, this.#entries.get(log));
    const { n } = tail;
    if (known !== undefined && !(await leadsTo(store, key, log, known, tail)))
      throw new Tampered('chain_set_back', log);
    if (n > 0) this.note(log, tail, tail.last);
    return tail;
  }

  /** This process has added to the chain, or read it. */
  note(log: string, { n, hash }: Tail, last?: AuthenticEntry): void {
    const tails = this.#of(log);
    const known = tails.get(log);
    tails.keep(log, known !== undefined && known.n > n ? known : { n, hash });
    if (last === undefined || last.encoded.length > MOST_BYTES) return;
    // In memory of its own: what it lies in now may be larger.
    const mine = last === this.#entries.get(log) ? last : { ...last, encoded: Uint8Array.from(last.encoded) };
    this.#entries.keep(log, mine);
  }

  #of(log: string): Recent<Tail> {
    return isVaultId(log) ? this.#records : this.#others;
  }
}

/**
 * Whether a chain went on from what was known of it. Entry by entry, for each names the one before: that the entry which was seen lies in
 * its place says nothing of those behind it. Of a chain that others added more than {@link MOST_BETWEEN} entries to, only that it is longer.
 */
async function leadsTo(
  store: Store,
  key: KeyObject,
  log: string,
  known: Tail,
  { n, hash, entry: last }: ChainTail,
): Promise<boolean> {
  if (n <= known.n) return n === known.n && equalBytes(hash, known.hash);
  const between = n - known.n - 1;
  if (between > MOST_BETWEEN) return true;
  const bounds = { after: entrySortKey(known.n), before: entrySortKey(n), limit: MOST_BETWEEN };
  const items = between === 0 ? [] : await store.query(logPartition(log), bounds);
  if (items.length !== between) return false;
  let end = known.hash;
  for (const item of items) {
    const read = readEntryItem(key, log, item);
    if (read === undefined || !equalBytes(read.entry.prev, end)) return false;
    end = read.hash;
  }
  return last !== undefined && equalBytes(last.prev, end);
}

// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { Item, Store } from '../ports/store.ts';
import { equalBytes } from '../util/bytes.ts';
import { type AuditEntry, decodeEntry, entryHash, FIRST_PREV } from './entry.ts';
import { type Finding, type FindingCode, finding } from './findings.ts';
import { HEAD, logPartition } from './log-id.ts';

const PAGE = 500;

/** Hashes the sink holds of one chain, in hex, by entry number. */
export type SinkHashes = ReadonlyMap<number, ReadonlySet<string>>;

export interface ChainReport {
  readonly findings: readonly Finding[];
  readonly entries: number;
  /** The last entry, when it is authentic and in its place. */
  readonly last: AuditEntry | undefined;
}

/** Walks one chain from its first entry to its head. */
export async function verifyChain(
  store: Store,
  key: KeyObject,
  log: string,
  sink: SinkHashes | undefined,
): Promise<ChainReport> {
  const walk = new ChainWalk(key, log, sink);
  const pk = logPartition(log);
  let head: Item | undefined;
  let after: string | undefined;
  for (;;) {
    const page = await store.query(pk, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const item of page) {
      if (item.sk === HEAD) head = item;
      else walk.step(item);
    }
    after = page.at(-1)?.sk;
    if (page.length < PAGE || after === undefined) break;
  }
  return walk.end(head);
}

/** An entry whose hash is not its own: what comes after says whether it was edited or made up. */
interface Doubtful {
  readonly n: number;
  readonly stored: Uint8Array;
  readonly computed: Uint8Array;
}

class ChainWalk {
  readonly #key: KeyObject;
  readonly #log: string;
  readonly #sink: SinkHashes | undefined;
  readonly #findings: Finding[] = [];
  #n = 0;
  #entries = 0;
  /** Hash of the entry before; undefined when that one is missing or not authentic, and was named. */
  #prev: Uint8Array | undefined = FIRST_PREV;
  #doubtful: Doubtful | undefined;
  #last: AuditEntry | undefined;

  constructor(key: KeyObject, log: string, sink: SinkHashes | undefined) {
    this.#key = key;
    this.#log = log;
    this.#sink = sink;
  }

  step(item: Item): void {
    const n = /^[0-9]{12}$/.test(item.sk) ? Number(item.sk) : 0;
    this.#entries += 1;
    if (n === 0) {
      this.#find('entry_forged');
      return;
    }
    if (n > this.#n + 1) {
      this.#settle(undefined);
      this.#find('entry_missing', this.#n + 1, n - 1);
      this.#prev = undefined;
    }
    this.#n = n;
    this.#last = undefined;
    const { entry: encoded, hash: stored } = item;
    if (!(encoded instanceof Uint8Array) || !(stored instanceof Uint8Array)) {
      this.#settle(undefined);
      this.#broken('entry_forged', n);
      return;
    }
    const computed = entryHash(this.#key, encoded);
    const entry = decodeEntry(encoded);
    if (!equalBytes(computed, stored) || entry === undefined) {
      this.#settle(undefined);
      this.#prev = undefined;
      this.#doubtful = { n, stored, computed };
    } else {
      this.#authentic(n, entry, computed);
    }
  }

  #authentic(n: number, entry: AuditEntry, hash: Uint8Array): void {
    const place: FindingCode | undefined =
      entry.log !== this.#log ? 'entry_transplanted' : entry.n !== n ? 'entry_reordered' : undefined;
    if (place !== undefined) {
      this.#settle(undefined);
      this.#broken(place, n);
      return;
    }
    this.#settle(entry.prev);
    if (this.#prev !== undefined && !equalBytes(this.#prev, entry.prev)) this.#find('chain_broken', n);
    this.#againstSink(n, hash);
    this.#prev = hash;
    this.#last = entry;
  }

  end(head: Item | undefined): ChainReport {
    const n = head?.n;
    const hash = head?.hash;
    const headHash = hash instanceof Uint8Array ? hash : undefined;
    this.#settle(n === this.#n ? headHash : undefined);
    if (head === undefined) {
      if (this.#n > 0) this.#find('head_missing');
    } else if (typeof n !== 'number' || headHash === undefined) {
      this.#find('head_forged');
    } else if (n > this.#n) {
      this.#find('entry_missing', this.#n + 1, n);
      this.#last = undefined;
    } else if (n < this.#n) {
      this.#find('head_behind');
    } else if (this.#prev !== undefined && !equalBytes(this.#prev, headHash)) {
      this.#find('head_forged');
    }
    // A loop: as arguments of one call, the numbers of a long chain would not fit on the stack.
    let known = 0;
    for (const number of this.#sink?.keys() ?? []) known = Math.max(known, number);
    if (known > this.#n) {
      this.#find('truncated', this.#n + 1, known);
      this.#last = undefined;
    }
    return { findings: this.#findings, entries: this.#entries, last: this.#last };
  }

  /** Names the doubtful entry before. @param vouched the hash that what follows knows it by */
  #settle(vouched: Uint8Array | undefined): void {
    if (this.#doubtful === undefined) return;
    const { n, stored, computed } = this.#doubtful;
    this.#doubtful = undefined;
    const known = [stored, computed].some(
      (hash) =>
        (vouched !== undefined && equalBytes(hash, vouched)) ||
        this.#sink?.get(n)?.has(Buffer.from(hash).toString('hex')),
    );
    this.#broken(known ? 'entry_changed' : 'entry_forged', n);
  }

  #againstSink(n: number, hash: Uint8Array): void {
    const known = this.#sink?.get(n);
    if (known === undefined) return;
    if (known.size > 1 || !known.has(Buffer.from(hash).toString('hex'))) this.#find('sink_mismatch', n);
  }

  #broken(code: FindingCode, n: number): void {
    this.#find(code, n);
    this.#prev = undefined;
  }

  #find(code: FindingCode, n?: number, to?: number): void {
    this.#findings.push(finding(this.#log, code, n, to));
  }
}

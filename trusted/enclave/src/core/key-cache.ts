// SPDX-License-Identifier: Apache-2.0
import { KmsError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { beforeDeadline } from './deadline.ts';

/** How often keys past their time are looked for, while there are keys. They serve nobody before that either. */
const SWEEP_MS = 1_000;

export interface KeyCacheParts<T> {
  readonly clock: Clock;
  /** How many keys; 0: none is kept, and every request asks. */
  readonly entries: number;
  /** From the moment KMS was asked: being used makes no key younger. */
  readonly ageMs: number;
  /** Requests that one answer of KMS serves. */
  readonly uses: number;
  /** Whether a key may still be used, besides what is above. */
  readonly good?: (key: T) => boolean;
  /** What a request gets of a key that stays here. */
  readonly lend: (key: T) => T;
  /** A key that leaves. */
  readonly wipe: (key: T) => void;
}

interface Entry<T> {
  readonly key: T;
  readonly expires: number;
  uses: number;
}

export interface Wanted<T> {
  /** Of everything that KMS decides by, and of nothing else. */
  readonly id: string;
  /** How long this request waits for another's question: ms since the epoch. */
  readonly deadline: number;
  /** Not from memory, and not by another's question. */
  readonly fresh?: boolean | undefined;
  /** Asks KMS; its result belongs to the cache from then on. */
  readonly ask: () => Promise<T>;
}

/**
 * Keys that KMS unwrapped, each for a limited time, a limited number of uses and up to a limited number of keys. By the monotonic clock:
 * a wall clock that stands still would keep them for ever.
 */
export class KeyCache<T> {
  readonly #parts: KeyCacheParts<T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asking = new Map<string, Promise<T>>();
  #sweeping = false;
  /** How often keys were dropped for what KMS said. */
  #drops = 0;
  /** Requests since the start that asked KMS for nothing, and questions to KMS, whatever became of them. */
  hits = 0;
  misses = 0;

  constructor(parts: KeyCacheParts<T>) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @throws KmsError `unavailable` when the deadline passes while another asks; what `ask` throws */
  async get({ id, deadline, fresh = false, ask }: Wanted<T>): Promise<T> {
    let known = fresh ? undefined : this.#take(id);
    const asking = this.#asking.get(id);
    if (known === undefined && !fresh && asking !== undefined) {
      // Many requests arrive for a new key at once: one of them asks. If it fails, the others ask with their own credentials and in their own time.
      const late = (): Error => new KmsError('unavailable', 'deadline');
      await beforeDeadline(this.#parts.clock, deadline, late, Promise.allSettled([asking]));
      known = this.#take(id);
    }
    // Nothing is awaited between the look and the question: else all of them would ask.
    if (known === undefined) return this.#ask(id, ask);
    this.hits += 1;
    return known;
  }

  /** Drops the keys that `which` is true of, and keeps none that was asked for before now: KMS may have decided on it before as well. */
  drop(which: (key: T) => boolean): void {
    this.#drops += 1;
    for (const [id, { key }] of this.#entries) if (which(key)) this.#drop(id);
  }

  async #ask(id: string, ask: () => Promise<T>): Promise<T> {
    this.misses += 1;
    if (this.#parts.entries === 0) return ask();
    // KMS decides later than this: no key is used for longer than its age after KMS would still have given it.
    const expires = this.#parts.clock.elapsed() + this.#parts.ageMs;
    const drops = this.#drops;
    const asking = ask().then((key) => this.#keep(id, key, expires, drops));
    this.#asking.set(id, asking);
    try {
      return await asking;
    } finally {
      if (this.#asking.get(id) === asking) this.#asking.delete(id);
    }
  }

  #take(id: string): T | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.expires <= this.#parts.clock.elapsed()) return undefined;
    if (this.#parts.good?.(entry.key) === false) return undefined;
    const lent = this.#parts.lend(entry.key);
    entry.uses -= 1;
    if (entry.uses === 0) this.#drop(id);
    return lent;
  }

  /** @param drops when KMS was asked */
  #keep(id: string, key: T, expires: number, drops: number): T {
    const { entries, uses, lend, wipe } = this.#parts;
    const lent = lend(key);
    this.#drop(id);
    if (uses === 1 || drops !== this.#drops) {
      wipe(key);
      return lent;
    }
    // The first that came, which is the first to go anyway.
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= entries && oldest !== undefined) this.#drop(oldest);
    this.#entries.set(id, { key, expires, uses: uses - 1 });
    this.#sweepLater();
    return lent;
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#parts.wipe(entry.key);
  }

  /** Whether or not anybody asks for anything: an idle enclave keeps no keys. */
  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const { clock } = this.#parts;
    clock.after(SWEEP_MS, () => {
      this.#sweeping = false;
      const now = clock.elapsed();
      for (const [id, { expires }] of this.#entries) if (expires <= now) this.#drop(id);
      if (this.#entries.size > 0) this.#sweepLater();
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
import { FRESHNESS_MS } from '@enclave-vault/protocol';
import { Refused } from '../errors.ts';

/** Ids are forgotten by the span, not one by one. */
const SPAN_MS = 10_000;

/**
 * The ids of requests that were authentic, each for as long as its envelope would pass as fresh. When there is no room it says
 * `busy`: forgetting early would let a request be repeated.
 */
export class SeenRequests {
  readonly #capacity: number;
  /** By the span in which the ids expire. */
  readonly #spans = new Map<number, Set<string>>();
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  has(id: Uint8Array): boolean {
    const key = keyOf(id);
    // By id alone, whatever time came with it: the id salts the keys, so no second request may use it.
    return [...this.#spans.values()].some((ids) => ids.has(key));
  }

  /**
   * @param time the envelope's, ms since the epoch
   * @throws Refused `repeated`, or `busy` when no more can be remembered
   */
  add(id: Uint8Array, time: number, now: number): void {
    if (this.has(id)) throw new Refused('repeated');
    this.forget(now);
    if (this.#size >= this.#capacity) throw new Refused('busy');
    const span = Math.floor((time + FRESHNESS_MS) / SPAN_MS);
    const ids = this.#spans.get(span) ?? new Set();
    this.#spans.set(span, ids.add(keyOf(id)));
    this.#size += 1;
  }

  /** Forgets ids whose envelopes are no longer fresh. */
  forget(now: number): void {
    for (const [span, ids] of this.#spans) {
      if ((span + 1) * SPAN_MS > now) continue;
      this.#spans.delete(span);
      this.#size -= ids.size;
    }
  }
}

/** One byte a character: half the memory of hex. */
function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
}

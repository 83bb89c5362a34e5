// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from './row.ts';

/** Settles outcomes in the order of their rows: one that comes before an earlier row's waits. */
export class InOrder {
  readonly #settle: (n: number, outcome: Outcome) => void;
  readonly #held = new Map<number, Outcome>();
  /** Where rows that are not settled end in the input, in bytes. */
  readonly #ends = new Map<number, number>();
  #settled: number;
  #bytes = 0;
  #characters = 0;

  /** @param settled rows that were before */
  constructor(settled: number, settle: (n: number, outcome: Outcome) => void) {
    this.#settled = settled;
    this.#settle = settle;
  }

  get settled(): number {
    return this.#settled;
  }
  /** Bytes of the input up to the last row that was settled here; 0 before the first. */
  get bytes(): number {
    return this.#bytes;
  }
  /** What waits, in characters. */
  get characters(): number {
    return this.#characters;
  }

  /** @param end of the row in the input, in bytes */
  expect(n: number, end: number): void {
    this.#ends.set(n, end);
  }

  /** @throws whatever settling throws; that row is not settled then, and none after it */
  hold(n: number, outcome: Outcome): void {
    this.#characters += sizeOf(outcome);
    this.#held.set(n, outcome);
    for (let next = this.#settled + 1; ; next += 1) {
      const held = this.#held.get(next);
      if (held === undefined) return;
      this.#settle(next, held);
      this.#held.delete(next);
      this.#settled = next;
      this.#bytes = this.#ends.get(next) ?? this.#bytes;
      this.#ends.delete(next);
      this.#characters -= sizeOf(held);
    }
  }
}

function sizeOf(outcome: Outcome): number {
  return outcome.ok ? outcome.text.length : (outcome.kept?.length ?? 0);
}

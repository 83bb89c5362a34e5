// SPDX-License-Identifier: Apache-2.0

/** Adds up a number that grows within one enclave and begins anew in the next, over all enclaves of one place. */
export class Tally {
  #last = 0;
  total = 0;

  /** Another enclave is in the place. */
  restart(): void {
    this.#last = 0;
  }

  /** What the enclave says of itself now. What is no count, or less than before, is left out. */
  see(count: unknown): void {
    if (!Number.isSafeInteger(count) || (count as number) < this.#last) return;
    this.total += (count as number) - this.#last;
    this.#last = count as number;
  }
}

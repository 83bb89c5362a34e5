// SPDX-License-Identifier: Apache-2.0

export interface BackoffOptions {
  /** The first delay's upper bound, in milliseconds. */
  baseMs: number;
  /** No delay is longer, in milliseconds. */
  maxMs: number;
  /** A number in [0, 1); injected so that tests are exact. */
  random: () => number;
}

/**
 * Exponential back-off with "equal" jitter: half of the delay is fixed, so that a crash loop never spins, and
 * half is random, so that many enclaves do not start in step.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const { baseMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.round(ceiling / 2 + (random() * ceiling) / 2);
  }

  /** To be called once the thing has been healthy for a while. */
  reset(): void {
    this.#failures = 0;
  }
}

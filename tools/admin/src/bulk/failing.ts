// SPDX-License-Identifier: Apache-2.0
import type { Sendable } from './row.ts';

/** So often a row fails before it is its own failure, where others were answered well meanwhile. */
const ALONE_AFTER = 5;
/** And so often, over so long (ms), before it is given up: longer than a vault takes to start again, or KMS to be asked in peace. */
const GIVEN_UP_AFTER = 8;
const GIVEN_UP_MS = 120_000;

interface Failures {
  times: number;
  readonly since: number;
  /** Rows that were answered well before. */
  readonly well: number;
}

/** Tells a row that fails from a vault that fails, by what became of other rows since. */
export class Failing {
  readonly #rows = new WeakMap<Sendable, Failures>();
  readonly #now: () => number;
  readonly #givenUpMs: number;
  #well = 0;

  /** @param now ms of a clock that nobody sets @param patience how long the job bears silence, ms: a row is given up before that ends */
  constructor(now: () => number, patience: number) {
    this.#now = now;
    this.#givenUpMs = Math.min(GIVEN_UP_MS, patience / 2);
  }

  /** A row was answered well. */
  answered(): void {
    this.#well += 1;
  }

  /** A row failed once more. @returns whose failure that is; `for_good`: the row's, and another attempt would be no other */
  failed(row: Sendable): 'perhaps_of_all' | 'of_row' | 'for_good' {
    const now = this.#now();
    const seen = this.#rows.get(row) ?? { times: 0, since: now, well: this.#well };
    this.#rows.set(row, seen);
    seen.times += 1;
    if (seen.times < ALONE_AFTER || seen.well === this.#well) return 'perhaps_of_all';
    return seen.times >= GIVEN_UP_AFTER && now - seen.since >= this.#givenUpMs ? 'for_good' : 'of_row';
  }
}

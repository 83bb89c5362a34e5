// SPDX-License-Identifier: Apache-2.0

/** Time of a simulated account: it stands still but where somebody waits. */
export class Clock {
  #now: number;

  /** @param start ms since the epoch */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  /** ms since the epoch */
  get now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

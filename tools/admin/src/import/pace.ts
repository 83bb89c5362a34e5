// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** Lets so many through in a second, evenly. */
export class Pace {
  readonly #gapMs: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  #next = 0;

  /** @param perSecond undefined: as many as come */
  constructor(
    perSecond: number | undefined,
    now = () => performance.now(),
    wait: (ms: number) => Promise<unknown> = sleep,
  ) {
    this.#gapMs = perSecond === undefined ? 0 : 1000 / perSecond;
    this.#now = now;
    this.#sleep = wait;
  }

  async turn(): Promise<void> {
    if (this.#gapMs === 0) return;
    const now = this.#now();
    // Time in which nobody came is not saved up.
    const mine = Math.max(this.#next, now);
    this.#next = mine + this.#gapMs;
    if (mine > now) await this.#sleep(mine - now);
  }
}

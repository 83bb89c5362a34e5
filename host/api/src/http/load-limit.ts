// SPDX-License-Identifier: Apache-2.0

export interface LoadLimitOptions {
  /** Requests under way that are never too many. */
  readonly least: number;
  /** Requests under way that are always enough: each holds memory. */
  readonly most: number;
  /** How long a request may have to wait for those before it, in seconds. */
  readonly seconds: number;
  /** Milliseconds, monotonic; injected for tests. */
  readonly now?: () => number;
}

/** Half the deadline of a request: what waits longer would use the vault's time and be answered too late. */
export const DEFAULT_LOAD_LIMIT: LoadLimitOptions = { least: 64, most: 1_000, seconds: 5 };

const WINDOW_MS = 1_000;

/**
 * How many requests are under way at once: as many as were answered in the last seconds, while there have been more than a few all the time; so
 * a flood is refused at once and not after its deadline, when every request before it was worked on for nothing. Who asks for little never meets it:
 * what a vault can do is known only when it is busy, and until then the bound is that of memory.
 */
export class LoadLimit {
  readonly #options: Required<LoadLimitOptions>;
  #underWay = 0;
  #done = 0;
  #since: number;
  /** Whether there were more than a few through all of the window. */
  #busy = false;
  /** Requests answered a second while busy; undefined: not known. */
  #perSecond: number | undefined;

  constructor(options: LoadLimitOptions) {
    this.#options = { now: () => performance.now(), ...options };
    this.#since = this.#options.now();
  }

  /** Takes a place. @returns false when there is none: then nothing was taken */
  enter(): boolean {
    this.#look();
    const { least, most, seconds } = this.#options;
    const bound = this.#perSecond === undefined ? most : Math.min(most, this.#perSecond * seconds);
    if (this.#underWay >= Math.max(least, bound)) return false;
    this.#underWay += 1;
    return true;
  }

  leave(): void {
    this.#underWay -= 1;
    this.#done += 1;
    this.#look();
  }

  #look(): void {
    const { least, now } = this.#options;
    const at = now();
    // Half of them: a slow vault that is kept at `least` is busy, though one of those has just left.
    const few = this.#underWay < least / 2;
    if (few) {
      this.#busy = false;
      this.#perSecond = undefined;
    }
    const elapsed = at - this.#since;
    if (elapsed < WINDOW_MS) return;
    if (this.#busy) {
      const rate = (this.#done * 1000) / elapsed;
      this.#perSecond = this.#perSecond === undefined ? rate : (this.#perSecond + rate) / 2;
    }
    this.#busy = !few;
    this.#done = 0;
    this.#since = at;
  }
}

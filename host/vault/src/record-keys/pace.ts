// SPDX-License-Identifier: Apache-2.0

/** Where the monotonic clock stands, in milliseconds, and random numbers from 0 to 1: others in tests. */
export interface Chance {
  readonly elapsed: () => number;
  readonly random: () => number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Of the full rate: what is left at least, and what each success gives back. */
const LEAST = 1 / 64;
const STEP = 1 / 128;

/**
 * How fast calls are made that nobody waits for. A token bucket with a second's worth, as KMS counts its quotas; after a refusal a pause that
 * doubles, and half the rate, which successes bring back step by step. Processes that share a quota know nothing of each
 * other: that is how they come to share it fairly, as senders of TCP do (AIMD, RFC 5681 section 3.1).
 */
export class Pace {
  readonly #full: number;
  readonly #chance: Chance;
  #perSecond: number;
  #tokens: number;
  #at: number;
  #pausedUntil = 0;
  #refusals = 0;

  constructor(perSecond: number, chance: Chance) {
    this.#full = perSecond;
    this.#chance = chance;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = chance.elapsed();
  }

  /** What it has come down to, calls a second. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** @returns 0 when a call may begin, which is then counted; else milliseconds to wait before asking again */
  take(): number {
    const now = this.#chance.elapsed();
    if (now < this.#pausedUntil) return this.#pausedUntil - now;
    const most = Math.max(1, this.#perSecond);
    this.#tokens = Math.min(most, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens < 1) return ((1 - this.#tokens) / this.#perSecond) * 1000;
    this.#tokens -= 1;
    return 0;
  }

  succeeded(): void {
    // One that was begun before a refusal says nothing of what is let through after it.
    if (this.#chance.elapsed() < this.#pausedUntil) return;
    this.#refusals = 0;
    this.#perSecond = Math.min(this.#full, this.#perSecond + this.#full * STEP);
  }

  refused(): void {
    const now = this.#chance.elapsed();
    // Calls that were under way together are refused together: that is one refusal.
    if (now < this.#pausedUntil) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#refusals);
    this.#refusals = Math.min(this.#refusals + 1, 16);
    this.#pausedUntil = now + pause / 2 + (this.#chance.random() * pause) / 2;
    this.#perSecond = Math.max(this.#full * LEAST, this.#perSecond / 2);
    this.#tokens = 0;
    this.#at = this.#pausedUntil;
  }
}

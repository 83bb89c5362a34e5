// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { isAuditedRefusal } from '../http/refusal.ts';
import { type TokenBuckets, takeAll, wholeSeconds } from '../http/token-bucket.ts';

/** Timers are no finer, in milliseconds. */
const SHORTEST_MS = 1;

/** The rates of a caller, for items of many: each is one request of its kind. */
export class ItemRates {
  readonly #taken: readonly TokenBuckets[];
  readonly #refusals: TokenBuckets;

  /**
   * @param taken a token of each for an item
   * @param refusals one for each refusal, and no item is looked at until there is one
   */
  constructor(taken: readonly TokenBuckets[], refusals: TokenBuckets) {
    this.#taken = taken;
    this.#refusals = refusals;
  }

  /** Takes what an item costs, or nothing. @returns 0, or the seconds after which there is room */
  take(actor: string): number {
    const refused = wholeSeconds(this.#refusals.delay(actor));
    return refused || wholeSeconds(takeAll(this.#taken, actor));
  }

  /**
   * Waits for what an item costs.
   * @param within milliseconds
   * @param signal ends the wait
   * @returns 0, or the seconds after which there is room, when that is not soon enough
   */
  async pace(actor: string, within: number, signal: AbortSignal): Promise<number> {
    const until = performance.now() + within;
    for (;;) {
      const seconds = this.take(actor);
      const wait = Math.max(SHORTEST_MS, this.#delay(actor));
      if (seconds === 0 || signal.aborted || performance.now() + wait > until) return seconds;
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Counts what an item was answered with. @param looked whether it looked for an id by decrypting */
  answered(actor: string, code: string, looked: boolean): void {
    if (isAuditedRefusal(code, looked)) this.#refusals.take(actor);
  }

  #delay(actor: string): number {
    return Math.max(...[this.#refusals, ...this.#taken].map((buckets) => buckets.delay(actor)));
  }
}

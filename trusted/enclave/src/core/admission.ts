// SPDX-License-Identifier: Apache-2.0
import { Refused } from '../errors.ts';
import type { Call, Clock } from '../ports.ts';

/**
 * At most `running` calls at once and `waiting` behind them, first come, first served; all others are `busy` at once.
 * A call gets its place before its body is read, so this bounds memory as well as work.
 */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: { readonly running: number; readonly waiting: number };
  readonly #queue = new Set<() => void>();
  #running = 0;

  constructor(clock: Clock, limits: { readonly running: number; readonly waiting: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Runs `work` when there is a place for it.
   * @param whenGone of the call: it waits no longer than somebody waits for it
   * @throws Refused `busy` when there is none, or none within `timeoutMs`
   */
  async run<T>(timeoutMs: number, work: () => Promise<T>, whenGone?: Call['whenGone']): Promise<T> {
    if (this.#running < this.#limits.running) this.#running += 1;
    else await this.#wait(timeoutMs, whenGone);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(timeoutMs: number, whenGone?: Call['whenGone']): Promise<void> {
    if (this.#queue.size >= this.#limits.waiting) return Promise.reject(new Refused('busy'));
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        cancel();
        resolve();
      };
      const leave = (): void => {
        cancel();
        if (this.#queue.delete(enter)) reject(new Refused('busy'));
      };
      const cancel = this.#clock.after(timeoutMs, leave);
      this.#queue.add(enter);
      whenGone?.(leave);
    });
  }

  /** The place goes to the longest waiting call without ever being free, so that no newcomer overtakes. */
  #leave(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}

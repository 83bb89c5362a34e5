// SPDX-License-Identifier: Apache-2.0
import { ParentError } from './errors.ts';

/** Who waits for room, in the order of coming. */
export class Turns {
  #waiting: (() => void)[] = [];

  /**
   * Waits to be woken.
   * @param again woken before, and in vain: before all others
   * @throws ParentError `busy` after `ms`
   */
  async wait(ms: number, again: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (again) this.#waiting.unshift(resolve);
    else this.#waiting.push(resolve);
    const timer = setTimeout(() => {
      this.#waiting = this.#waiting.filter((other) => other !== resolve);
      reject(new ParentError('busy'));
    }, ms);
    await promise.finally(() => clearTimeout(timer));
  }

  /** Wakes so many, who look for room themselves. */
  wake(count: number): void {
    for (const next of this.#waiting.splice(0, count)) next();
  }
}

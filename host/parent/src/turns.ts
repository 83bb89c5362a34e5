// SPDX-License-Identifier: Apache-2.0
import { ParentError } from './errors.ts';

interface Waiter {
  readonly number: number;
  /** Takes what it waits for, if that is there. @returns whether it still waits, or what it ended with */
  readonly look: () => 'waits' | 'took' | 'gave up';
}

/** Who waits for room, in the order of coming. Each takes its place at the moment it is told of it, so that nobody overtakes. */
export class Turns {
  /** In the order of their numbers. */
  readonly #waiting: Waiter[] = [];

  /**
   * Waits until there is something to take.
   * @param number who has a lower one comes first
   * @param take nothing while there is none; what it throws ends the waiting
   * @throws ParentError `busy` after `ms`
   */
  async wait<T>(number: number, ms: number, take: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      try {
        const taken = take();
        if (taken === undefined) return 'waits';
        resolve(taken);
        return 'took';
      } catch (error) {
        reject(error);
        return 'gave up';
      }
    };
    const waiter: Waiter = { number, look };
    const behind = this.#waiting.findIndex((other) => other.number > number);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiter);
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      reject(new ParentError('busy'));
    }, ms);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Has those who wait look, one after the other, until so many have taken something. */
  wake(most: number): void {
    let taken = 0;
    for (let index = 0; index < this.#waiting.length && taken < most; ) {
      const ended = this.#waiting[index]?.look();
      if (ended === 'waits') index += 1;
      else this.#waiting.splice(index, 1);
      if (ended === 'took') taken += 1;
    }
  }
}

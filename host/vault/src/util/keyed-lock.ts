// SPDX-License-Identifier: Apache-2.0

/**
 * One holder a key at a time, in the order of asking. Writers of one record would otherwise meet in the store and
 * retry; between processes the store's conditions decide.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    let release: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#tails.set(key, mine);
    try {
      await before;
      return await work();
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
      release();
    }
  }

  /** Keys that are held. */
  get size(): number {
    return this.#tails.size;
  }
}

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

  /** Holds several keys at once; taken in order, so that two such holders never wait for each other. */
  async runAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    if (first === undefined) return await work();
    return await this.run(first, () => this.runAll(rest, work));
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Says of each key whether it is the first time in a while: for what is worth a word, and not one a second. */
export class Once {
  readonly #everyMicros: number;
  readonly #most: number;
  readonly #last = new Map<string, number>();

  /** @param most keys that are remembered; beyond, the oldest is forgotten */
  constructor(everyMicros: number, most: number) {
    this.#everyMicros = everyMicros;
    this.#most = most;
  }

  /** @param now microseconds */
  first(key: string, now: number): boolean {
    const last = this.#last.get(key);
    if (last !== undefined && now - last < this.#everyMicros) return false;
    this.#last.delete(key);
    const [oldest] = this.#last.keys();
    if (this.#last.size >= this.#most && oldest !== undefined) this.#last.delete(oldest);
    this.#last.set(key, now);
    return true;
  }
}

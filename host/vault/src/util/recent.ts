// SPDX-License-Identifier: Apache-2.0

/** The last so many values by a name: one that is kept again goes to the end, and the first goes where there are too many. */
export class Recent<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();
  // One for all: each call of keys() would go over all places again whose values are gone. It never comes to an end, for what is kept
  // stands behind it.
  readonly #order = this.#values.keys();

  /** @param most at least one */
  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): T | undefined {
    return this.#values.get(name);
  }

  forget(name: string): void {
    this.#values.delete(name);
  }

  keep(name: string, value: T): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size > this.#most) this.#values.delete(String(this.#order.next().value));
  }
}

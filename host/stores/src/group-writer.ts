// SPDX-License-Identifier: Apache-2.0

interface Waiting<T> {
  readonly entry: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes together what comes in within one turn of the event loop, or while the write before is under way: those share its cost, and its fate. */
export class GroupWriter<T> {
  readonly #write: (entries: readonly T[]) => Promise<void>;
  readonly #most: number;
  #queue: Waiting<T>[] = [];
  #writing: Promise<void> | undefined;

  /** @param most entries of one write */
  constructor(write: (entries: readonly T[]) => Promise<void>, most = Number.POSITIVE_INFINITY) {
    this.#write = write;
    this.#most = most;
  }

  /** Resolves when the write that the entry is part of does. */
  add(entry: T): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ entry, resolve, reject });
      this.#writing ??= this.#run().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #run(): Promise<void> {
    // What is committed together is told one after the other: the first alone would be a write of its own.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const group = this.#queue.slice(0, this.#most);
      this.#queue = this.#queue.slice(group.length);
      try {
        await this.#write(group.map(({ entry }) => entry));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
  }
}

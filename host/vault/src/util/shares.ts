// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';

const BUSY_SECONDS = 2;

interface Share {
  running: number;
  readonly waiting: (() => void)[];
}

export interface ShareLimits {
  /** Of one key: at once, and how many more may wait. */
  readonly running: number;
  readonly waiting: number;
  /** Of all keys together, at once; no bound of its own by default. */
  readonly all?: number;
}

/**
 * At most so much at once for each key, in the order of asking: one who asks for more waits behind himself. Where all together have as much as
 * may be, keys take turns, so that one who asks for much gets no more than who asks for little.
 */
export class Shares {
  readonly #limits: Required<ShareLimits>;
  /** In the order of their next turn. */
  readonly #shares = new Map<string, Share>();
  #running = 0;

  constructor(limits: ShareLimits) {
    this.#limits = { all: Number.POSITIVE_INFINITY, ...limits };
  }

  /** Keys with something under way. */
  get size(): number {
    return this.#shares.size;
  }

  /** @throws {VaultError} `busy` when as many wait as may */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const share = this.#shares.get(key) ?? { running: 0, waiting: [] };
    if (share.running >= this.#limits.running || this.#running >= this.#limits.all)
      await this.#wait(key, share);
    else this.#begin(key, share);
    try {
      return await work();
    } finally {
      this.#leave(key, share);
    }
  }

  #begin(key: string, share: Share): void {
    this.#shares.set(key, share);
    share.running += 1;
    this.#running += 1;
  }

  #wait(key: string, share: Share): Promise<void> {
    if (share.waiting.length >= this.#limits.waiting)
      throw new VaultError('busy', { retryAfter: BUSY_SECONDS });
    this.#shares.set(key, share);
    return new Promise((resolve) => share.waiting.push(resolve));
  }

  /** The place goes on at once, so that nobody overtakes. */
  #leave(key: string, share: Share): void {
    share.running -= 1;
    this.#running -= 1;
    this.#next();
    if (share.running === 0 && share.waiting.length === 0) this.#shares.delete(key);
  }

  #next(): void {
    for (const [key, share] of this.#shares) {
      if (share.running >= this.#limits.running) continue;
      const next = share.waiting.shift();
      if (next === undefined) continue;
      // Behind the others, who have their turn before him.
      this.#shares.delete(key);
      this.#begin(key, share);
      next();
      return;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';

const BUSY_SECONDS = 2;

interface Share {
  running: number;
  readonly waiting: Set<() => void>;
}

/** How somebody waits for his turn. */
export interface Waiting {
  /** So long at most, in milliseconds; without an end by default. */
  readonly ms?: number;
  /** Waits for the turn in its own way: told of it, since who only waits takes nothing from others. */
  readonly aside?: (turn: Promise<void>) => Promise<void>;
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

  /** @throws {VaultError} `busy` when as many wait as may, or his turn does not come in time */
  async run<T>(key: string, work: () => Promise<T>, { ms, aside = same }: Waiting = {}): Promise<T> {
    const share = this.#shares.get(key) ?? { running: 0, waiting: new Set() };
    if (share.running >= this.#limits.running || this.#running >= this.#limits.all)
      await aside(this.#wait(key, share, ms));
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

  async #wait(key: string, share: Share, ms: number | undefined): Promise<void> {
    if (share.waiting.size >= this.#limits.waiting)
      throw new VaultError('busy', { retryAfter: BUSY_SECONDS });
    this.#shares.set(key, share);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    share.waiting.add(resolve);
    const late = () => {
      share.waiting.delete(resolve);
      if (share.running === 0 && share.waiting.size === 0) this.#shares.delete(key);
      reject(new VaultError('busy', { retryAfter: BUSY_SECONDS }));
    };
    const timer = ms === undefined ? undefined : setTimeout(late, ms);
    await promise.finally(() => clearTimeout(timer));
  }

  /** The place goes on at once, so that nobody overtakes. */
  #leave(key: string, share: Share): void {
    share.running -= 1;
    this.#running -= 1;
    this.#next();
    if (share.running === 0 && share.waiting.size === 0) this.#shares.delete(key);
  }

  #next(): void {
    for (const [key, share] of this.#shares) {
      if (share.running >= this.#limits.running) continue;
      const [next] = share.waiting;
      if (next === undefined) continue;
      share.waiting.delete(next);
      // Behind the others, who have their turn before him.
      this.#shares.delete(key);
      this.#begin(key, share);
      next();
      return;
    }
  }
}

const same = (turn: Promise<void>): Promise<void> => turn;

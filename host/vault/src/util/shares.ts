// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';

const BUSY_SECONDS = 2;

interface Share {
  running: number;
  readonly waiting: (() => void)[];
}

/** At most so much at once for each key, in the order of asking: one who asks for more waits behind himself. */
export class Shares {
  readonly #limits: { readonly running: number; readonly waiting: number };
  readonly #shares = new Map<string, Share>();

  constructor(limits: { readonly running: number; readonly waiting: number }) {
    this.#limits = limits;
  }

  /** Keys with something under way. */
  get size(): number {
    return this.#shares.size;
  }

  /** @throws {VaultError} `busy` when as many wait as may */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const share = this.#shares.get(key) ?? { running: 0, waiting: [] };
    this.#shares.set(key, share);
    if (share.running < this.#limits.running) share.running += 1;
    else await this.#wait(share);
    try {
      return await work();
    } finally {
      this.#leave(key, share);
    }
  }

  #wait({ waiting }: Share): Promise<void> {
    if (waiting.length >= this.#limits.waiting) throw new VaultError('busy', { retryAfter: BUSY_SECONDS });
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** The place goes on without ever being free, so that nobody overtakes. */
  #leave(key: string, share: Share): void {
    const next = share.waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    share.running -= 1;
    if (share.running === 0) this.#shares.delete(key);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

interface Entry {
  readonly key: Buffer;
  readonly expires: number;
}

/**
 * Unwrapped request data keys by the SHA-256 of their wrapped form, for a limited time and up to a limited number. The API makes
 * a new one every 15 minutes, and all its requests of that time carry it.
 *
 * Callers get copies of their own to zero: the cache zeroes its copy when it drops it, and a key that somebody still
 * seals with must not turn into zeros under his hands.
 */
export class KeyCache {
  readonly #capacity: number;
  readonly #maxAgeMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Buffer>>();

  constructor(capacity: number, maxAgeMs: number) {
    this.#capacity = capacity;
    this.#maxAgeMs = maxAgeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * @param now ms, by the monotonic clock: a wall clock that stands still would keep keys for ever
   * @param unwrap asks KMS; its result belongs to the cache from then on
   * @returns a copy of the key, which the caller zeroes
   */
  async get(wrapped: Uint8Array, now: () => number, unwrap: () => Promise<Buffer>): Promise<Buffer> {
    const id = createHash('sha256').update(wrapped).digest('base64');
    // Many requests arrive with a new key at once: one of them asks, the others wait. If it fails they ask for
    // themselves, with their own credentials and in their own time.
    const cached = this.#copy(id, now());
    if (cached !== undefined) return cached;
    const others = this.#asking.get(id);
    if (others !== undefined) {
      await others.catch(() => undefined);
      const fetched = this.#copy(id, now());
      if (fetched !== undefined) return fetched;
    }
    const asking = unwrap().then((key) => this.#keep(id, key, now() + this.#maxAgeMs));
    this.#asking.set(id, asking);
    try {
      return await asking;
    } finally {
      if (this.#asking.get(id) === asking) this.#asking.delete(id);
    }
  }

  /** Drops what is too old. */
  forget(now: number): void {
    for (const [id, entry] of this.#entries) if (entry.expires <= now) this.#drop(id);
  }

  #copy(id: string, now: number): Buffer | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.expires <= now) return undefined;
    return Buffer.from(entry.key);
  }

  #keep(id: string, key: Buffer, expires: number): Buffer {
    const copy = Buffer.from(key);
    this.#drop(id);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#capacity && oldest !== undefined) this.#drop(oldest);
    this.#entries.set(id, { key, expires });
    return copy;
  }

  #drop(id: string): void {
    this.#entries.get(id)?.key.fill(0);
    this.#entries.delete(id);
  }
}

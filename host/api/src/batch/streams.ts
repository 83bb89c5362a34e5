// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';
import type { End, ItemStream } from './item-stream.ts';

/** Streams at once: of one caller, and of all. Each holds a few megabytes at most. */
const OF_ONE = 16;
const OF_ALL = 64;
const FULL_SECONDS = 5;

/** The streams that are open. */
export class Streams {
  /** By a token of their own: who they belong to, and the stream, once it has begun. */
  readonly #places = new Map<symbol, { readonly actor: string; stream?: ItemStream }>();
  #ending = false;

  /** Streams of all callers. */
  get size(): number {
    return this.#places.size;
  }

  /**
   * Takes a place, from before anything of the body is read until the end.
   * @param open begins the stream, or throws
   * @throws {ApiError} `rate_limited` when the caller, or all together, have as many as may be; `stopping`
   */
  async open(actor: string, open: () => Promise<ItemStream>): Promise<{ readonly ended: Promise<End> }> {
    if (this.#ending) throw new ApiError('stopping');
    const own = [...this.#places.values()].filter((place) => place.actor === actor).length;
    if (own >= OF_ONE || this.size >= OF_ALL)
      throw new ApiError('rate_limited', { retryAfter: FULL_SECONDS });
    const token = Symbol();
    this.#places.set(token, { actor });
    try {
      const stream = await open();
      this.#places.set(token, { actor, stream });
      if (this.#ending) stream.stop('stopping');
      return { ended: stream.run().finally(() => this.#places.delete(token)) };
    } catch (error) {
      this.#places.delete(token);
      throw error;
    }
  }

  /** All finish what they have begun, and there is no new one. */
  stop(): void {
    this.#ending = true;
    for (const { stream } of this.#places.values()) stream?.stop('stopping');
  }
}

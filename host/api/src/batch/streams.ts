// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';
import { AtOnce } from './at-once.ts';
import type { End, ItemStream } from './item-stream.ts';

/** Streams at once. Each holds a few megabytes at most. */
const STREAMS = { ofOne: 16, ofAll: 64 };
const FULL_SECONDS = 5;

/** The streams that are open. */
export class Streams {
  readonly #places = new AtOnce(STREAMS);
  /** Those that have begun. */
  readonly #streams = new Set<ItemStream>();
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
    const leave = this.#places.enter(actor);
    if (leave === undefined) throw new ApiError('rate_limited', { retryAfter: FULL_SECONDS });
    try {
      const stream = await open();
      this.#streams.add(stream);
      if (this.#ending) stream.stop('stopping');
      const over = () => {
        this.#streams.delete(stream);
        leave();
      };
      return { ended: stream.run().finally(over) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** All finish what they have begun, and there is no new one. */
  stop(): void {
    this.#ending = true;
    for (const stream of this.#streams) stream.stop('stopping');
  }
}

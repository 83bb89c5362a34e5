// SPDX-License-Identifier: Apache-2.0

export interface BucketOptions {
  /** Requests that may come at once. */
  burst: number;
  /** Requests a second that may go on coming. */
  perSecond: number;
  /** Milliseconds, monotonic; injected for tests. */
  now?: () => number;
}

/** Keys remembered at most; the one that was used longest ago is forgotten first. */
const MAX_KEYS = 10_000;

/**
 * Of a bucket that gives so many tokens in any hour and no more: half of them at once, and the other half through the hour. So whoever
 * has used what he may is slowed down, and not shut out until an hour is over.
 * @param perHour 2 or more
 */
export function hourly(perHour: number): BucketOptions {
  const burst = Math.max(1, perHour / 2);
  return { burst, perSecond: (perHour - burst) / 3600 };
}

/** Takes a token of each, or none. @returns 0, or the milliseconds after which there is one of each */
export function takeAll(all: readonly TokenBuckets[], key: string): number {
  const wait = Math.max(...all.map((buckets) => buckets.delay(key)));
  if (wait === 0) for (const buckets of all) buckets.take(key);
  return wait;
}

/** What Retry-After says of a wait. @returns whole seconds, at least 1, or 0 when there is none */
export const wholeSeconds = (ms: number): number => (ms === 0 ? 0 : Math.max(1, Math.ceil(ms / 1000)));

/** Token buckets by key (an actor or an address). */
export class TokenBuckets {
  readonly #options: Required<BucketOptions>;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: BucketOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /** Takes a token. @returns 0, or the seconds after which there is one again, at least 1 */
  take(key: string): number {
    const bucket = this.#refilled(key);
    const seconds = this.#until(bucket);
    if (seconds === 0) bucket.tokens -= 1;
    return seconds;
  }

  /** Takes none. @returns 0, or the seconds after which there is one */
  due(key: string): number {
    return this.#buckets.has(key) ? this.#until(this.#refilled(key)) : 0;
  }

  /** Takes none. @returns 0, or the milliseconds after which there is one */
  delay(key: string): number {
    const bucket = this.#buckets.has(key) ? this.#refilled(key) : undefined;
    if (bucket === undefined || bucket.tokens >= 1) return 0;
    return ((1 - bucket.tokens) / this.#options.perSecond) * 1000;
  }

  #until({ tokens }: { readonly tokens: number }): number {
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.#options.perSecond));
  }

  #refilled(key: string): { tokens: number } {
    const { burst, perSecond, now } = this.#options;
    const at = now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at };
    // Deleted and set again, so that the map is in order of last use.
    this.#buckets.delete(key);
    bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_KEYS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}

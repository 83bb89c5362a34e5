// SPDX-License-Identifier: Apache-2.0
import type { QuotaConfig } from './config.ts';
import { KmsError } from './errors.ts';

/** Token buckets holding one second's worth, as AWS's request quotas behave. */
export class Throttle {
  readonly #buckets: ReadonlyMap<string, Bucket>;

  constructor(quotas: QuotaConfig = {}) {
    const rates = Object.entries(quotas).filter(([, rate]) => rate !== undefined);
    this.#buckets = new Map(rates.map(([name, rate]) => [name, { rate, tokens: rate, at: 0 }]));
  }

  /**
   * Counts a request.
   * @param now ms since the epoch
   * @throws {KmsError} ThrottlingException
   */
  take(quota: keyof QuotaConfig | null, now: number): void {
    const bucket = quota === null ? undefined : this.#buckets.get(quota);
    if (bucket === undefined) return;
    const earned = (Math.max(0, now - bucket.at) / 1000) * bucket.rate;
    bucket.tokens = Math.min(bucket.rate, bucket.tokens + earned);
    bucket.at = now;
    if (bucket.tokens < 1) {
      throw new KmsError('ThrottlingException', 'You have exceeded the rate at which you may call KMS.');
    }
    bucket.tokens -= 1;
  }
}

interface Bucket {
  readonly rate: number;
  tokens: number;
  at: number;
}

// SPDX-License-Identifier: Apache-2.0
import { AdaptiveRetryStrategy, DefaultRateLimiter } from '@smithy/core/retry';

/** The deadline of a call ends it before these attempts do, in most cases. */
const ATTEMPTS = 10;
/** Pauses, ms: random, and twice as long each time. Throttling passes more slowly than a lost connection. */
const PAUSE_MS = 25;
const THROTTLED_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
/** The SDK asks for pauses of a second and more after throttling, by a base above this one. */
const THROTTLED_BASE_MS = 500;
/** Requests a second that a throttled client still makes. */
const LEAST_RATE = 20;

/**
 * The SDK's adaptive mode: a client that is throttled slows down, and one whose repeats fail stops repeating. Its own
 * settings are for batch work: one throttled request of a quiet process would hold the next ones back for two seconds
 * each, and a hot record everybody's requests. So it never goes below a rate, and its pauses fit a call of 3 seconds.
 */
export function adaptiveRetries(): AdaptiveRetryStrategy {
  let base = PAUSE_MS;
  return new AdaptiveRetryStrategy(ATTEMPTS, {
    maxAttempts: ATTEMPTS,
    rateLimiter: new DefaultRateLimiter({ minFillRate: LEAST_RATE, minCapacity: LEAST_RATE }),
    backoff: {
      setDelayBase: (asked: number) => {
        base = asked >= THROTTLED_BASE_MS ? THROTTLED_PAUSE_MS : PAUSE_MS;
      },
      computeNextBackoffDelay: (attempt: number) => {
        return Math.random() * Math.min(base * 2 ** attempt, LONGEST_PAUSE_MS);
      },
    },
  });
}

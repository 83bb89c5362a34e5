// SPDX-License-Identifier: Apache-2.0
import type { EnclaveRate } from '@enclave-vault/protocol';
import { RequestFailed } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';

const MINUTE_MS = 60_000;
/** Any hour touches so many minutes of the clock: the one it begins in, and the one it ends in. */
const MINUTES = 61;

/**
 * How many records this enclave opens: at most `burst` and `perSecond` more with each second, and `perHour` in any hour. It comes from the
 * measured configuration, so neither the API nor the parent can raise it; and it goes by the monotonic clock, so that setting
 * the time makes no room.
 */
export class DecryptionRate {
  readonly #rate: EnclaveRate;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By the minute of the clock. */
  readonly #minutes = new Map<number, number>();
  #tokens: number;
  #at: number;
  #logged = '';
  /** Since the start. */
  opened = 0;
  refused = 0;

  constructor(rate: EnclaveRate, clock: Clock, log: Log) {
    this.#rate = rate;
    this.#clock = clock;
    this.#log = log;
    this.#tokens = rate.burst;
    this.#at = clock.elapsed();
  }

  /** Counts one record that is about to be opened. @throws RequestFailed `rate_limited`: it must not be */
  take(): void {
    const { burst, perSecond, perHour } = this.#rate;
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    const minute = Math.floor(now / MINUTE_MS);
    for (const past of this.#minutes.keys()) if (past <= minute - MINUTES) this.#minutes.delete(past);
    const hour = [...this.#minutes.values()].reduce((sum, count) => sum + count, 0);
    if (hour >= perHour) throw this.#refuse('hour', minute);
    if (this.#tokens < 1) throw this.#refuse('second', minute);
    this.#tokens -= 1;
    this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + 1);
    this.opened += 1;
  }

  /** A line of the log a minute for each of the two: whoever floods the enclave must not flood the log. */
  #refuse(per: 'second' | 'hour', minute: number): RequestFailed {
    this.refused += 1;
    const line = `${per} ${minute}`;
    if (this.#logged !== line) this.#log('decryptions_limited', { per, refused: this.refused });
    this.#logged = line;
    return new RequestFailed('rate_limited');
  }
}

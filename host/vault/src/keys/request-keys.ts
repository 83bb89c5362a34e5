// SPDX-License-Identifier: Apache-2.0
import type { RequestKey } from '@enclave-vault/protocol';
import type { Clock } from '../ports/clock.ts';
import { KmsError, type VaultKms } from '../ports/kms.ts';

/** How long one data key seals requests, in microseconds (design, "API to enclave"). */
export const REQUEST_KEY_LIFE = 15 * 60 * 1_000_000;
/** From this age on a new one is asked for, while the old one still serves: nobody waits for it, and KMS may be gone for as long as is left. */
const RENEWAL_AGE = 0.8 * REQUEST_KEY_LIFE;
/** Between two such attempts. */
const ATTEMPT_EVERY = 10 * 1_000_000;

interface Held extends RequestKey {
  readonly until: number;
  users: number;
  retired: boolean;
}

/** A data key in use. Call `release` when the answer is open: a retired key is zeroed by its last user. */
export interface LeasedKey extends RequestKey {
  release(): void;
}

/** The data key that requests are sealed under, 15 minutes at most and renewed before; one call to KMS however many wait for it. */
export class RequestKeys {
  readonly #kms: VaultKms;
  readonly #clock: Clock;
  #current: Held | undefined;
  #renewal: Promise<Held> | undefined;
  /** When to try again what failed while the old key served. */
  #nextAttempt = 0;
  #ended = false;

  constructor(kms: VaultKms, clock: Clock) {
    this.#kms = kms;
    this.#clock = clock;
  }

  /**
   * The caller releases it, also where he no longer waits for it.
   * @throws {KmsError}
   */
  async lease(): Promise<LeasedKey> {
    let held = this.#fresh() ?? (await this.#renew());
    // It may have been retired, and zeroed, while this caller's turn came.
    while (held.retired) held = await this.#renew();
    held.users += 1;
    let released = false;
    return {
      dataKey: held.dataKey,
      wrappedKey: held.wrappedKey,
      release: () => {
        if (released) return;
        released = true;
        held.users -= 1;
        zeroWhenUnused(held);
      },
    };
  }

  /** Forgets the key, and makes no other; requests under way keep theirs until they end. */
  retire(): void {
    this.#ended = true;
    this.#drop();
  }

  #drop(): void {
    if (this.#current === undefined) return;
    this.#current.retired = true;
    zeroWhenUnused(this.#current);
    this.#current = undefined;
  }

  #fresh(): Held | undefined {
    const now = this.#clock.now();
    const current = this.#current;
    // A clock that was set back says nothing of how old it is.
    if (current === undefined || now >= current.until || now < current.until - REQUEST_KEY_LIFE)
      return undefined;
    if (now >= current.until - REQUEST_KEY_LIFE + RENEWAL_AGE && now >= this.#nextAttempt) {
      this.#nextAttempt = now + ATTEMPT_EVERY;
      // Whoever asks when the old one has expired hears of what keeps failing.
      this.#renew().catch(() => undefined);
    }
    return current;
  }

  #renew(): Promise<Held> {
    this.#renewal ??= this.#make().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #make(): Promise<Held> {
    if (this.#ended) throw new KmsError('unavailable', 'closed');
    const { key, wrapped } = await this.#kms.generateRequestKey();
    if (this.#ended) {
      // Nobody would forget it again.
      key.fill(0);
      throw new KmsError('unavailable', 'closed');
    }
    this.#drop();
    const until = this.#clock.now() + REQUEST_KEY_LIFE;
    this.#current = { dataKey: key, wrappedKey: wrapped, until, users: 0, retired: false };
    return this.#current;
  }
}

function zeroWhenUnused(held: Held): void {
  if (held.retired && held.users === 0) held.dataKey.fill(0);
}

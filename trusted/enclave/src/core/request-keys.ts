// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { DATA_KEY_BYTES } from '@enclave-vault/protocol';
import { KmsError, NsmError, Refused } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import { KeyCache } from './key-cache.ts';
import { isRefusal } from './record-keys.ts';
import type { Allowance, Unwrapper } from './unwrap.ts';

/** What request data keys are wrapped under (design, "Keys of the deployment"). */
const CONTEXT = { purpose: 'enclave-request/1' };
/** The API uses a key for 15 minutes; a request under it may be a minute old. */
const MAX_AGE_MS = 20 * 60_000;
/** A key every 12 minutes for each process of the API that calls. */
const CAPACITY = 256;

export interface RequestKeysParts {
  readonly keyArns: readonly string[];
  readonly unwrapper: Unwrapper;
  readonly clock: Clock;
  readonly log: Log;
}

/** Unwraps the data keys that requests are sealed under. The API makes a new one every 12 minutes, and all its requests of that time carry it. */
export class RequestKeys {
  readonly #parts: RequestKeysParts;
  readonly #cache: KeyCache<Buffer>;

  constructor(parts: RequestKeysParts) {
    this.#parts = parts;
    this.#cache = new KeyCache({
      clock: parts.clock,
      entries: CAPACITY,
      ageMs: MAX_AGE_MS,
      uses: Infinity,
      // A copy for each request to zero: a key that somebody still seals with must not turn into zeros under his hands.
      lend: (key) => Buffer.from(key),
      wipe: (key) => key.fill(0),
    });
  }

  get size(): number {
    return this.#cache.size;
  }

  /** Drops and zeroes all of them. */
  forget(): void {
    this.#cache.drop(() => true);
  }

  /**
   * @returns the data key, 32 bytes, which the caller zeroes
   * @throws Refused `unauthenticated`, `kms_denied`, `kms_unavailable`, `timed_out`
   */
  async unwrap(wrapped: Uint8Array, allowance: Allowance): Promise<Buffer> {
    const { clock, log } = this.#parts;
    try {
      return await this.#cache.get({
        id: createHash('sha256').update(wrapped).digest('base64'),
        deadline: allowance.deadline,
        ask: () => this.#ask(wrapped, allowance),
      });
    } catch (error) {
      if (!(error instanceof KmsError || error instanceof NsmError)) throw error;
      const code = refusal(error, clock.now() >= allowance.deadline);
      log('request_key_refused', { code, detail: error.detail });
      throw new Refused(code);
    }
  }

  /**
   * The envelope does not say which key wrapped it; there is one, or two while a deployment changes over. One that is denied or out of
   * use keeps nobody from the other: what opens was wrapped under a configured key all the same.
   */
  async #ask(wrapped: Uint8Array, allowance: Allowance): Promise<Buffer> {
    // It is a view of the message, which is dropped with the request; the question may outlive it.
    const ciphertext = Buffer.from(wrapped);
    let worst = new KmsError('invalid', 'no_key');
    for (const keyArn of this.#parts.keyArns) {
      try {
        const key = await this.#parts.unwrapper.unwrap({ ciphertext, keyArn, context: CONTEXT }, allowance);
        if (key.byteLength === DATA_KEY_BYTES) return key;
        key.fill(0);
        throw new KmsError('invalid', 'length');
      } catch (error) {
        if (!(error instanceof KmsError) || (error.code !== 'invalid' && !isRefusal(error))) throw error;
        // While one is refused nobody can say that none fits: the envelope may be that one's.
        if (worst.code === 'invalid') worst = error;
      }
    }
    throw worst;
  }
}

function refusal(error: KmsError | NsmError, late: boolean): Refused['code'] {
  if (error instanceof NsmError) return 'kms_unavailable';
  if (error.code === 'denied') return 'kms_denied';
  if (error.code === 'invalid') return 'unauthenticated';
  return late ? 'timed_out' : 'kms_unavailable';
}

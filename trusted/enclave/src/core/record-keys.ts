// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { encodeCbor } from '@enclave-vault/codec';
import { type Suite, suiteId } from '@enclave-vault/hpke';
import type { KeyCacheLimits } from '@enclave-vault/protocol';
import { type PreparedPrivateKey, preparePrivateKey } from '@enclave-vault/records/open';
import { KmsError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { KeyCache } from './key-cache.ts';
import type { Allowance, Unwrapper, Wrapped } from './unwrap.ts';

export interface RecordKeysParts {
  readonly limits: KeyCacheLimits;
  readonly unwrapper: Unwrapper;
  readonly clock: Clock;
}

/** A record's private key as KMS wrapped it, and for which suite it is one. */
export interface WrappedRecordKey extends Wrapped {
  readonly suite: Suite;
}

interface RecordKey {
  readonly keyArn: string;
  readonly privateKey: PreparedPrivateKey;
  /** By how much the clock that can be set was ahead of the one that cannot, when KMS accepted what was signed by it. */
  readonly ahead: number;
}

/** A clock that was set by more since: KMS, which knows the time, has to be asked what it thinks of that. */
const MAX_SET_MS = 5_000;

/** KMS says these of a key that was taken out of use. They are no denial: what is asked may be asked again. */
const OUT_OF_USE: ReadonlySet<string> = new Set(['DisabledException', 'KMSInvalidStateException']);

/**
 * Records' private keys: KMS unwraps one, and for a short time it serves the next requests for the same record (docs/key-cache.md).
 *
 * What is kept is the key that node:crypto made of the bytes; the bytes are zeroed before it is first used. So there is one copy of a
 * hot record's key, rather than one for each request, until the program's memory is swept.
 */
export class RecordKeys {
  readonly #parts: RecordKeysParts;
  readonly #cache: KeyCache<RecordKey>;

  constructor(parts: RecordKeysParts) {
    this.#parts = parts;
    const { limits, clock } = parts;
    this.#cache = new KeyCache({
      ...limits,
      clock,
      good: ({ ahead }) => Math.abs(this.#ahead() - ahead) <= MAX_SET_MS,
      lend: (key) => key,
      // It cannot be zeroed: OpenSSL cleanses it when the last reference is collected.
      wipe: () => undefined,
    });
  }

  health(): Record<string, number> {
    const { size, hits, misses } = this.#cache;
    return { record_keys: size, key_hits: hits, key_misses: misses };
  }

  /**
   * @param fresh KMS is to be asked, whatever is in memory
   * @throws KmsError; NsmError; RecordsError `invalid_private_key`
   */
  async unwrap(wrapped: WrappedRecordKey, allowance: Allowance, fresh: boolean): Promise<PreparedPrivateKey> {
    const { deadline } = allowance;
    const ask = (): Promise<RecordKey> => this.#ask(wrapped, allowance);
    const { privateKey } = await this.#cache.get({ id: idOf(wrapped), deadline, fresh, ask });
    return privateKey;
  }

  #ahead(): number {
    return this.#parts.clock.now() - this.#parts.clock.elapsed();
  }

  async #ask(wrapped: WrappedRecordKey, allowance: Allowance): Promise<RecordKey> {
    const { keyArn, suite } = wrapped;
    const ahead = this.#ahead();
    let bytes: Buffer;
    try {
      bytes = await this.#parts.unwrapper.unwrap(wrapped, allowance);
    } catch (error) {
      // What KMS refuses for one record it may refuse for all under that key: nothing that it gave before is used any more.
      if (error instanceof KmsError && isRefusal(error)) this.#cache.drop((key) => key.keyArn === keyArn);
      throw error;
    }
    try {
      return { keyArn, privateKey: preparePrivateKey(suite, bytes), ahead };
    } finally {
      bytes.fill(0);
    }
  }
}

/** Whether KMS will not have the key used, for now or for good; that it was not reached, or was busy, is none. */
export function isRefusal(error: KmsError): boolean {
  return error.code === 'denied' || OUT_OF_USE.has(error.detail);
}

/**
 * Everything that KMS decides by, and the suite that the key was read for. Canonical CBOR has one encoding for each of them, so that no
 * two that differ have one id: another tenant's or vault's request with the same blob is another question.
 */
function idOf({ keyArn, context, suite, ciphertext }: WrappedRecordKey): string {
  const names = context === null ? null : new Map(Object.entries(context));
  return createHash('sha256')
    .update(encodeCbor([keyArn, names, suiteId(suite), ciphertext]))
    .digest('base64');
}

// SPDX-License-Identifier: Apache-2.0
import type { ParentCredentials } from '@enclave-vault/protocol';
import { KmsError } from '../errors.ts';
import type { Clock, Kms, KmsDecrypt } from '../ports.ts';
import type { KmsRecipient } from './recipient.ts';

/** What one request may spend on KMS: its parent's credentials and its own time. */
export interface Allowance {
  readonly credentials: ParentCredentials;
  /** ms since the epoch. */
  readonly deadline: number;
}

export type Wrapped = Pick<KmsDecrypt, 'ciphertext' | 'keyArn' | 'context'>;

/** KMS Decrypt for this enclave's eyes only. */
export class Unwrapper {
  readonly #kms: Kms;
  readonly #recipient: KmsRecipient;
  readonly #clock: Clock;

  constructor(kms: Kms, recipient: KmsRecipient, clock: Clock) {
    this.#kms = kms;
    this.#recipient = recipient;
    this.#clock = clock;
  }

  /**
   * Asks KMS; when it refuses, once more with a new attestation document, as an old one is refused too and KMS does not
   * say so in a way to rely on.
   * @returns the plaintext, which the caller zeroes
   * @throws KmsError; NsmError
   */
  async unwrap(wrapped: Wrapped, allowance: Allowance): Promise<Buffer> {
    const recipient = this.#recipient.current();
    try {
      return await this.#decrypt(wrapped, allowance, recipient);
    } catch (error) {
      if (!(error instanceof KmsError) || error.code === 'unavailable') throw error;
      const renewed = await this.#recipient.renewDocument(recipient);
      if (renewed === recipient) throw error;
      return this.#decrypt(wrapped, allowance, renewed);
    }
  }

  async #decrypt(
    wrapped: Wrapped,
    { credentials, deadline }: Allowance,
    recipient: KmsDecrypt['recipient'],
  ): Promise<Buffer> {
    const now = this.#clock.now();
    const timeoutMs = deadline - now;
    if (timeoutMs <= 0) throw new KmsError('unavailable', 'deadline');
    if ((credentials.expiration ?? Infinity) <= now) throw new KmsError('unavailable', 'credentials_expired');
    return this.#kms.decrypt({ ...wrapped, credentials, recipient, timeoutMs });
  }
}

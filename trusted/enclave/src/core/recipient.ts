// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { encodeUserData, keyId } from '@enclave-vault/protocol';
import { NsmError } from '../errors.ts';
import type { Clock, Nsm, Recipient } from '../ports.ts';

/** A refused document that is younger is not what KMS minds: a storm of refusals must not become one of attestations. */
const YOUNG_MS = 5_000;

/**
 * The RSA key for KMS's Recipient, with its attestation document. Key and document are renewed together, in the background,
 * every minute: the key because whoever got hold of it reads a minute of KMS's answers and no more, the document because KMS
 * refuses those over five minutes old. Generating takes some 100 ms of a thread of its own; no request waits for it.
 */
export class KmsRecipient {
  readonly #nsm: Nsm;
  readonly #clock: Clock;
  #current: Recipient | null = null;
  #attesting: Promise<Recipient> | null = null;

  constructor(nsm: Nsm, clock: Clock) {
    this.#nsm = nsm;
    this.#clock = clock;
  }

  /** @throws NsmError before the first renew() is done */
  current(): Recipient {
    if (this.#current === null) throw new NsmError('no_recipient_key');
    return this.#current;
  }

  /** Makes a new key with a new document. The old ones stay in use until then. @throws NsmError */
  async renew(): Promise<void> {
    const { privateKey, publicKey } = await generateRsaKey();
    this.#current = await this.#attest(privateKey, publicKey);
  }

  /**
   * KMS refused `refused`: a new document for the same key, which is cheap.
   * @returns the recipient to try next; `refused` itself when nothing better can be had
   * @throws NsmError
   */
  async renewDocument(refused: Recipient): Promise<Recipient> {
    const current = this.current();
    if (current !== refused) return current;
    if (this.#clock.now() - current.attestedAt < YOUNG_MS) return current;
    this.#attesting ??= this.#attest(current.privateKey, current.publicKey).finally(() => {
      this.#attesting = null;
    });
    const renewed = await this.#attesting;
    // Unless renew() was faster: then its key is the newer one.
    if (this.#current === refused) this.#current = renewed;
    return renewed;
  }

  async #attest(privateKey: KeyObject, publicKey: Buffer): Promise<Recipient> {
    const attestedAt = this.#clock.now();
    const userData = encodeUserData({ purpose: 'enclave-vault/kms-recipient', keyId: keyId(publicKey) });
    const document = await this.#nsm.attest({ publicKey, userData, nonce: null });
    return { privateKey, publicKey, document, attestedAt };
  }
}

/** 2048 bits: what AWS's own enclave SDK uses, and KMS documents. */
function generateRsaKey(): Promise<{ privateKey: KeyObject; publicKey: Buffer }> {
  return new Promise((resolve, reject) => {
    generateKeyPair(
      'rsa',
      { modulusLength: 2048, publicExponent: 0x10001 },
      (error, publicKey, privateKey) => {
        if (error) reject(error);
        else resolve({ privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }) });
      },
    );
  });
}

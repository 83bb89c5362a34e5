// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, type KeyObject } from 'node:crypto';
import { encapsulateWith, generateKeyPair, generateKeyPairAsync } from './encapsulate.ts';
import { ecdh, ecdhOnThreadPool } from './kem.ts';
import { type ContextKeys, computeNonce, exportSecret, keySchedule, TAG_LENGTH } from './schedule.ts';
import type { Suite } from './suites.ts';

export { generateKeyPair, type KeyPair } from './encapsulate.ts';
export { importPublicKey } from './public-key.ts';

/** A sender's context: seals messages 0, 1, 2… to one recipient (RFC 9180 section 5.2). */
export class SenderContext {
  /** The encapsulated key, Nenc bytes, for the recipient. */
  readonly enc: Buffer;
  readonly #keys: ContextKeys;
  #seq = 0;

  constructor(enc: Buffer, keys: ContextKeys) {
    this.enc = enc;
    this.#keys = keys;
  }

  /**
   * Seals the next message: ciphertext and a 16-byte tag. Throws `message_limit_reached` after 2^16 messages,
   * and before anything is encrypted, so no nonce ever serves twice.
   */
  seal(aad: Uint8Array, plaintext: Uint8Array): Buffer {
    const nonce = computeNonce(this.#keys, this.#seq);
    this.#seq++;
    const cipher = createCipheriv('aes-256-gcm', this.#keys.key, nonce, { authTagLength: TAG_LENGTH });
    cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    // AES-GCM has nothing left to say in final(); it computes the tag.
    cipher.final();
    return Buffer.concat([ciphertext, cipher.getAuthTag()]);
  }

  /** RFC 9180 section 5.3; `length` in bytes, at most 255 times the hash's (`export_too_long`). */
  export(exporterContext: Uint8Array, length: number): Buffer {
    return exportSecret(this.#keys, exporterContext, length);
  }
}

/**
 * SetupBaseS of RFC 9180 section 5.1.1, with a fresh ephemeral key. Throws `invalid_public_key` when the
 * recipient's key isn't a public key of the suite's curve.
 */
export function setupSender(suite: Suite, recipientPublicKey: KeyObject, info: Uint8Array): SenderContext {
  const { keys, finish } = encapsulateWith(suite, recipientPublicKey, generateKeyPair(suite));
  const { enc, sharedSecret } = finish(ecdh(keys));
  return new SenderContext(enc, keySchedule(suite, sharedSecret, info));
}

/** The same with the key pair and the ECDH made on the thread pool; rejects as `setupSender` throws. */
export async function setupSenderAsync(
  suite: Suite,
  recipientPublicKey: KeyObject,
  info: Uint8Array,
): Promise<SenderContext> {
  // A copy: the caller's bytes may have changed when the ECDH is there.
  const ownInfo = Buffer.from(info);
  const { keys, finish } = encapsulateWith(suite, recipientPublicKey, await generateKeyPairAsync(suite));
  const { enc, sharedSecret } = finish(await ecdhOnThreadPool(keys));
  return new SenderContext(enc, keySchedule(suite, sharedSecret, ownInfo));
}

// SPDX-License-Identifier: Apache-2.0
import { createDecipheriv, type KeyObject } from 'node:crypto';
import { HpkeError } from './errors.ts';
import { ecdh, ecdhOnThreadPool, kemSharedSecret, type Pending } from './kem.ts';
import { isKeyOf, keyToPoint, pointToKey } from './public-key.ts';
import { type ContextKeys, computeNonce, exportSecret, keySchedule, TAG_LENGTH } from './schedule.ts';
import type { Suite } from './suites.ts';

export { importPrivateKey } from './private-key.ts';

/** A recipient's context (RFC 9180 section 5.2). Every message that won't open throws `open_failed`. */
export class RecipientContext {
  readonly #keys: ContextKeys;
  #seq = 0;

  constructor(keys: ContextKeys) {
    this.#keys = keys;
  }

  /**
   * Opens the next message. The sequence number advances only when it opened. Throws `open_failed`, and
   * `message_limit_reached` after 2^16 messages.
   */
  open(aad: Uint8Array, ciphertext: Uint8Array): Buffer {
    const plaintext = this.openAt(this.#seq, aad, ciphertext);
    this.#seq++;
    return plaintext;
  }

  /**
   * Opens the message with sequence number `seq` (0 to 65535), in any order, and as often as asked; `open`'s own
   * count stays as it is. Throws `open_failed`, and `message_limit_reached` for a number out of range.
   */
  openAt(seq: number, aad: Uint8Array, ciphertext: Uint8Array): Buffer {
    const nonce = computeNonce(this.#keys, seq);
    const end = ciphertext.length - TAG_LENGTH;
    if (end < 0) throw new HpkeError('open_failed');
    const decipher = createDecipheriv('aes-256-gcm', this.#keys.key, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(aad);
    decipher.setAuthTag(ciphertext.subarray(end));
    const plaintext = decipher.update(ciphertext.subarray(0, end));
    try {
      decipher.final();
    } catch {
      // GCM decrypts before it knows; what isn't authentic must not outlive this call.
      plaintext.fill(0);
      throw new HpkeError('open_failed');
    }
    return plaintext;
  }

  /** RFC 9180 section 5.3; `length` in bytes, at most 255 times the hash's (`export_too_long`). */
  export(exporterContext: Uint8Array, length: number): Buffer {
    return exportSecret(this.#keys, exporterContext, length);
  }
}

function prepare(
  suite: Suite,
  enc: Uint8Array,
  recipientPrivateKey: KeyObject,
  info: Uint8Array,
  recipientPublicRaw?: Uint8Array,
): Pending<RecipientContext> {
  if (!isKeyOf(suite, recipientPrivateKey, 'private')) throw new HpkeError('invalid_private_key');
  const recipientRaw = recipientPublicRaw ?? keyToPoint(suite, recipientPrivateKey, 'private');
  if (recipientRaw?.length !== suite.encLength) throw new HpkeError('invalid_public_key');
  const publicKey = pointToKey(suite, enc);
  if (publicKey === undefined) throw new HpkeError('open_failed');
  // Copies: the caller's bytes may have changed when the ECDH is there.
  const kemContext = Buffer.concat([enc, recipientRaw]);
  const ownInfo = Buffer.from(info);
  return {
    keys: { privateKey: recipientPrivateKey, publicKey },
    finish: (dh) => {
      if (dh === undefined) throw new HpkeError('open_failed');
      return new RecipientContext(keySchedule(suite, kemSharedSecret(suite, dh, kemContext), ownInfo));
    },
  };
}

/**
 * SetupBaseR of RFC 9180 section 5.1.1. Throws `open_failed` for an encapsulated key that isn't an uncompressed
 * point on the curve (section 7.1.4), `invalid_private_key` for a key of another curve.
 *
 * `recipientPublicRaw`, the uncompressed point, may be passed when known; a key from `importPrivateKey` mostly
 * brings its own. It binds the context and isn't checked against the private key: with a wrong one nothing opens.
 */
export function setupRecipient(
  suite: Suite,
  enc: Uint8Array,
  recipientPrivateKey: KeyObject,
  info: Uint8Array,
  recipientPublicRaw?: Uint8Array,
): RecipientContext {
  const { keys, finish } = prepare(suite, enc, recipientPrivateKey, info, recipientPublicRaw);
  return finish(ecdh(keys));
}

/** The same with its ECDH on the thread pool; rejects as `setupRecipient` throws. */
export async function setupRecipientAsync(
  suite: Suite,
  enc: Uint8Array,
  recipientPrivateKey: KeyObject,
  info: Uint8Array,
  recipientPublicRaw?: Uint8Array,
): Promise<RecipientContext> {
  const { keys, finish } = prepare(suite, enc, recipientPrivateKey, info, recipientPublicRaw);
  return finish(await ecdhOnThreadPool(keys));
}

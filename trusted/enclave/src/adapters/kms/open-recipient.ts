// SPDX-License-Identifier: Apache-2.0
import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto';
import { parseEnvelopedData } from '@enclave-vault/codec';
import { KmsError } from '../../errors.ts';

/**
 * Opens CiphertextForRecipient: CMS EnvelopedData, RSAES-OAEP with SHA-256 around an AES-256-CBC key (design, "KMS key policy").
 * Nothing in it authenticates its sender: the TLS connection it came over does. All failures look the same.
 * @returns the plaintext, which the caller zeroes
 * @throws KmsError `unavailable`
 */
export function openForRecipient(privateKey: KeyObject, message: Uint8Array): Buffer {
  let contentKey: Buffer | undefined;
  let padded: Buffer | undefined;
  try {
    const { encryptedKey, iv, ciphertext } = parseEnvelopedData(message);
    contentKey = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      encryptedKey,
    );
    const decipher = createDecipheriv('aes-256-cbc', contentKey, iv);
    decipher.setAutoPadding(false);
    padded = decipher.update(ciphertext);
    decipher.final();
    return unpad(padded);
  } catch {
    throw new KmsError('unavailable', 'unreadable_ciphertext_for_recipient');
  } finally {
    contentKey?.fill(0);
    padded?.fill(0);
  }
}

/** PKCS #7 (RFC 5652 section 6.3). By hand, so that every buffer that held the plaintext can be zeroed. */
function unpad(padded: Buffer): Buffer {
  const count = padded.at(-1) ?? 0;
  const end = padded.length - count;
  if (count < 1 || count > 16 || end < 0) throw new Error('padding');
  if (!padded.subarray(end).every((byte) => byte === count)) throw new Error('padding');
  return Buffer.from(padded.subarray(0, end));
}

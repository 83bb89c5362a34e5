// SPDX-License-Identifier: Apache-2.0
import {
  constants,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { parseEnvelopedData } from '@enclave-vault/codec';

/** An RSA key of the attacker's, for KMS to encrypt to. */
export class RecipientKey {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' });
    this.#privateKey = privateKey;
  }

  /** Opens a CiphertextForRecipient. @throws when it is for another key */
  open(ciphertextForRecipient: Uint8Array): Buffer {
    const { encryptedKey, iv, ciphertext } = parseEnvelopedData(Buffer.from(ciphertextForRecipient));
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = privateDecrypt({ key: this.#privateKey, padding, oaepHash: 'sha256' }, encryptedKey);
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  }
}

// SPDX-License-Identifier: Apache-2.0
import {
  constants,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import { parseEnvelopedData } from '@enclave-vault/codec';
import {
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  lockedPcrs,
  type NitroChain,
  toPem,
} from '@enclave-vault/emulator-pki';

export interface DocumentOptions {
  readonly timestamp?: number;
  readonly chain?: NitroChain;
  /** Registers beside or instead of the enclave's own. */
  readonly pcrs?: Readonly<Record<number, Uint8Array>>;
  /** SPKI; null: none. */
  readonly publicKey?: Uint8Array | null;
}

/** An enclave as KMS sees it: a key pair, registers, and documents signed below a development root. */
export class TestEnclave {
  readonly root = createNitroRoot(Date.now());
  readonly rootPem = toPem(this.root.certificate);
  readonly chain = buildNitroChain({ root: this.root, at: Date.now() });
  readonly publicKey: Buffer;
  readonly #privateKey: KeyObject;
  /** PCR 0, 1, 2, 3, 8 and 16. */
  readonly pcrs: Readonly<Record<number, Buffer>> = Object.fromEntries(
    [0, 1, 2, 3, 8, 16].map((register) => [register, randomBytes(48)]),
  );

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' });
    this.#privateKey = privateKey;
  }

  document({ timestamp = Date.now(), chain = this.chain, pcrs, publicKey }: DocumentOptions = {}): Buffer {
    return buildAttestationDocument({
      chain,
      timestamp,
      pcrs: lockedPcrs({ ...this.pcrs, ...pcrs }),
      publicKey: publicKey === undefined ? this.publicKey : publicKey,
    });
  }

  /** Opens CiphertextForRecipient as the enclave does. */
  open(ciphertextForRecipient: Uint8Array | undefined): Buffer {
    const { encryptedKey, iv, ciphertext } = parseEnvelopedData(Buffer.from(ciphertextForRecipient ?? []));
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = privateDecrypt({ key: this.#privateKey, padding, oaepHash: 'sha256' }, encryptedKey);
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  }

  hex(register: number): string {
    return this.pcrs[register]?.toString('hex') ?? '';
  }
}

// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  type DataKey,
  type IntegrityPurpose,
  KmsError,
  type RecordKeyContext,
  type RecordKeyPair,
  type VaultKms,
} from '../../src/index.ts';

const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000001';

/** Key of the AWS sample: it wraps without an encryption context. */
export const LEGACY_KEY_ARN =
  'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-00000000000f';

/** A KMS in this process: wraps by AES-256-GCM, the encryption context as its aad. */
export class LocalKms implements VaultKms {
  readonly #master = randomBytes(32);
  /** Set to have every call fail that way. */
  failure: KmsError | undefined;
  readonly calls: string[] = [];

  async generateRecordKeyPair(
    context: RecordKeyContext,
    _options?: { readonly once?: boolean },
  ): Promise<RecordKeyPair> {
    this.#called('generateRecordKeyPair');
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    return {
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      wrappedPrivateKey: this.#wrap(
        privateKey.export({ type: 'pkcs8', format: 'der' }),
        recordContext(context),
      ),
      keyArn: KEY_ARN,
    };
  }

  /** A key pair as the AWS sample has it made. */
  generateLegacyKeyPair(namedCurve = 'P-384'): { publicKey: Buffer; wrappedPrivateKey: Buffer } {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    return {
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      wrappedPrivateKey: this.#wrap(privateKey.export({ type: 'pkcs8', format: 'der' }), LEGACY_KEY_ARN),
    };
  }

  async generateRequestKey(): Promise<DataKey> {
    this.#called('generateRequestKey');
    return this.#dataKey('request');
  }

  async generateIntegrityKey(purpose: IntegrityPurpose): Promise<DataKey> {
    this.#called('generateIntegrityKey');
    return this.#dataKey(`integrity/${purpose}`);
  }

  async unwrapIntegrityKey(wrapped: Uint8Array, purpose: IntegrityPurpose): Promise<Uint8Array> {
    this.#called('unwrapIntegrityKey');
    return this.#unwrap(wrapped, `integrity/${purpose}`);
  }

  /** The enclave's calls. */
  unwrapRequestKey(wrapped: Uint8Array): Buffer {
    return this.#unwrap(wrapped, 'request');
  }

  unwrapRecordKey(wrapped: Uint8Array, keyArn: string, context: RecordKeyContext): Buffer {
    return this.#unwrap(wrapped, keyArn === LEGACY_KEY_ARN ? LEGACY_KEY_ARN : recordContext(context));
  }

  #called(name: string): void {
    this.calls.push(name);
    if (this.failure !== undefined) throw this.failure;
  }

  #dataKey(context: string): DataKey {
    const key = randomBytes(32);
    return { key, wrapped: this.#wrap(key, context) };
  }

  #wrap(plaintext: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#master, nonce).setAAD(Buffer.from(context));
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  #unwrap(wrapped: Uint8Array, context: string): Buffer {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#master, wrapped.subarray(0, 12));
      decipher.setAAD(Buffer.from(context)).setAuthTag(wrapped.subarray(-16));
      return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
    } catch {
      throw new KmsError('invalid');
    }
  }
}

function recordContext({ vault_id, tenant_id }: RecordKeyContext): string {
  return `record/${vault_id}/${tenant_id}`;
}

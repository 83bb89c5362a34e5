// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { evaluate } from '@enclave-vault/expressions';
import { P384, parseSuiteId } from '@enclave-vault/hpke';
import { generateKeyPair } from '@enclave-vault/hpke/seal';
import { type DecryptAnswer, openRequest, parseEnvelope, sealAnswer } from '@enclave-vault/protocol';
import { openFields } from '@enclave-vault/records/open';
import { type EnclaveClient, type EnclaveClientError, KmsError, type VaultKms } from '@enclave-vault/vault';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';

/** KMS in this process: it wraps under a key of its own, with the context authenticated, and can be out of reach. */
export class InProcessKms implements VaultKms {
  readonly #key = randomBytes(32);
  down = false;

  async generateRecordKeyPair(context: { vault_id: string; tenant_id: string }) {
    this.#demandUp();
    const { publicKey, privateKey } = generateKeyPair(P384);
    return {
      publicKey: publicKey.export({ format: 'der', type: 'spki' }),
      wrappedPrivateKey: this.wrap(privateKey.export({ format: 'der', type: 'pkcs8' }), context),
      keyArn: ARN,
    };
  }

  async generateRequestKey() {
    this.#demandUp();
    const key = randomBytes(32);
    return { key, wrapped: this.wrap(key, { purpose: 'enclave-request/1' }) };
  }

  async generateIntegrityKey(purpose: string) {
    this.#demandUp();
    const key = randomBytes(32);
    return { key, wrapped: this.wrap(key, { purpose: `integrity/${purpose}` }) };
  }

  async unwrapIntegrityKey(wrapped: Uint8Array, purpose: string) {
    this.#demandUp();
    return this.unwrap(wrapped, { purpose: `integrity/${purpose}` });
  }

  wrap(plaintext: Uint8Array, context: object): Buffer {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(JSON.stringify(context)));
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  unwrap(wrapped: Uint8Array, context: object): Buffer {
    const cipher = createDecipheriv('aes-256-gcm', this.#key, wrapped.subarray(0, 12))
      .setAAD(Buffer.from(JSON.stringify(context)))
      .setAuthTag(wrapped.subarray(-16));
    return Buffer.concat([cipher.update(wrapped.subarray(12, -16)), cipher.final()]);
  }

  #demandUp(): void {
    if (this.down) throw new KmsError('unavailable');
  }
}

/** An enclave in this process, without attestation: the real protocol, records and expressions. */
export class InProcessEnclave implements EnclaveClient {
  readonly #kms: InProcessKms;
  fail: EnclaveClientError | null = null;

  constructor(kms: InProcessKms) {
    this.#kms = kms;
  }

  async decrypt(bytes: Uint8Array): Promise<Buffer> {
    if (this.fail !== null) throw this.fail;
    const envelope = parseEnvelope(bytes);
    const dataKey = this.#kms.unwrap(envelope.key, { purpose: 'enclave-request/1' });
    const request = openRequest(dataKey, envelope);
    const identity = { tenant: request.tenant, vaultId: request.vaultId };
    const context = { vault_id: request.vaultId, tenant_id: request.tenant };
    const privateKey = this.#kms.unwrap(request.wrappedKey, context);
    const opened = openFields(identity, parseSuiteId(request.suite), privateKey, request.fields);
    const fields = new Map<string, string>();
    for (const [name, field] of opened) if (field.ok) fields.set(name, field.json);
    const { known, expressions } = request;
    const outcomes = evaluate({ fields, known, expressions, now: Date.now() });
    const answer: DecryptAnswer = {
      data: [
        ...request.reveal.map((name) => [name, fields.get(name) ?? ''] as const),
        ...outcomes.flatMap((outcome) => (outcome.ok ? [[outcome.name, outcome.json] as const] : [])),
      ],
      errors: outcomes.flatMap((outcome) => (outcome.ok ? [] : [{ name: outcome.name, code: outcome.code }])),
    };
    return sealAnswer(dataKey, envelope, answer, Date.now());
  }

  async attestation(nonce: Uint8Array): Promise<Buffer> {
    if (this.fail !== null) throw this.fail;
    return Buffer.concat([Buffer.from('document for '), nonce]);
  }
}

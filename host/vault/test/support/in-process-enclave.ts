// SPDX-License-Identifier: Apache-2.0
import { evaluate } from '@enclave-vault/expressions';
import { parseSuiteId } from '@enclave-vault/hpke';
import {
  type DecryptAnswer,
  type DecryptRequest,
  encodeErrorAnswer,
  openRequest,
  parseEnvelope,
  type Refusal,
  sealAnswer,
} from '@enclave-vault/protocol';
import { openFields } from '@enclave-vault/records/open';
import type { EnclaveClient } from '../../src/index.ts';
import type { LocalKms } from './local-kms.ts';

/** An enclave without its walls: the real formats, records and expressions, and no process of its own. */
export class InProcessEnclave implements EnclaveClient {
  readonly #kms: LocalKms;
  /** What it was asked, as it saw it. */
  readonly requests: DecryptRequest[] = [];
  readonly envelopes: Uint8Array[] = [];
  /** Set to have it refuse, fail, or say something else than it would. */
  refusal: Refusal | undefined;
  failure: Error | undefined;
  change: ((answer: DecryptAnswer) => DecryptAnswer) | undefined;
  tamper: ((message: Buffer) => Buffer) | undefined;
  before: (() => Promise<void>) | undefined;

  constructor(kms: LocalKms) {
    this.#kms = kms;
  }

  async decrypt(message: Uint8Array): Promise<Uint8Array> {
    this.envelopes.push(message);
    await this.before?.();
    if (this.failure !== undefined) throw this.failure;
    if (this.refusal !== undefined) return encodeErrorAnswer(this.refusal);
    const envelope = parseEnvelope(message);
    const dataKey = this.#kms.unwrapRequestKey(envelope.key);
    const request = openRequest(dataKey, envelope);
    this.requests.push(request);
    const answer = this.#answer(request);
    const sealed = sealAnswer(dataKey, envelope, this.change?.(answer) ?? answer, Date.now());
    return this.tamper?.(sealed) ?? sealed;
  }

  async attestation(nonce: Uint8Array): Promise<Uint8Array> {
    if (this.failure !== undefined) throw this.failure;
    return Buffer.concat([Buffer.from('document for '), nonce]);
  }

  #answer(request: DecryptRequest): DecryptAnswer {
    const { tenant, vaultId, suite, wrappedKey, keyArn, fields, known, reveal, expressions } = request;
    let privateKey: Buffer;
    try {
      privateKey = this.#kms.unwrapRecordKey(wrappedKey, keyArn, { vault_id: vaultId, tenant_id: tenant });
    } catch {
      return { error: 'record_unreadable' };
    }
    const opened = openFields({ tenant, vaultId }, parseSuiteId(suite), privateKey, fields);
    const texts = new Map<string, string>();
    for (const [name, result] of opened) if (result.ok) texts.set(name, result.json);
    const outcomes = evaluate({ fields: texts, known, expressions, now: Date.now() });
    const data: [string, string][] = reveal.flatMap((name) => {
      const json = texts.get(name);
      return json === undefined ? [] : [[name, json] as [string, string]];
    });
    const errors = reveal
      .filter((name) => !texts.has(name))
      .map((name) => ({ name, code: 'field_unreadable' as const }));
    return {
      data: [
        ...data,
        ...outcomes.flatMap((one) => (one.ok ? [[one.name, one.json] as [string, string]] : [])),
      ],
      errors: [...errors, ...outcomes.flatMap((one) => (one.ok ? [] : [{ name: one.name, code: one.code }]))],
    };
  }
}

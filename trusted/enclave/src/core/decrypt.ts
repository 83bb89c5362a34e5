// SPDX-License-Identifier: Apache-2.0
import { HpkeError, parseSuiteId, type Suite } from '@enclave-vault/hpke';
import {
  type DecryptAnswer,
  type DecryptErrorCode,
  type DecryptRequest,
  type EnclaveConfiguration,
  type Envelope,
  FRESHNESS_MS,
  openRequest,
  ProtocolError,
  parseEnvelope,
  parseParentRequest,
  sealAnswer,
} from '@enclave-vault/protocol';
import { RecordsError } from '@enclave-vault/records';
import { type OpenedField, openFieldsAsync } from '@enclave-vault/records/open';
import { KmsError, NsmError, Refused, RequestFailed } from '../errors.ts';
import type { Clock, Expressions, Log } from '../ports.ts';
import { beforeDeadline } from './deadline.ts';
import type { DecryptionRate } from './rate.ts';
import type { RecordKeys } from './record-keys.ts';
import type { RequestKeys } from './request-keys.ts';
import { resolve } from './results.ts';
import type { SeenRequests } from './seen.ts';
import type { Allowance } from './unwrap.ts';

export interface DecryptorParts {
  readonly configuration: EnclaveConfiguration;
  readonly rate: DecryptionRate;
  readonly requestKeys: RequestKeys;
  readonly seen: SeenRequests;
  readonly recordKeys: RecordKeys;
  readonly expressions: Expressions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers sealed requests. Everything before openRequest() treats its input as an attacker's. */
export class Decryptor {
  readonly #parts: DecryptorParts;
  readonly #vaultKeys: ReadonlySet<string>;
  readonly #legacyKeys: ReadonlySet<string>;

  constructor(parts: DecryptorParts) {
    this.#parts = parts;
    this.#vaultKeys = new Set(parts.configuration.vaultKeyArns);
    this.#legacyKeys = new Set(parts.configuration.legacyKeyArns);
  }

  /**
   * @param message a parent request
   * @param until when the caller no longer waits: ms since the epoch
   * @returns the bytes of the sealed answer
   * @throws Refused, or ProtocolError `malformed` and `too_large`, when there is nobody to seal an answer for
   */
  async answer(message: Uint8Array, until: number): Promise<Buffer> {
    const { clock, requestKeys, seen } = this.#parts;
    const { credentials, envelope: bytes } = parseParentRequest(message);
    const envelope = parseEnvelope(bytes);
    this.#checkFresh(envelope);
    if (seen.has(envelope.id)) throw new Refused('repeated');

    const allowance: Allowance = { credentials, deadline: Math.min(envelope.deadline, until) };
    const dataKey = await requestKeys.unwrap(envelope.key, allowance);
    try {
      const request = openEnvelope(dataKey, envelope);
      // Again: time has passed. And only now is the id worth remembering, since only its sender can spend it.
      this.#checkFresh(envelope);
      seen.add(envelope.id, envelope.time, clock.now());
      return seal(dataKey, envelope, await this.#decrypt(request, allowance), clock.now());
    } finally {
      dataKey.fill(0);
    }
  }

  #checkFresh(envelope: Envelope): void {
    const now = this.#parts.clock.now();
    if (Math.abs(now - envelope.time) > FRESHNESS_MS || envelope.deadline <= now)
      throw new Refused('expired');
  }

  async #decrypt(request: DecryptRequest | null, allowance: Allowance): Promise<DecryptAnswer> {
    const { clock, expressions, log } = this.#parts;
    const given = new AbortController();
    const late = (): Error => {
      given.abort();
      return new RequestFailed('timed_out');
    };
    const evaluator: Expressions = { evaluate: (job) => expressions.evaluate(job, given.signal) };
    try {
      if (request === null) throw new RequestFailed('malformed');
      const opened = await this.#open(request, allowance);
      const results = resolve(request, opened, evaluator, clock);
      return await beforeDeadline(clock, allowance.deadline, late, results);
    } catch (error) {
      const code = failure(error, clock.now() >= allowance.deadline);
      log('request_failed', { code, detail: detailOf(error) });
      return { error: code };
    }
  }

  /** The record's fields, opened with its private key. Counted, and held to what the configuration names, wherever that key comes from. */
  async #open(request: DecryptRequest, allowance: Allowance): Promise<Map<string, OpenedField>> {
    const { vaultId, tenant, keyArn, wrappedKey: ciphertext, fresh = false } = request;
    const wrapped = { ciphertext, keyArn, context: this.#contextOf(request), suite: suiteOf(request) };
    this.#parts.rate.take();
    const privateKey = await this.#parts.recordKeys.unwrap(wrapped, allowance, fresh);
    return openFieldsAsync({ tenant, vaultId }, wrapped.suite, privateKey, request.fields, request.publicKey);
  }

  /** The context KMS must find the key under: it ties the key to its record, and only imported records have none. */
  #contextOf({ keyArn, vaultId, tenant }: DecryptRequest): Record<string, string> | null {
    if (this.#vaultKeys.has(keyArn)) return { vault_id: vaultId, tenant_id: tenant };
    if (this.#legacyKeys.has(keyArn)) return null;
    throw new RequestFailed('unknown_key');
  }
}

/** @returns null for what the key's holder sealed and is no request: he gets a sealed answer, like for any mistake of his */
function openEnvelope(dataKey: Uint8Array, envelope: Envelope): DecryptRequest | null {
  try {
    return openRequest(dataKey, envelope);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'malformed') return null;
    throw new Refused('unauthenticated');
  }
}

function seal(dataKey: Uint8Array, envelope: Envelope, answer: DecryptAnswer, now: number): Buffer {
  try {
    return sealAnswer(dataKey, envelope, answer, now);
  } catch (error) {
    // Results too large for a message: of an answer nothing is better than a part.
    const code: DecryptErrorCode = error instanceof ProtocolError ? 'too_large' : 'internal';
    return sealAnswer(dataKey, envelope, { error: code }, now);
  }
}

function suiteOf({ suite }: DecryptRequest): Suite {
  try {
    return parseSuiteId(suite);
  } catch (error) {
    if (error instanceof HpkeError) throw new RequestFailed('malformed');
    throw error;
  }
}

function failure(error: unknown, late: boolean): DecryptErrorCode {
  if (error instanceof RequestFailed) return error.code;
  if (error instanceof RecordsError) return error.code === 'invalid_name' ? 'malformed' : 'record_unreadable';
  if (error instanceof NsmError) return 'kms_unavailable';
  if (!(error instanceof KmsError)) return 'internal';
  if (error.code === 'denied') return 'kms_denied';
  if (error.code === 'invalid') return 'record_unreadable';
  return late ? 'timed_out' : 'kms_unavailable';
}

/** For the log: the stable name of what went wrong, never its message. */
function detailOf(error: unknown): string {
  if (error instanceof KmsError || error instanceof NsmError) return error.detail;
  if (error instanceof RequestFailed || error instanceof RecordsError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

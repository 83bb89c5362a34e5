// SPDX-License-Identifier: Apache-2.0
import { type HttpAnswer, HttpClient, type HttpTarget, MAX_SOCKETS } from '@enclave-vault/parent/http-client';
import { DEADLINE_HEADER } from '@enclave-vault/parent/interface';
import { encodeAttestationRequest, MAX_MESSAGE_BYTES } from '@enclave-vault/protocol';
import { type EnclaveClient, EnclaveClientError, type EnclaveClientErrorCode } from '@enclave-vault/vault';

const MAX_DOCUMENT_BYTES = 64 * 1024;
const MAX_HEALTH_BYTES = 16 * 1024;
const HEALTH_TIMEOUT_MS = 1_000;
/** The parent keeps the deadline itself; this much later it is taken for dead. */
const GRACE_MS = 250;

/** What the parent says of itself. `reason` is a code. */
export interface ParentHealth {
  readonly healthy: boolean;
  readonly reason?: string;
}

/**
 * The way to the enclaves: HTTP to the parent, over a unix socket or mutual TLS, kept alive, answers bounded. What an enclave
 * says, sealed or not, is handed on unread; only the parent's own words (JSON) become errors here.
 */
export class ParentClient implements EnclaveClient {
  readonly #http: HttpClient;
  /** A look at its health does not wait behind requests. */
  readonly #looks: HttpClient;

  /**
   * @param processes before the same parent, this one among them. The parent refuses what is too much for it, and one process with hundreds of
   * decryptions, whose every free connection is taken at once, would leave the others no turn: so they have its connections in equal parts
   */
  constructor(target: HttpTarget, processes = 1) {
    this.#http = new HttpClient(target, Math.max(1, Math.floor(MAX_SOCKETS / processes)));
    this.#looks = new HttpClient(target);
  }

  async decrypt(envelope: Uint8Array, deadline: number): Promise<Uint8Array> {
    return (await this.#post('/decrypt', envelope, deadline, MAX_MESSAGE_BYTES)).body;
  }

  async attestation(nonce: Uint8Array, deadline: number): Promise<Uint8Array> {
    const request = encodeAttestationRequest(nonce);
    const { status, body } = await this.#post('/attestation', request, deadline, MAX_DOCUMENT_BYTES);
    // An enclave's refusal must not pass for a document.
    if (status !== 200) throw new EnclaveClientError(status === 503 ? 'busy' : 'unavailable');
    return body;
  }

  async health(): Promise<ParentHealth> {
    try {
      const request = { method: 'GET', path: '/health', timeoutMs: HEALTH_TIMEOUT_MS } as const;
      const answer = await this.#looks.request({ ...request, maxBytes: MAX_HEALTH_BYTES });
      if (answer.status === 200) return { healthy: true };
      return { healthy: false, reason: wordOf(answer, 'reason') ?? 'parent_failed' };
    } catch {
      return { healthy: false, reason: 'parent_unreachable' };
    }
  }

  close(): void {
    this.#http.close();
    this.#looks.close();
  }

  async #post(path: string, body: Uint8Array, deadline: number, maxBytes: number): Promise<HttpAnswer> {
    const timeoutMs = deadline - Date.now();
    if (timeoutMs <= 0) throw new EnclaveClientError('timed_out');
    const headers = { 'content-type': 'application/cbor', [DEADLINE_HEADER]: String(deadline) };
    let answer: HttpAnswer;
    try {
      const request = { method: 'POST', path, body, headers, maxBytes } as const;
      answer = await this.#http.request({ ...request, timeoutMs: timeoutMs + GRACE_MS });
    } catch (error) {
      const timedOut = error instanceof Error && 'code' in error && error.code === 'timeout';
      throw new EnclaveClientError(timedOut ? 'timed_out' : 'unavailable');
    }
    const spoken = answer.headers['content-type'] ?? '';
    if (!spoken.startsWith('application/json')) return answer;
    const code = wordOf(answer, 'code') ?? 'unknown';
    throw new EnclaveClientError(PARENT_CODES[code] ?? 'unavailable', code, retryAfter(answer));
  }
}

const PARENT_CODES: Readonly<Record<string, EnclaveClientErrorCode>> = {
  busy: 'busy',
  timeout: 'timed_out',
  deadline_passed: 'timed_out',
};

function wordOf(answer: HttpAnswer, member: 'code' | 'reason'): string | undefined {
  try {
    const value = (JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>)[member];
    return typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function retryAfter(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  return Number.isInteger(seconds) && seconds > 0 && seconds < 3600 ? seconds : undefined;
}

// SPDX-License-Identifier: Apache-2.0
import type http from 'node:http';
import { encodeParentRequest, MAX_MESSAGE_BYTES } from '@enclave-vault/protocol';
import type { CredentialSource } from './credentials/source.ts';
import { codeOf, ParentError, type ParentErrorCode } from './errors.ts';
import type { Figures } from './figures.ts';
import type { EnclaveAnswer, Fleet } from './fleet.ts';
import { DEADLINE_HEADER, ENCLAVE_HEADER, PARENT_TIMEOUT_MS } from './interface.ts';
import { Listener, type ServerPlace } from './listener.ts';
import type { Log } from './log.ts';
import { readBody } from './read-body.ts';

export interface ParentServerOptions {
  fleet: Fleet;
  /** Asked for every request: it renews them. */
  credentials: CredentialSource;
  log: Log;
  /** Counts what enclaves are asked. */
  figures?: Figures;
  /** Requests under way at once, those that wait for an enclave included; one more gets 503. Default: as many as enclaves take, and 160 that wait. */
  maxInFlight?: number;
}

/** What the credentials add to an envelope must fit into the message as well. */
const MAX_ENVELOPE_BYTES = MAX_MESSAGE_BYTES - 16 * 1024;
const MAX_ATTESTATION_BYTES = 1024;

/**
 * Requests that may be waiting for an enclave, beside those that are at one. Each holds its body: it may be 10 MiB, and where the API wrote it it is a few
 * KB, and with all that a record and its expressions may have a MiB and a half. Nobody else can ask here, and of one machine's API there are no more at
 * once than it has connections, which are 256.
 */
const MOST_WAITING = 160;
const LEAST_IN_FLIGHT = 256;

const STATUS: Partial<Record<ParentErrorCode, number>> = {
  no_enclave: 503,
  no_credentials: 503,
  connection_lost: 503,
  busy: 503,
  timeout: 504,
  deadline_passed: 504,
  answer_too_large: 502,
};
/** Names of errors in an answer of the parent's own: JSON {"code"}; an enclave's words are CBOR. */
const JSON_TYPE = 'application/json';

/**
 * The parent's HTTP server. It carries sealed requests and answers between API and enclave, adding only the
 * credentials that the enclave needs for KMS; it holds no key to either.
 */
export class ParentServer {
  readonly #options: ParentServerOptions;
  readonly #maxInFlight: number;
  #listener: Listener | null = null;
  #inFlight = 0;
  #draining = false;

  constructor(options: ParentServerOptions) {
    this.#options = options;
    const { fleet, maxInFlight = Math.max(LEAST_IN_FLIGHT, fleet.places + MOST_WAITING) } = options;
    this.#maxInFlight = maxInFlight;
  }

  /**
   * Listens, once.
   * @param place a string is the path of a unix socket
   * @returns the port; null at a socket
   * @throws ChannelError `root_invalid`
   */
  async listen(place: string | ServerPlace): Promise<number | null> {
    this.#listener = new Listener(
      typeof place === 'string' ? { unix: place } : place,
      (request, response) => void this.#handle(request, response),
      this.#options.log,
    );
    return this.#listener.listen();
  }

  /** Takes no more requests and waits until those under way are answered, at most `maxMs`. */
  async drain(maxMs = 3_000): Promise<void> {
    this.#draining = true;
    await this.#listener?.drain(maxMs);
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const started = Date.now();
    const route = `${request.method} ${request.url}`;
    if (this.#draining) response.setHeader('connection', 'close');
    try {
      switch (route) {
        case 'POST /decrypt':
          return await this.#forward('/v1/decrypt', request, response, started);
        case 'POST /attestation':
          return await this.#forward('/v1/attestation', request, response, started);
        case 'GET /health':
          return this.#health(response);
        case 'GET /enclaves':
          return reply(response, 200, {
            instance: this.#options.credentials.identity,
            enclaves: this.#enclaves(),
          });
        default:
          return reply(response, 404, { code: 'not_found' });
      }
    } catch (error) {
      const code = codeOf(error);
      this.#options.log(code === 'internal' ? 'error' : 'warn', 'request_failed', { code });
      if (response.headersSent) response.destroy();
      else this.#refuse(response, code);
    }
  }

  async #forward(
    path: '/v1/decrypt' | '/v1/attestation',
    request: http.IncomingMessage,
    response: http.ServerResponse,
    started: number,
  ): Promise<void> {
    const { fleet, credentials, log, figures } = this.#options;
    // Whatever becomes of it: the answer may be an error's, or have nobody left to go to.
    response.once('close', () => figures?.add(response.statusCode, Date.now() - started));
    const asked = Number(request.headers[DEADLINE_HEADER] ?? Number.NaN);
    const bound = started + PARENT_TIMEOUT_MS;
    const deadline = Number.isFinite(asked) ? Math.min(asked, bound) : bound;
    if (deadline <= started) throw new ParentError('deadline_passed');
    if (this.#inFlight >= this.#maxInFlight) throw new ParentError('busy');
    this.#inFlight += 1;
    try {
      const limit = path === '/v1/decrypt' ? MAX_ENVELOPE_BYTES : MAX_ATTESTATION_BYTES;
      const read = await readBody(request, limit, deadline);
      if (!read.ok) return reply(response, read.status, { code: read.code }, { connection: 'close' });
      const body =
        path === '/v1/decrypt'
          ? encodeParentRequest({ credentials: await credentials.current(), envelope: read.body })
          : read.body;
      const wanted = request.headers[ENCLAVE_HEADER];
      const answer = await fleet.dispatch(
        {
          method: 'POST',
          path,
          body,
          headers: { 'content-type': 'application/cbor' },
          maxBytes: MAX_MESSAGE_BYTES,
        },
        deadline,
        typeof wanted === 'string' ? wanted : undefined,
      );
      if (answer.status !== 200)
        log('warn', 'enclave_refused', { enclave: answer.enclaveId, status: answer.status });
      passOn(response, answer);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Whether a request would find an enclave, and credentials for it. */
  get serving(): boolean {
    const { fleet, credentials } = this.#options;
    return fleet.healthy > 0 && credentials.available && !this.#draining;
  }

  #health(response: http.ServerResponse): void {
    const { fleet, credentials } = this.#options;
    const { healthy, enclaves } = fleet;
    const status = this.serving ? 200 : 503;
    // Why there is none: the last error of those that are down.
    const down = enclaves.find(({ lastError }) => lastError !== null)?.lastError ?? 'starting';
    const reason = healthy === 0 ? down : credentials.available ? null : 'no_credentials';
    reply(
      response,
      status,
      {
        status: this.#draining ? 'draining' : status === 200 ? 'ok' : 'unavailable',
        enclaves: { wanted: enclaves.length, healthy },
        ...(reason === null ? {} : { reason }),
      },
      status === 503 ? { 'retry-after': String(fleet.retryAfter) } : {},
    );
  }

  #enclaves(): object[] {
    return this.#options.fleet.enclaves.map((enclave) => {
      const {
        name,
        state,
        inFlight,
        starts,
        lastError,
        description,
        opened,
        limited,
        keyHits,
        keyMisses,
        keys,
      } = enclave;
      return {
        name,
        state,
        inFlight,
        starts,
        lastError,
        opened: opened.total,
        limited: limited.total,
        keyHits: keyHits.total,
        keyMisses: keyMisses.total,
        keys,
        id: description?.EnclaveID ?? null,
        flags: description?.Flags ?? null,
        measurements: description?.Measurements ?? null,
      };
    });
  }

  #refuse(response: http.ServerResponse, code: ParentErrorCode): void {
    const status = STATUS[code] ?? 500;
    const retry = status === 503 ? { 'retry-after': String(this.#options.fleet.retryAfter) } : {};
    reply(response, status, { code }, { connection: 'close', ...retry });
  }
}

/** The enclave's own words go through as they are, errors included, with the name of who said them. */
function passOn(response: http.ServerResponse, answer: EnclaveAnswer): void {
  const retryAfter = answer.headers['retry-after'];
  response.writeHead(answer.status, {
    'content-type': answer.headers['content-type'] ?? 'application/octet-stream',
    'content-length': answer.body.length,
    [ENCLAVE_HEADER]: answer.enclaveId,
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  });
  response.end(answer.body);
}

function reply(
  response: http.ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

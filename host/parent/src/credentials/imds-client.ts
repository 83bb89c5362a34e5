// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import { ParentError } from '../errors.ts';

/** The link-local address of every instance's metadata service. */
export const IMDS_ENDPOINT = 'http://169.254.169.254';

export interface ImdsClientOptions {
  /** Default {@link IMDS_ENDPOINT}; on IPv6-only subnets `http://[fd00:ec2::254]`. */
  endpoint?: string;
  /** For one request, in milliseconds. Default 1 s: the service is in the same machine. */
  timeoutMs?: number;
  /** ms since the epoch. */
  now?: () => number;
}

/** Six hours, the longest that the service gives. */
const TTL_SECONDS = 21_600;
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
/** A token is not used in its last minute. */
const MARGIN_MS = 60_000;
const MAX_BYTES = 16 * 1024;
const TOKEN = /^[\x21-\x7e]{1,256}$/;

interface Token {
  readonly value: string;
  readonly usableUntil: number;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/**
 * The instance metadata service, version 2 only: every GET carries a session token, and there is no way back to
 * version 1, whatever the service says (AWS EC2 User Guide, "Use the Instance Metadata Service to access instance metadata").
 */
export class ImdsClient {
  readonly #endpoint: URL;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  #token: Token | null = null;

  constructor(options: ImdsClientOptions = {}) {
    this.#endpoint = new URL(options.endpoint ?? IMDS_ENDPOINT);
    this.#timeoutMs = options.timeoutMs ?? 1_000;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Text at a path such as `/latest/meta-data/instance-id`, at most 16 KiB.
   *
   * @throws ParentError `imds_unreachable` (no answer in time: off, or the hop limit keeps a container from it),
   * `imds_refused` (its message is the status), `imds_malformed`
   */
  async get(path: string): Promise<string> {
    let answer = await this.#read(path, await this.#session());
    if (answer.status === 401) {
      // The token has expired early, or the instance was stopped and started: one new token, one more try.
      this.#token = null;
      answer = await this.#read(path, await this.#session());
    }
    if (answer.status !== 200) throw new ParentError('imds_refused', `status ${answer.status}`);
    return answer.text;
  }

  async #session(): Promise<string> {
    const held = this.#token;
    if (held !== null && this.#now() < held.usableUntil) return held.value;
    const asked = this.#now();
    const answer = await this.#call('PUT', '/latest/api/token', { [TTL_HEADER]: String(TTL_SECONDS) });
    if (answer.status !== 200) throw new ParentError('imds_refused', `status ${answer.status}`);
    if (!TOKEN.test(answer.text)) throw new ParentError('imds_malformed', 'token');
    const ttl = Number(answer.headers[TTL_HEADER]);
    if (!Number.isSafeInteger(ttl) || ttl < 1 || ttl > TTL_SECONDS) {
      throw new ParentError('imds_malformed', 'token time to live');
    }
    this.#token = { value: answer.text, usableUntil: asked + ttl * 1000 - MARGIN_MS };
    return answer.text;
  }

  #read(path: string, token: string): Promise<Answer> {
    return this.#call('GET', path, { [TOKEN_HEADER]: token });
  }

  #call(method: 'GET' | 'PUT', path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // No agent, so no connection is kept and no proxy of the environment is asked.
      const request = http.request(new URL(path, this.#endpoint), { method, headers, agent: false });
      const fail = (error: ParentError) => {
        clearTimeout(timer);
        reject(error);
        request.destroy();
      };
      const timer = setTimeout(() => fail(new ParentError('imds_unreachable', 'timeout')), this.#timeoutMs);
      request.on('error', () => fail(new ParentError('imds_unreachable', 'connection')));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BYTES) fail(new ParentError('imds_malformed', 'too large'));
          else chunks.push(chunk);
        });
        response.on('error', () => fail(new ParentError('imds_unreachable', 'connection')));
        response.on('end', () => {
          clearTimeout(timer);
          if (!response.complete) return fail(new ParentError('imds_unreachable', 'connection'));
          const text = Buffer.concat(chunks, size).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      request.end();
    });
  }
}

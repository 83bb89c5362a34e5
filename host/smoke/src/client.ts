// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientOptions {
  /** Address of the stage, without a slash at its end. */
  readonly url: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** For one answer, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface Call {
  readonly method: string;
  /** Below the stage, with what must be encoded encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Beside those of every call, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `changed`: signed, and then another body is sent. `token`: not signed, with something in a token's place. */
  readonly as?: 'signed' | 'unsigned' | 'changed' | 'token';
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
  readonly ms: number;
}

/** No answer came. The code is Node's, or `timeout`, or `too_long`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

const MAX_ANSWER = 1024 * 1024;
/** API Gateway's own limit is 29 s, the vault's 10. */
const TIMEOUT_MS = 20_000;

/** Calls a REST API of API Gateway with requests signed for it (IAM User Guide, "AWS Signature Version 4"). */
export function createClient(options: ClientOptions): (call: Call) => Promise<Answer> {
  const { url, region, credentials, timeoutMs = TIMEOUT_MS } = options;
  const base = new URL(url);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: NodeSha256 });
  return async ({ method, path, query = {}, json, headers: more = {}, as = 'signed' }) => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const unsigned = {
      protocol: base.protocol,
      hostname: base.hostname,
      method,
      path: `${base.pathname}${path}`,
      query,
      headers: {
        ...more,
        host: base.host,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    };
    const signed = as === 'signed' || as === 'changed';
    const { headers } = signed ? await signer.sign(unsigned) : unsigned;
    const target = new URL(unsigned.path, base);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    return await send(target, {
      method,
      headers: { ...headers, ...(as === 'token' ? { authorization: 'Bearer bm8.dG9r.ZW4' } : {}) },
      body: as === 'changed' ? '{"changed":true}' : body,
      timeoutMs,
    });
  };
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

async function send(target: URL, { method, headers, body, timeoutMs }: Sent): Promise<Answer> {
  const began = performance.now();
  const request = target.protocol === 'http:' ? httpRequest : httpsRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request(target, { method, headers, signal }, (incoming) => {
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER) incoming.destroy(new NoAnswer('too_long'));
          else chunks.push(chunk);
        });
        incoming.once('error', reject);
        incoming.once('end', () => {
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
    return { status, json: parse(text), ms: Math.round(performance.now() - began) };
  } catch (cause) {
    if (cause instanceof NoAnswer) throw cause;
    throw new NoAnswer(signal.aborted ? 'timeout' : codeOf(cause), { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'failed';
}

/** SHA-256 as the signer wants it: plain, or keyed. */
class NodeSha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('a hash is made once');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

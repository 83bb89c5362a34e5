// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';

const MAX_ANSWER_BYTES = 64 * 1024;

/** An API of this machine, and a key for it. */
export interface LocalApi {
  readonly url: string;
  /** The certificate that it shows, and no other. */
  readonly certificate?: string | undefined;
  readonly key: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;
}

/**
 * Calls the API of this machine.
 * @throws {ApiCallError} `answer_too_long`, `another_certificate`; the system's error when it cannot be reached
 */
export function callLocalApi(
  { url, certificate, key }: LocalApi,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const target = new URL(path, url);
  const headers = {
    authorization: `Bearer ${key}`,
    // It may listen at another address of this machine, whose name it does not serve.
    host: `localhost:${target.port}`,
    ...(text !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    }),
  };
  const options = { method, headers, signal, agent: false } as const;
  return new Promise((resolve, reject) => {
    const sent =
      target.protocol === 'https:'
        ? secure(target, { ...options, ...(certificate === undefined ? {} : pinned(certificate)) })
        : plain(target, options);
    sent.once('error', reject);
    sent.once('response', (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) sent.destroy(new ApiCallError('answer_too_long'));
        else chunks.push(chunk);
      });
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          members: membersOf(Buffer.concat(chunks).toString('utf8')),
        }),
      );
    });
    sent.end(text);
  });
}

/** What the API answered instead of what was asked. */
export function refusalOf({ status, members }: ApiAnswer): ApiCallError {
  return new ApiCallError(typeof members.code === 'string' ? members.code : `status_${status}`);
}

/** A refusal by the API's own code, or a word of ours. */
export class ApiCallError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The API's certificate is whatever its owner gave it, perhaps for another name: it is known by itself. */
function pinned(certificate: string) {
  const own = new X509Certificate(certificate).raw;
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (_name: string, { raw }: { readonly raw: Buffer }) =>
      raw.equals(own) ? undefined : new ApiCallError('another_certificate'),
  };
}

function membersOf(text: string): ApiAnswer['members'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}

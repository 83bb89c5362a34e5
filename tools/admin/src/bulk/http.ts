// SPDX-License-Identifier: Apache-2.0
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AdminError } from '../errors.ts';

/** Where the vault answers, and as whom it is called. */
export interface Access {
  /** What its path has stands before each route: the stage of API Gateway. */
  readonly url: URL;
  /** API key or token, or who signs each request. */
  readonly as: string | Signer;
  /** Certificates to trust beside the system's, PEM. */
  readonly ca: string | undefined;
}

/** Signs requests with AWS credentials, in place of a key. */
export interface Signer {
  /** ARN of the role or user, without a session. */
  readonly caller: string;
  /** @returns all headers to send @throws {AdminError} `credentials_unusable` */
  sign(request: {
    readonly method: string;
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array | undefined;
  }): Promise<Readonly<Record<string, string>>>;
}

/** An answer that is no success. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly members: readonly { readonly path: string; readonly code: string }[];
}

const LIMIT_MS = 20_000;
/** 100 records of 350 KB, and what JSON adds. */
const LONGEST_ANSWER = 64 * 1024 * 1024;
const LONGEST_PROBLEM = 256 * 1024;
const LONGEST_RETRY_S = 3600;

/** Begins a request; the caller sends its body. Redirections are not followed: they would take the key along. */
export function call(
  { url, as, ca }: Access,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): ClientRequest {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return send(routeAt(url, path), {
    method,
    // A connection of its own each: streams hold theirs, and the rest is few.
    agent: false,
    ...(ca !== undefined && { ca }),
    headers: {
      ...(typeof as === 'string' && { authorization: `Bearer ${as}` }),
      'user-agent': 'enclave-vault',
      ...headers,
    },
  });
}

const routeAt = (url: URL, path: string): URL => new URL(`${url.pathname.replace(/\/+$/, '')}${path}`, url);

export interface JsonAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfter: number | undefined;
}

/**
 * @throws {AdminError} `vault_not_running`: no answer; `credentials_unusable`: nothing was sent
 * @throws whatever the signal was given
 */
export async function askJson(
  access: Access,
  method: string,
  path: string,
  body?: string,
  { signal, limitMs = LIMIT_MS }: { readonly signal?: AbortSignal; readonly limitMs?: number } = {},
): Promise<JsonAnswer> {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const plain: Record<string, string> = {
    ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': `${bytes.length}` }),
  };
  const headers =
    typeof access.as === 'string'
      ? plain
      : await access.as.sign({ method, url: routeAt(access.url, path), headers: plain, body: bytes });
  return new Promise((resolve, reject) => {
    const request = call(access, method, path, headers);
    const fail = (why: string): void => {
      request.destroy();
      reject(new AdminError('vault_not_running', `${access.url.origin} does not answer: ${why}`));
    };
    const timer = setTimeout(() => fail('it took too long'), limitMs);
    const leave = (): void => fail('ended here');
    if (signal?.aborted === true) leave();
    signal?.addEventListener('abort', leave, { once: true });
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    };
    request.on('error', (error) => {
      over();
      fail(codeOf(error));
    });
    request.on('response', (answer) => {
      readAll(answer, LONGEST_ANSWER)
        .then((text) =>
          resolve({ status: answer.statusCode ?? 0, json: parse(text), retryAfter: retryAfter(answer) }),
        )
        .catch((error: unknown) => fail(codeOf(error)))
        .finally(over);
    });
    request.end(bytes);
  });
}

/** What an answer that is no success says of itself. */
export async function problemOf(answer: IncomingMessage): Promise<Problem> {
  const text = await readAll(answer, LONGEST_PROBLEM).catch(() => '');
  return problemFrom({ status: answer.statusCode ?? 0, json: parse(text), retryAfter: retryAfter(answer) });
}

export function problemFrom({ status, json, retryAfter }: JsonAnswer): Problem {
  const { code, errors } = (json ?? {}) as { code?: unknown; errors?: unknown };
  return { status, code: nameOf(code) ?? `http_${status}`, retryAfter, members: membersOf(errors) };
}

/** Codes and paths of members: what else an answer may say is for people, and not ours to repeat. */
export function membersOf(value: unknown): Problem['members'] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 100).flatMap((one: unknown) => {
    const { path, code } = (one ?? {}) as { path?: unknown; code?: unknown };
    const named = nameOf(code);
    return typeof path === 'string' && named !== undefined ? [{ path: path.slice(0, 256), code: named }] : [];
  });
}

/** A code as the API writes them; undefined for anything else. */
export const nameOf = (code: unknown): string | undefined =>
  typeof code === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : undefined;

/** The code of an error of the network: its message may quote what was sent. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'connection lost';

function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, LONGEST_RETRY_S) : undefined;
}

async function readAll(answer: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

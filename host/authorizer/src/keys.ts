// SPDX-License-Identifier: Apache-2.0
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose';
import { AuthorizerError } from './errors.ts';

/** A set of keys has some kilobytes. */
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 3_000;
/** Unknown key ids make us ask again, but no more often: whoever sends tokens chooses them. */
const COOLDOWN_MS = 30_000;
/** A key that the issuer withdrew is taken so long. */
const MAX_AGE_MS = 600_000;
/** After a failure nothing is asked for so long: who has a key of those that we hold is answered from them. */
const FAILED_MS = 5_000;

export interface KeysOptions {
  /** Milliseconds of any clock that does not go back. */
  readonly now?: () => number;
  readonly timeoutMs?: number;
  readonly cooldownMs?: number;
}

/**
 * The issuer's public keys (RFC 7517), fetched when they are first needed.
 * @returns a finder that throws {@link AuthorizerError} `keys_unavailable`, or jose's error for a key that is not there
 */
export function issuerKeys(uri: string, options: KeysOptions = {}): JWTVerifyGetKey {
  const { now = () => performance.now(), timeoutMs = TIMEOUT_MS, cooldownMs = COOLDOWN_MS } = options;
  const remote = createRemoteJWKSet(new URL(uri), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: MAX_AGE_MS,
    [customFetch]: boundedFetch,
  });
  let failedAt = Number.NEGATIVE_INFINITY;
  let held: JWTVerifyGetKey | undefined;
  return async (header, token) => {
    const paused = now() - failedAt < FAILED_MS;
    // Tokens of strangers make us ask, and must not have others refused: only a key that we lack is out of reach.
    const finder = paused ? (remote.fresh ? held : undefined) : remote;
    if (finder === undefined) throw new AuthorizerError('keys_unavailable', 'failed a moment ago');
    try {
      return await finder(header, token);
    } catch (cause) {
      if (paused && cause instanceof errors.JWKSNoMatchingKey) {
        throw new AuthorizerError('keys_unavailable', 'failed a moment ago');
      }
      const known =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      // A header that no key could fit is the token's fault, whether the keys are there or not.
      if (known || cause instanceof errors.JOSENotSupported) throw cause;
      failedAt = now();
      const keys = remote.jwks();
      held = keys === undefined ? undefined : createLocalJWKSet(keys);
      throw new AuthorizerError('keys_unavailable', codeOf(cause), { cause });
    }
  };
}

/** jose asks for no redirection to be followed; what is longer than a set of keys is not read to its end. */
const boundedFetch: FetchImplementation = async (url, options) => {
  const answer = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new AuthorizerError('keys_unavailable', 'too_long');
    chunks.push(chunk);
  }
  // A Response may not have a status without content and a body at once.
  const body = length === 0 ? null : Buffer.concat(chunks);
  return new Response(body, { status: answer.status, headers: answer.headers });
};

function codeOf(cause: unknown): string {
  if (cause instanceof AuthorizerError) return cause.message;
  return cause instanceof errors.JOSEError ? cause.code : 'unreachable';
}

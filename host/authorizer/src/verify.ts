// SPDX-License-Identifier: Apache-2.0
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { AuthorizerError } from './errors.ts';
import type { AuthorizerSettings } from './settings.ts';

/** Longer tokens are refused unread, in characters: as the vault's own verification does. */
const MAX_TOKEN = 8 * 1024;
const CLOCK_TOLERANCE_SECONDS = 30;
/** A token may not be valid for longer than that after it was issued. */
const MAX_AGE_SECONDS = 24 * 60 * 60;
const BEARER = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

export type Expected = Pick<AuthorizerSettings, 'issuer' | 'audience' | 'algorithms' | 'type'>;

/**
 * Verifies the Authorization header of a request (RFC 6750, RFC 7519, RFC 8725).
 * @throws {AuthorizerError} `token_refused` for every token that is not good, `keys_unavailable`
 */
export async function verifyToken(
  header: string,
  { issuer, audience, algorithms, type }: Expected,
  keys: JWTVerifyGetKey,
): Promise<JWTPayload> {
  if (header.length > MAX_TOKEN) throw new AuthorizerError('token_refused', 'too_long');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new AuthorizerError('token_refused', 'no_token');
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      maxTokenAge: MAX_AGE_SECONDS,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
      ...(type === undefined ? {} : { typ: type }),
    });
    return payload;
  } catch (cause) {
    if (cause instanceof AuthorizerError) throw cause;
    const reason = cause instanceof errors.JOSEError ? cause.code : 'unreadable';
    throw new AuthorizerError('token_refused', reason, { cause });
  }
}

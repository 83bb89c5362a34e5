// SPDX-License-Identifier: Apache-2.0
import { type Principal, VaultError } from '@enclave-vault/vault';
import { type ClaimMapping, principalOf } from './claims.ts';
import type { JSONWebKeySet, JWTVerifyGetKey } from './jose.ts';

/** An issuer whose tokens are taken. */
export interface OidcIssuer {
  /** Equal to the token's `iss`. */
  readonly issuer: string;
  /** One of the token's `aud`. */
  readonly audience: string;
  /** Its public keys, or where they are. */
  readonly keys: { readonly jwks: JSONWebKeySet } | { readonly jwksUri: string };
  /** Signature algorithms that are taken. */
  readonly algorithms: readonly string[];
  readonly mapping: ClaimMapping;
}

/** Longer tokens are refused unread, in characters. */
const MAX_TOKEN = 8 * 1024;
/** For an issuer whose clock is ahead of ours. `exp` has none, since it ends the rights of the principal as well. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** A token may not be valid for longer than that after it was issued. */
const MAX_AGE_SECONDS = 24 * 60 * 60;

/**
 * Verifies JSON Web Tokens of configured issuers (RFC 7519, RFC 8725): the issuer is chosen by the unverified
 * `iss`, everything else is then verified against that issuer's own keys, audience and algorithms.
 */
export class OidcVerifier {
  readonly #issuers: ReadonlyMap<string, OidcIssuer>;
  readonly #keys = new Map<string, JWTVerifyGetKey>();

  constructor(issuers: readonly OidcIssuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
  }

  /** @throws {VaultError} `unauthenticated` for every token that is not good, whatever the reason */
  async authenticate(token: string): Promise<Principal> {
    if (this.#issuers.size === 0 || token.length > MAX_TOKEN) throw new VaultError('unauthenticated');
    // Loaded when the first token comes: most vaults know API keys only.
    const jose = await import('./jose.ts');
    try {
      const issuer = this.#issuers.get(jose.decodeJwt(token).iss ?? '');
      if (issuer === undefined) throw new VaultError('unauthenticated');
      const { payload } = await jose.jwtVerify(token, this.#keysOf(jose, issuer), {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: [...issuer.algorithms],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
        requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
      });
      const principal = principalOf(payload, issuer.mapping);
      if (principal === undefined || (principal.expires ?? 0) <= Date.now() * 1_000)
        throw new VaultError('unauthenticated');
      return principal;
    } catch (cause) {
      if (cause instanceof VaultError) throw cause;
      throw new VaultError('unauthenticated', { cause });
    }
  }

  #keysOf(jose: typeof import('./jose.ts'), { issuer, keys }: OidcIssuer): JWTVerifyGetKey {
    const known = this.#keys.get(issuer);
    if (known !== undefined) return known;
    const made: JWTVerifyGetKey =
      'jwks' in keys ? jose.createLocalJWKSet(keys.jwks) : jose.createRemoteJWKSet(new URL(keys.jwksUri));
    this.#keys.set(issuer, made);
    return made;
  }
}

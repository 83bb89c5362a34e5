// SPDX-License-Identifier: Apache-2.0
import { type Principal, VaultError } from '@enclave-vault/vault';
import { ApiError } from '../errors.ts';
import type { TokenBuckets } from '../http/token-bucket.ts';
import type { OidcVerifier } from './oidc.ts';

export interface AuthenticatorOptions {
  /** Reads API keys: the vault's authenticate(). @throws {VaultError} `unauthenticated` */
  readonly apiKeys: (token: string) => Promise<Principal>;
  readonly oidc: OidcVerifier;
  /** Failures of one address. */
  readonly failures: TokenBuckets;
  /** Failures with the id of one key, from whatever addresses. */
  readonly keyFailures: TokenBuckets;
}

/** Schemes are case-insensitive (RFC 9110 section 11.1); the token is token68 (RFC 6750 section 2.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const API_KEY_PREFIX = 'evk_';
/** The id of a key, known or not: failures are counted by it, and the secret behind it is kept nowhere. */
const API_KEY_ID = /^evk_([0-9A-Z]{26})_/;

/** Finds out who calls. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * Failures beyond the rate of the address, or of the key that is tried, get 429 instead of 401. Nobody is locked out: right credentials
   * are never held up by failures of others, behind the same address or with the same key's id. There is nothing to
   * protect by a lock: a secret has 256 random bits. What guesses can do is to cost and to make noise, and both are bounded.
   * @throws {VaultError} `unauthenticated`, or what the vault says @throws {ApiError} `rate_limited`
   */
  async authenticate(header: string | undefined, address: string): Promise<Principal> {
    const token = BEARER.exec(header ?? '')?.[1];
    try {
      if (token === undefined) throw new VaultError('unauthenticated');
      return token.startsWith(API_KEY_PREFIX)
        ? await this.#options.apiKeys(token)
        : await this.#options.oidc.authenticate(token);
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== 'unauthenticated') throw error;
      const id = API_KEY_ID.exec(token ?? '')?.[1];
      const { failures, keyFailures } = this.#options;
      // Both are counted, whichever says no.
      const retryAfter = Math.max(failures.take(address), id === undefined ? 0 : keyFailures.take(id));
      if (retryAfter > 0) throw new ApiError('rate_limited', { retryAfter });
      throw error;
    }
  }
}

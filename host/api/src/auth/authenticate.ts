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
}

/** Schemes are case-insensitive (RFC 9110 section 11.1); the token is token68 (RFC 6750 section 2.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const API_KEY_PREFIX = 'evk_';

/** Finds out who calls. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * Failures beyond the address's rate get 429 instead of 401; right credentials are never held up by others'
   * failures behind the same address.
   * @throws {VaultError} `unauthenticated`, or what the vault says @throws {ApiError} `rate_limited`
   */
  async authenticate(header: string | undefined, address: string): Promise<Principal> {
    try {
      const token = BEARER.exec(header ?? '')?.[1];
      if (token === undefined) throw new VaultError('unauthenticated');
      return token.startsWith(API_KEY_PREFIX)
        ? await this.#options.apiKeys(token)
        : await this.#options.oidc.authenticate(token);
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== 'unauthenticated') throw error;
      const retryAfter = this.#options.failures.take(address);
      if (retryAfter > 0) throw new ApiError('rate_limited', { retryAfter });
      throw error;
    }
  }
}

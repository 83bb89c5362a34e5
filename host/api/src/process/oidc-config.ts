// SPDX-License-Identifier: Apache-2.0
import { isScope, type Scope } from '@enclave-vault/vault';
import type { ClaimMapping } from '../auth/claims.ts';
import type { OidcIssuer } from '../auth/oidc.ts';
import { ConfigError } from '../errors.ts';
import { array, type Members, members, only, optionalText, text } from './members.ts';

/** Asymmetric signatures only: a shared secret, and `none`, never (RFC 8725 sections 3.1 and 3.2). */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'];
const DEFAULT_ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'];

/**
 * Reads the issuers: [{issuer, audience, jwks | jwksUri, algorithms?, tenant | tenantClaim, scopesClaim?,
 * scopeMap?, fieldsClaim?, purposesClaim?, deriveOnlyClaim?}].
 * @throws {ConfigError}
 */
export function parseOidc(value: unknown): OidcIssuer[] {
  if (value === undefined || value === null) return [];
  const issuers = array(value, 'oidc').map((item, index) => parseIssuer(members(item, `oidc[${index}]`)));
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length) {
    throw new ConfigError('oidc has an issuer twice');
  }
  return issuers;
}

function parseIssuer(from: Members): OidcIssuer {
  only(
    from,
    [
      'issuer',
      'audience',
      'jwks',
      'jwksUri',
      'algorithms',
      'tenant',
      'tenantClaim',
      'scopesClaim',
      'scopeMap',
      'fieldsClaim',
      'purposesClaim',
      'deriveOnlyClaim',
    ],
    'oidc',
  );
  const algorithms = array(from.algorithms ?? DEFAULT_ALGORITHMS, 'oidc.algorithms');
  if (algorithms.length === 0 || !algorithms.every((name) => ALGORITHMS.includes(name as string))) {
    throw new ConfigError('oidc.algorithms must be asymmetric signature algorithms');
  }
  return {
    issuer: text(from, 'issuer'),
    audience: text(from, 'audience'),
    keys: parseKeys(from),
    algorithms: algorithms as string[],
    mapping: parseMapping(from),
  };
}

function parseKeys(from: Members): OidcIssuer['keys'] {
  if ((from.jwks === undefined) === (from.jwksUri === undefined)) {
    throw new ConfigError('oidc must have one of jwks and jwksUri');
  }
  if (from.jwks !== undefined) {
    const keys = array(members(from.jwks, 'oidc.jwks').keys, 'oidc.jwks.keys');
    if (keys.some((key) => typeof members(key, 'oidc.jwks.keys').kty !== 'string')) {
      throw new ConfigError('oidc.jwks.keys must hold keys');
    }
    return { jwks: { keys: keys as [] } };
  }
  const jwksUri = text(from, 'jwksUri');
  // Who can change the keys on their way is the issuer.
  if (!URL.canParse(jwksUri) || new URL(jwksUri).protocol !== 'https:') {
    throw new ConfigError('oidc.jwksUri must be an https URL');
  }
  return { jwksUri };
}

function parseMapping(from: Members): ClaimMapping {
  const tenant = optionalText(from, 'tenant');
  const tenantClaim = optionalText(from, 'tenantClaim');
  if ((tenant === undefined) === (tenantClaim === undefined)) {
    throw new ConfigError('oidc must have one of tenant and tenantClaim');
  }
  const fields = optionalText(from, 'fieldsClaim');
  const purposes = optionalText(from, 'purposesClaim');
  const deriveOnly = optionalText(from, 'deriveOnlyClaim');
  return {
    tenant: tenant === undefined ? { claim: tenantClaim ?? '' } : { fixed: tenant },
    scopes: optionalText(from, 'scopesClaim') ?? 'scope',
    ...(from.scopeMap === undefined ? {} : { scopeMap: parseScopeMap(from.scopeMap) }),
    ...(fields === undefined ? {} : { fields }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(deriveOnly === undefined ? {} : { deriveOnly }),
  };
}

function parseScopeMap(value: unknown): Record<string, readonly Scope[]> {
  const entries = Object.entries(members(value, 'oidc.scopeMap')).map(([name, list]) => {
    const scopes = array(list, 'oidc.scopeMap').filter(
      (scope) => typeof scope === 'string' && isScope(scope),
    );
    if (scopes.length !== (list as unknown[]).length)
      throw new ConfigError('oidc.scopeMap must map to scopes');
    return [name, scopes as Scope[]] as const;
  });
  return Object.fromEntries(entries);
}

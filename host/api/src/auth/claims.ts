// SPDX-License-Identifier: Apache-2.0
import { isScope, type Principal, type Scope } from '@enclave-vault/vault';

/** Where a principal's parts stand in a token of one issuer. Names of claims, but for `tenant.fixed`. */
export interface ClaimMapping {
  /** The tenant: one for all tokens of the issuer, or a claim. */
  readonly tenant: { readonly fixed: string } | { readonly claim: string };
  /** A claim with scopes: text with spaces between (RFC 8693 section 4.2) or a list. */
  readonly scopes: string;
  /** From the issuer's names (roles, groups) to scopes; without it the claim holds scopes of the vault. */
  readonly scopeMap?: Readonly<Record<string, readonly Scope[]>>;
  /** Claims with lists of field names, of purposes, and a Boolean. A token without the claim is not narrowed. */
  readonly fields?: string;
  readonly purposes?: string;
  readonly deriveOnly?: string;
}

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
const MAX_ACTOR = 512;

/**
 * Makes a principal of the claims of a verified token.
 * @returns undefined when the token does not say who and for which tenant, or says anything in another shape:
 *   a narrowing that cannot be read must not widen
 */
export function principalOf(
  claims: Readonly<Record<string, unknown>>,
  mapping: ClaimMapping,
): Principal | undefined {
  const { iss, sub, exp } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '' || typeof exp !== 'number')
    return undefined;
  const tenant = 'fixed' in mapping.tenant ? mapping.tenant.fixed : own(claims, mapping.tenant.claim);
  const actor = `jwt:${iss}#${sub}`;
  const scopes = names(own(claims, mapping.scopes));
  const fields = optional(claims, mapping.fields, names);
  const purposes = optional(claims, mapping.purposes, names);
  const deriveOnly = optional(claims, mapping.deriveOnly, (value) =>
    typeof value === 'boolean' ? value : undefined,
  );
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) return undefined;
  if (actor.length > MAX_ACTOR || !actor.isWellFormed()) return undefined;
  if (scopes === undefined || fields === undefined || purposes === undefined || deriveOnly === undefined) {
    return undefined;
  }
  return {
    tenant,
    actor,
    scopes: new Set(scopes.flatMap((name) => scopesOf(name, mapping.scopeMap))),
    fields: fields === null ? null : new Set(fields),
    purposes: purposes === null ? null : new Set(purposes),
    deriveOnly: deriveOnly ?? false,
    expires: Math.floor(exp * 1_000_000),
  };
}

function scopesOf(name: string, map: ClaimMapping['scopeMap']): readonly Scope[] {
  if (map !== undefined) return Object.hasOwn(map, name) ? (map[name] ?? []) : [];
  // Tokens carry scopes for other services as well: those mean nothing here.
  return isScope(name) ? [name] : [];
}

/** The claim's value; null when the mapping has none or the token lacks it; undefined when it cannot be read. */
function optional<T>(
  claims: Readonly<Record<string, unknown>>,
  claim: string | undefined,
  read: (value: unknown) => T | undefined,
): T | null | undefined {
  if (claim === undefined || !Object.hasOwn(claims, claim)) return null;
  return read(claims[claim]);
}

function own(claims: Readonly<Record<string, unknown>>, claim: string): unknown {
  return Object.hasOwn(claims, claim) ? claims[claim] : undefined;
}

function names(value: unknown): string[] | undefined {
  if (typeof value === 'string') return value.split(' ').filter((name) => name !== '');
  if (!Array.isArray(value)) return undefined;
  const list = value.filter((item) => typeof item === 'string');
  return list.length === value.length ? list : undefined;
}

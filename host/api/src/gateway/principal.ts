// SPDX-License-Identifier: Apache-2.0
import { isScope, type Principal, type Scope } from '@enclave-vault/vault';
import type { GatewayIdentity } from './identity.ts';
import type { ClaimRule, GatewayPolicy, Given, IamRule, Rights } from './policy.ts';

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
const MAX_ACTOR = 512;

type Iam = Extract<GatewayIdentity, { kind: 'iam' }>;
type Claims = Extract<GatewayIdentity, { kind: 'claims' }>;

/**
 * The rights of a caller whom the gateway's authorizer knows.
 * @returns null when no rule gives him any, or when what the rule reads of him is in another shape than it should be:
 *   a narrowing that cannot be read must not widen
 */
export function gatewayPrincipal(identity: GatewayIdentity, policy: GatewayPolicy): Principal | null {
  if (identity.kind === 'iam') {
    const rule = findIamRule(identity, policy.iam);
    return rule === undefined ? null : principal(iamActor(identity, rule), rule, null);
  }
  if (identity.kind === 'claims') {
    const rule = policy.claims.find((one) => holds(one, identity));
    return rule === undefined ? null : ofClaims(identity, rule);
  }
  return null;
}

/** How logs and the audit name the caller; undefined when that is not to be made out. */
export function actorOf(identity: GatewayIdentity): string | undefined {
  if (identity.kind === 'iam') return iamActor(identity, { audit: 'role' });
  return identity.kind === 'claims' ? claimsActor(identity) : undefined;
}

function findIamRule({ arn, principalId }: Iam, rules: readonly IamRule[]): IamRule | undefined {
  const matching = rules.filter((rule) => rule.arn.matches(arn));
  const rule = matching.find((one) => one.arn.exact) ?? matching[0];
  // The rule for this name decides, though it is for another who had the name: no other rule takes over.
  if (rule?.principalId != null && rule.principalId !== principalId) return undefined;
  return rule;
}

function iamActor({ arn, session }: Iam, { audit }: Pick<IamRule, 'audit'>): string {
  return audit === 'session' && session !== null ? `iam:${arn}#${session}` : `iam:${arn}`;
}

function holds({ source, when }: ClaimRule, identity: Claims): boolean {
  return (
    source === identity.source &&
    Object.entries(when).every(([claim, value]) => own(identity.claims, claim) === value)
  );
}

function ofClaims(identity: Claims, rule: ClaimRule): Principal | null {
  const { claims } = identity;
  const actor = claimsActor(identity);
  const tenant = given(claims, rule.tenant, text);
  const scopes = given(claims, rule.scopes, (value) => {
    return names(value)?.flatMap((name) => scopesOf(name, rule.scopeMap));
  });
  const fields = narrowing(claims, rule.fields, names);
  const purposes = narrowing(claims, rule.purposes, names);
  const deriveOnly = narrowing(claims, rule.deriveOnly, flag);
  const expires = expiry(own(claims, 'exp'));
  if (actor === undefined || tenant === undefined || scopes === undefined || fields === undefined)
    return null;
  if (purposes === undefined || deriveOnly === undefined || expires === undefined) return null;
  return principal(actor, { tenant, scopes, fields, purposes, deriveOnly: deriveOnly ?? false }, expires);
}

function principal(actor: string, rights: Rights, expires: number | null): Principal | null {
  const { tenant, scopes, fields, purposes, deriveOnly } = rights;
  if (!TENANT.test(tenant) || actor.length > MAX_ACTOR || !actor.isWellFormed()) return null;
  return {
    tenant,
    actor,
    scopes: new Set(scopes),
    fields: fields === null ? null : new Set(fields),
    purposes: purposes === null ? null : new Set(purposes),
    deriveOnly,
    expires,
  };
}

/** A user pool's subject by its issuer, like a token that the vault verified itself; else the authorizer's principal. */
function claimsActor({ source, claims }: Claims): string | undefined {
  if (source === 'lambda') {
    const id = text(own(claims, 'principalId'));
    return id === undefined ? undefined : `authorizer:${id}`;
  }
  const [iss, sub] = [text(own(claims, 'iss')), text(own(claims, 'sub'))];
  return iss === undefined || sub === undefined ? undefined : `jwt:${iss}#${sub}`;
}

/** A right that must be there. */
function given<T>(
  claims: Claims['claims'],
  from: Given<T>,
  read: (value: unknown) => T | undefined,
): T | undefined {
  return 'fixed' in from ? from.fixed : read(own(claims, from.claim));
}

/** A narrowing: who lacks the claim is not narrowed. */
function narrowing<T>(
  claims: Claims['claims'],
  from: Given<T>,
  read: (value: unknown) => T | undefined,
): T | null | undefined {
  if ('claim' in from && !Object.hasOwn(claims, from.claim)) return null;
  return given(claims, from, read);
}

function own(claims: Claims['claims'], name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** API Gateway hands lists over as text, with commas between (groups of a user pool) or spaces (scopes). */
function names(value: unknown): string[] | undefined {
  return typeof value === 'string' ? value.split(/[\s,]+/).filter((name) => name !== '') : undefined;
}

/** A Lambda authorizer's Booleans arrive as text. */
function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

function scopesOf(name: string, map: ClaimRule['scopeMap']): readonly Scope[] {
  if (map !== null) return Object.hasOwn(map, name) ? (map[name] ?? []) : [];
  // Tokens carry scopes for other services as well: those mean nothing here.
  return isScope(name) ? [name] : [];
}

/**
 * The end of a token, in microseconds; null when the authorizer tells none. Seconds since the epoch (RFC 7519 section
 * 4.1.4), as a number or text; API Gateway gives a user pool's as a date: `Tue Mar 03 12:00:00 UTC 2026`.
 */
function expiry(value: unknown): number | null | undefined {
  if (value === undefined) return null;
  const date = typeof value === 'string' && /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} /.test(value);
  const seconds = date
    ? Date.parse(value) / 1000
    : /^\d{1,12}$/.test(String(value))
      ? Number(value)
      : Number.NaN;
  return Number.isFinite(seconds) ? Math.floor(seconds * 1_000_000) : undefined;
}

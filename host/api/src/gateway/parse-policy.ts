// SPDX-License-Identifier: Apache-2.0
import { isScope, SCOPES, type Scope } from '@enclave-vault/vault';
import { ConfigError } from '../errors.ts';
import { type ArnPattern, readArnPattern } from './iam-arn.ts';
import type { ClaimRule, GatewayPolicy, Given, IamRule, Rights } from './policy.ts';

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
const MAX_RULES = 1_000;

/** What the rules may name. */
export interface PolicyNames {
  readonly fields: ReadonlySet<string>;
  readonly purposes: ReadonlySet<string>;
}

type Members = Readonly<Record<string, unknown>>;

const RIGHTS = ['tenant', 'scopes', 'fields', 'purposes', 'deriveOnly'];
const IAM_MEMBERS = ['arn', 'principalId', 'audit', ...RIGHTS];
const CLAIM_MEMBERS = ['source', 'when', 'scopeMap', ...RIGHTS, ...RIGHTS.map((name) => `${name}Claim`)];

/**
 * Reads a policy file: {"version": 1, "iam": [{arn, principalId?, audit?, tenant, scopes, fields?, purposes?,
 * deriveOnly?}], "claims": [{source, when, tenant | tenantClaim, scopes | scopesClaim, scopeMap?, fields |
 * fieldsClaim …}]}.
 * @throws {ConfigError} with all that is wrong: places and never values
 */
export function parseGatewayPolicy(value: unknown, known: PolicyNames): GatewayPolicy {
  const read = new Reader(known);
  const policy = read.policy(value);
  if (read.problems.length > 0) throw new ConfigError(`authorizers: ${read.problems.join('; ')}`);
  return policy;
}

class Reader {
  readonly problems: string[] = [];
  readonly #known: PolicyNames;

  constructor(known: PolicyNames) {
    this.#known = known;
  }

  policy(value: unknown): GatewayPolicy {
    const root = this.#members(value, 'the policy');
    this.#only(root, ['version', 'iam', 'claims'], 'the policy');
    if (root.version !== 1) this.#say('version', 'must be 1');
    const iam = this.#list(root.iam ?? [], 'iam').map((rule, at) => this.#iam(rule, `iam[${at}]`));
    const claims = this.#list(root.claims ?? [], 'claims').map((rule, at) => {
      return this.#claims(rule, `claims[${at}]`);
    });
    if (iam.length + claims.length > MAX_RULES) this.#say('the policy', `has more than ${MAX_RULES} rules`);
    const seen = new Set<string>();
    for (const [at, { arn }] of iam.entries()) {
      if (arn.text !== '' && seen.has(arn.text)) this.#say(`iam[${at}].arn`, 'has a rule already');
      seen.add(arn.text);
    }
    return { iam, claims };
  }

  #iam(value: unknown, at: string): IamRule {
    const from = this.#members(value, at);
    this.#only(from, IAM_MEMBERS, at);
    const audit = from.audit ?? 'role';
    if (audit !== 'role' && audit !== 'session') this.#say(`${at}.audit`, 'must be role or session');
    return {
      arn: this.#arn(from.arn, `${at}.arn`),
      principalId: from.principalId === undefined ? null : this.#text(from.principalId, `${at}.principalId`),
      audit: audit === 'session' ? 'session' : 'role',
      ...this.#rights(from, at),
    };
  }

  #claims(value: unknown, at: string): ClaimRule {
    const from = this.#members(value, at);
    this.#only(from, CLAIM_MEMBERS, at);
    const { source } = from;
    if (source !== 'cognito' && source !== 'lambda') this.#say(`${at}.source`, 'must be cognito or lambda');
    const when = Object.entries(this.#members(from.when, `${at}.when`)).map(([claim, wanted]) => {
      return [claim, this.#text(wanted, `${at}.when`)] as const;
    });
    const none: Given<readonly string[] | null> = { fixed: null };
    return {
      source: source === 'cognito' ? 'cognito' : 'lambda',
      when: Object.fromEntries(when),
      tenant: this.#given(from, 'tenant', at, (given, place) => this.#tenant(given, place)) ?? { fixed: '' },
      scopes: this.#given(from, 'scopes', at, (given, place) => this.#scopes(given, place)) ?? { fixed: [] },
      scopeMap: this.#scopeMap(from, at),
      fields: this.#narrowing(from, 'fields', at) ?? none,
      purposes: this.#narrowing(from, 'purposes', at) ?? none,
      deriveOnly: this.#optional(from, 'deriveOnly', at, (given, place) => this.#flag(given, place)) ?? {
        fixed: false,
      },
    };
  }

  #rights(from: Members, at: string): Rights {
    return {
      tenant: this.#tenant(from.tenant, `${at}.tenant`),
      scopes: this.#scopes(from.scopes, `${at}.scopes`),
      fields: this.#names(from.fields ?? null, 'fields', `${at}.fields`),
      purposes: this.#names(from.purposes ?? null, 'purposes', `${at}.purposes`),
      deriveOnly: this.#flag(from.deriveOnly ?? false, `${at}.deriveOnly`),
    };
  }

  /** A right of a rule by claims: exactly one of `name` and `nameClaim`. */
  #given<T>(
    from: Members,
    name: string,
    at: string,
    read: (given: unknown, place: string) => T,
  ): Given<T> | undefined {
    const found = this.#optional(from, name, at, read);
    if (found === undefined) this.#say(at, `must have one of ${name} and ${name}Claim`);
    return found;
  }

  #optional<T>(
    from: Members,
    name: string,
    at: string,
    read: (given: unknown, place: string) => T,
  ): Given<T> | undefined {
    const [fixed, claim] = [from[name], from[`${name}Claim`]];
    if (fixed !== undefined && claim !== undefined)
      this.#say(at, `must not have both ${name} and ${name}Claim`);
    if (claim !== undefined) return { claim: this.#text(claim, `${at}.${name}Claim`) };
    return fixed === undefined ? undefined : { fixed: read(fixed, `${at}.${name}`) };
  }

  #narrowing(
    from: Members,
    name: keyof PolicyNames,
    at: string,
  ): Given<readonly string[] | null> | undefined {
    return this.#optional(from, name, at, (given, place) => this.#names(given, name, place));
  }

  #scopeMap(from: Members, at: string): ClaimRule['scopeMap'] {
    if (from.scopeMap === undefined) return null;
    if (from.scopesClaim === undefined) this.#say(`${at}.scopeMap`, 'needs scopesClaim');
    const entries = Object.entries(this.#members(from.scopeMap, `${at}.scopeMap`));
    return Object.fromEntries(entries.map(([name, list]) => [name, this.#scopes(list, `${at}.scopeMap`)]));
  }

  #arn(value: unknown, at: string): ArnPattern {
    const read = readArnPattern(this.#text(value, at));
    if (typeof read !== 'string') return read;
    this.#say(at, read);
    return { text: '', exact: true, matches: () => false };
  }

  #tenant(value: unknown, at: string): string {
    if (typeof value === 'string' && TENANT.test(value)) return value;
    this.#say(at, 'must be a tenant: a-z, 0-9 and -, at most 63 characters');
    return '';
  }

  #scopes(value: unknown, at: string): Scope[] {
    const list = this.#list(value, at);
    const scopes = list.filter((one): one is Scope => typeof one === 'string' && isScope(one));
    if (scopes.length !== list.length) this.#say(at, `must hold scopes: ${SCOPES.join(', ')}`);
    return scopes;
  }

  #names(value: unknown, kind: keyof PolicyNames, at: string): string[] | null {
    if (value === null) return null;
    const list = this.#list(value, at);
    const names = list.filter((one) => typeof one === 'string' && this.#known[kind].has(one));
    if (names.length !== list.length) this.#say(at, `must hold ${kind} of the record schema`);
    return names as string[];
  }

  #flag(value: unknown, at: string): boolean {
    if (typeof value !== 'boolean') this.#say(at, 'must be true or false');
    return value === true;
  }

  #text(value: unknown, at: string): string {
    if (typeof value === 'string' && value !== '' && value.length <= 2048) return value;
    this.#say(at, 'must be a non-empty text');
    return '';
  }

  #list(value: unknown, at: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.#say(at, 'must be a list');
    return [];
  }

  #members(value: unknown, at: string): Members {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
    this.#say(at, 'must be an object');
    return {};
  }

  #only(from: Members, known: readonly string[], at: string): void {
    if (!Object.keys(from).every((name) => known.includes(name))) {
      this.#say(at, `has a member that is none of ${known.join(', ')}`);
    }
  }

  #say(at: string, what: string): void {
    this.problems.push(`${at} ${what}`);
  }
}

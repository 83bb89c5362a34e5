// SPDX-License-Identifier: Apache-2.0
import { Unwanted } from '@enclave-vault/settings';

/**
 * A rule of the API's policy file for a role (`iam` in docs/lambda.md). What a caller of the gateway may do is read by the
 * API itself; here is checked what becomes part of a template, and the deploy command reads the file as the API does.
 */
export interface Caller {
  /** Exact ARN of a role, with its path. */
  readonly arn: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly [right: string]: unknown;
}

/** A rule for holders of tokens (`claims` in docs/lambda.md), whose `source` is always the authorizer. */
export interface TokenRule {
  readonly when: Readonly<Record<string, string>>;
  readonly [right: string]: unknown;
}

/** Tenant of the smoke test's records: no caller has it. */
export const SMOKE_TENANT = 'smoke';

/** Tenant of the records of the canaries' positive control: no caller has it either. */
export const CONTROL_TENANT = 'canary';

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/;
/** With their ARNs twice in it the API's resource policy must stay below API Gateway's 8192 characters. */
const MAX_CALLERS = 30;
const MAX_RULES = 50;

/** @throws {Unwanted} */
export function parseCallers(value: unknown): readonly Caller[] {
  const callers = list(value, MAX_CALLERS).map((one, at) => {
    const { arn, tenant, scopes, ...rights } = members(one, at);
    if (typeof arn !== 'string' || !ROLE.test(arn)) {
      throw new Unwanted(`at ${at}: arn must be the exact ARN of a role, without wildcards`);
    }
    if (typeof tenant !== 'string') throw new Unwanted(`at ${at}: tenant is missing`);
    if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) {
      throw new Unwanted(`at ${at}: scopes must be a list`);
    }
    return { ...rights, arn, tenant, scopes };
  });
  if (new Set(callers.map(({ arn }) => nameOf(arn))).size !== callers.length) {
    throw new Unwanted('has a role twice');
  }
  return callers;
}

/** @throws {Unwanted} */
export function parseTokenRules(value: unknown): readonly TokenRule[] {
  return list(value, MAX_RULES).map((one, at) => {
    const { when, ...rights } = members(one, at);
    if (
      typeof when !== 'object' ||
      when === null ||
      Object.values(when).some((is) => typeof is !== 'string')
    ) {
      throw new Unwanted(`at ${at}: when must be an object of texts`);
    }
    if ('source' in rights) throw new Unwanted(`at ${at}: source is not a choice`);
    return { ...rights, when: when as Readonly<Record<string, string>> };
  });
}

/** Names of roles are unique in an account whatever their path, which does not reach the vault. */
function nameOf(arn: string): string {
  return `${arn.split(':')[4]}/${arn.split('/').at(-1)}`;
}

function list(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Unwanted('is not a list');
  if (value.length > max) throw new Unwanted(`has more than ${max} members`);
  return value;
}

function members(value: unknown, at: number): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Unwanted(`at ${at}: is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

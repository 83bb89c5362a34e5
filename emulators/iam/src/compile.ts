// SPDX-License-Identifier: Apache-2.0
import { type Condition, compileConditions } from './condition.ts';
import { PolicyError } from './errors.ts';
import { compileNotPrincipal, compilePrincipal, type PrincipalMatcher } from './principal.ts';
import { parseTemplate, type Template, type TemplateOptions } from './template.ts';
import type { PolicyDocument, PolicyKind, Statement } from './types.ts';
import { validatePolicy } from './validate.ts';

/** A list of patterns, or (for the Not… elements) all that is on none of them. */
export interface PatternList {
  readonly not: boolean;
  readonly patterns: readonly Template[];
}

export interface CompiledStatement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly action: PatternList;
  /** Null where the policy is about the very resource it hangs on: role trust, and services without the element. */
  readonly resource: PatternList | null;
  /** Null where the kind of policy has no principals. */
  readonly principal: PrincipalMatcher | null;
  readonly conditions: readonly Condition[];
}

export interface CompiledPolicy {
  readonly id: string | undefined;
  readonly statements: readonly CompiledStatement[];
}

const cache = new WeakMap<PolicyDocument, Map<PolicyKind, CompiledPolicy>>();

/**
 * Compiles a document once for each object: do not change a document after it has been used, make a new one.
 * @throws {PolicyError} `malformed_policy` with every problem {@link validatePolicy} finds
 */
export function compilePolicy(document: PolicyDocument, kind: PolicyKind): CompiledPolicy {
  const known = cache.get(document)?.get(kind);
  if (known !== undefined) return known;
  const problems = validatePolicy(document, kind);
  if (problems.length > 0) throw new PolicyError(problems);
  const variables = document.Version === '2012-10-17';
  const statements: readonly Statement[] = list(document.Statement);
  const compiled = {
    id: document.Id,
    statements: statements.map((statement) => compileStatement(statement, variables)),
  };
  const kinds = cache.get(document) ?? new Map<PolicyKind, CompiledPolicy>();
  cache.set(document, kinds.set(kind, compiled));
  return compiled;
}

function compileStatement(statement: Statement, variables: boolean): CompiledStatement {
  const { Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
  const arns: TemplateOptions = { variables, wildcards: 'arn' };
  const actions: TemplateOptions = { variables: false, wildcards: 'text', fold: true };
  const action = patterns(Action, NotAction, actions);
  if (action === null) throw new TypeError('statement was not validated');
  let principal: PrincipalMatcher | null = null;
  if (Principal !== undefined) principal = compilePrincipal(Principal);
  if (NotPrincipal !== undefined) principal = compileNotPrincipal(NotPrincipal, Effect);
  return {
    sid: Sid,
    effect: Effect,
    action,
    resource: patterns(Resource, NotResource, arns),
    principal,
    conditions: compileConditions(statement, variables),
  };
}

function patterns(
  these: string | readonly string[] | undefined,
  allBut: string | readonly string[] | undefined,
  options: TemplateOptions,
): PatternList | null {
  const values = these ?? allBut;
  if (values === undefined) return null;
  const parsed = list(values).map((value) => parseTemplate(value, options));
  return { not: these === undefined, patterns: parsed.filter((template) => template !== null) };
}

function list<T extends object | string>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

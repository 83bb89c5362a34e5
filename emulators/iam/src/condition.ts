// SPDX-License-Identifier: Apache-2.0
import type { RequestContext } from './context.ts';
import { findOperator, type OperatorName, type Test } from './operators.ts';
import { expand, parseTemplate } from './template.ts';
import type { ConditionTrace, Statement } from './types.ts';
import { readBool } from './values.ts';

/** One condition key under one operator. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly expected: readonly string[];
  readonly evaluate: (context: RequestContext) => boolean;
  readonly contextKey: string;
}

/** Compiles a block, which must have passed validation. Values of one key are alternatives; all keys must match. */
export function compileConditions(
  { Condition: block = {}, Effect }: Statement,
  variables: boolean,
): readonly Condition[] {
  return Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      const values = typeof value === 'object' ? value : [value];
      const condition = compileCondition(operator, key, values.map(String), variables);
      return Effect === 'Allow' && variables ? refuseUnresolved(condition) : condition;
    }),
  );
}

/**
 * "If AWS cannot resolve a variable, this might cause the entire statement to be invalid." A value that cannot be
 * resolved matches nothing; with a negated operator that alone would make an Allow apply, so there it makes it fail.
 */
function refuseUnresolved(condition: Condition): Condition {
  const name = findOperator(condition.operator);
  if (name === null || name.operator === 'null' || !name.operator.negated) return condition;
  const templates = condition.expected
    .map((value) => parseTemplate(value, { variables: true, wildcards: 'none' }))
    .filter((template) => template !== null && template.glob === null);
  if (templates.length === 0) return condition;
  return {
    ...condition,
    evaluate: (context) =>
      templates.every((template) => template !== null && expand(template, context) !== null) &&
      condition.evaluate(context),
  };
}

export function traceCondition(condition: Condition, context: RequestContext): ConditionTrace {
  return {
    operator: condition.operator,
    key: condition.key,
    expected: condition.expected,
    actual: context.get(condition.contextKey) ?? null,
    matched: condition.evaluate(context),
  };
}

function compileCondition(
  operator: string,
  key: string,
  expected: readonly string[],
  variables: boolean,
): Condition {
  const name = findOperator(operator);
  const contextKey = key.toLowerCase();
  if (name === null) throw new TypeError('condition was not validated');
  if (name.operator === 'null') {
    const wantAbsent = expected.map(readBool);
    return {
      operator,
      key,
      expected,
      contextKey,
      evaluate: (context) => wantAbsent.includes((context.get(contextKey) ?? []).length === 0),
    };
  }
  const { prepare, negated } = name.operator;
  const tests = expected.map((value) => prepare(value, variables)).filter((test) => test !== null);
  return {
    operator,
    key,
    expected,
    contextKey,
    evaluate: (context) => holds(name, negated, tests, context.get(contextKey), context),
  };
}

/**
 * IAM User Guide, "Condition operators" (absent keys, …IfExists, negated operators) and "Set operators for multivalued
 * context keys". A negated operator matches when none of the policy's values does.
 */
function holds(
  { quantifier, ifExists }: OperatorName,
  negated: boolean,
  tests: readonly Test[],
  values: readonly string[] | undefined,
  context: RequestContext,
): boolean {
  const empty = values === undefined || values.length === 0;
  if (empty && ifExists) return true;
  // "A null data set, such as an empty string" counts as no value for the set operators.
  const nothing = empty || (quantifier !== null && values.every((value) => value === ''));
  if (nothing) return quantifier === null ? negated : quantifier === 'all';
  const matches = (value: string): boolean => tests.some((test) => test(value, context));
  const wanted = (value: string): boolean => matches(value) !== negated;
  if (quantifier === 'all') return values.every(wanted);
  if (quantifier === 'any') return values.some(wanted);
  return values.some(matches) !== negated;
}

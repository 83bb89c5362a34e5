// SPDX-License-Identifier: Apache-2.0
import type { RequestContext } from './context.ts';
import { COLON, type Glob, isEverything, type Matcher, matcher } from './glob.ts';
import { expand, matchTemplate, parseTemplate } from './template.ts';
import { contains, readBinary, readBool, readDate, readNetwork, readNumber } from './values.ts';

/** Does one value of the request match one value of the policy? */
export type Test = (actual: string, context: RequestContext) => boolean;

/** Reads a value of a policy; null when it cannot be one of this operator's. */
type Prepare = (expected: string, variables: boolean) => Test | null;

export interface Operator {
  readonly prepare: Prepare;
  /** A negated operator matches when no value does, and so when the key is absent. */
  readonly negated: boolean;
}

export interface OperatorName {
  readonly base: string;
  readonly quantifier: 'all' | 'any' | null;
  readonly ifExists: boolean;
  readonly operator: Operator | 'null';
}

/**
 * The operators of the IAM User Guide, "IAM JSON policy elements: Condition operators".
 * @returns null for a name that is none
 */
export function findOperator(name: string): OperatorName | null {
  const [, set, base = '', suffix] =
    /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(name) ?? [];
  const quantifier = set === undefined ? null : set === 'ForAllValues:' ? 'all' : 'any';
  const ifExists = suffix !== undefined;
  if (base === 'Null') return ifExists ? null : { base, quantifier, ifExists, operator: 'null' };
  const operator = OPERATORS.get(base);
  return operator === undefined ? null : { base, quantifier, ifExists, operator };
}

const text =
  (wildcards: 'none' | 'text', fold: boolean): Prepare =>
  (expected, variables) => {
    const template = parseTemplate(expected, { variables, wildcards, fold });
    return template && ((actual, context) => matchTemplate(template, actual, context));
  };

/** Each of the six parts of an ARN is compared on its own; Equals and Like are one operator under two names. */
const arn: Prepare = (expected, variables) => {
  const template = parseTemplate(expected, { variables, wildcards: 'text' });
  if (template === null) return null;
  if (template.glob === null) {
    return (actual, context) => {
      const glob = expand(template, context);
      const parts = glob && splitGlob(glob);
      return parts !== null && matchArn(parts.map(matcher), actual);
    };
  }
  const matchers = splitGlob(template.glob)?.map(matcher);
  return matchers === undefined ? null : (actual) => matchArn(matchers, actual);
};

const comparison =
  <T>(read: (text: string) => T | null, compare: (actual: T, expected: T) => boolean): Prepare =>
  (expected) => {
    const want = read(expected);
    if (want === null) return null;
    return (actual) => {
      const value = read(actual);
      return value !== null && compare(value, want);
    };
  };

/** The one operator besides those of strings and ARNs whose values may have policy variables. */
const bool: Prepare = (expected, variables) => {
  const template = parseTemplate(expected, { variables, wildcards: 'none', fold: true });
  if (template === null || (template.glob !== null && readBool(expected) === null)) return null;
  return (actual, context) => readBool(actual) !== null && matchTemplate(template, actual, context);
};

const equal = <T>(actual: T, expected: T): boolean => actual === expected;

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', text('none', false)),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', text('none', true)),
  ...pair('StringLike', 'StringNotLike', text('text', false)),
  ...pair('ArnEquals', 'ArnNotEquals', arn),
  ...pair('ArnLike', 'ArnNotLike', arn),
  ...pair('NumericEquals', 'NumericNotEquals', comparison(readNumber, equal)),
  ...pair('DateEquals', 'DateNotEquals', comparison(readDate, equal)),
  ...pair(
    'IpAddress',
    'NotIpAddress',
    comparison(readNetwork, (actual, network) => contains(network, actual)),
  ),
  ...ordered('Numeric', readNumber),
  ...ordered('Date', readDate),
  ['Bool', { prepare: bool, negated: false }],
  ['BinaryEquals', { prepare: comparison(readBinary, equal), negated: false }],
]);

function pair(name: string, opposite: string, prepare: Prepare): [string, Operator][] {
  return [
    [name, { prepare, negated: false }],
    [opposite, { prepare, negated: true }],
  ];
}

function ordered(prefix: string, read: (text: string) => number | null): [string, Operator][] {
  const one = (name: string, compare: (actual: number, expected: number) => boolean): [string, Operator] => [
    `${prefix}${name}`,
    { prepare: comparison(read, compare), negated: false },
  ];
  return [
    one('LessThan', (actual, expected) => actual < expected),
    one('LessThanEquals', (actual, expected) => actual <= expected),
    one('GreaterThan', (actual, expected) => actual > expected),
    one('GreaterThanEquals', (actual, expected) => actual >= expected),
  ];
}

function splitGlob(glob: Glob): readonly Glob[] | null {
  if (isEverything(glob)) return [glob, glob, glob, glob, glob, glob];
  const parts: number[][] = [[]];
  for (const unit of glob) {
    if (unit === COLON && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(unit);
  }
  return parts.length === 6 ? parts : null;
}

function matchArn(matchers: readonly Matcher[], actual: string): boolean {
  const parts = actual.split(':');
  if (parts.length < 6 || parts[0] !== 'arn') return false;
  const resource = parts.slice(5).join(':');
  return matchers.every((matches, index) => matches(index === 5 ? resource : (parts[index] ?? '')));
}

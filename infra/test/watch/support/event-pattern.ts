// SPDX-License-Identifier: Apache-2.0

/**
 * Matches an event against a pattern as EventBridge does, for the operators that our rules use (EventBridge User Guide,
 * "Creating Amazon EventBridge event patterns" and "Comparison operators for use in event patterns").
 * @throws {TypeError} for a pattern that EventBridge would refuse, or an operator that is not known here
 */
export function matchesEvent(pattern: unknown, event: unknown): boolean {
  if (!isObject(pattern)) throw new TypeError('a pattern is an object');
  // Members of an object are all to match. A list of objects matches where one of them does.
  if (Array.isArray(event)) return event.some((one) => matchesEvent(pattern, one));
  return Object.entries(pattern).every(([member, wanted]) => {
    if (member === '$or') return matchesOne(wanted, event);
    const value = isObject(event) ? event[member] : undefined;
    if (Array.isArray(wanted)) return matchesValue(wanted, value);
    return matchesEvent(wanted, value);
  });
}

function matchesOne(branches: unknown, event: unknown): boolean {
  if (!Array.isArray(branches) || branches.length < 2) throw new TypeError('$or has two branches or more');
  return branches.some((branch) => matchesEvent(branch, event));
}

/** One of the values wanted is to match; of a list in the event, one member. */
function matchesValue(wanted: readonly unknown[], value: unknown): boolean {
  if (wanted.length === 0) throw new TypeError('an empty list matches nothing');
  const values = Array.isArray(value) ? value : [value];
  return wanted.some((one) => values.some((given) => matchesLeaf(one, given)));
}

function matchesLeaf(wanted: unknown, given: unknown): boolean {
  if (!isObject(wanted)) return wanted === given;
  const [[operator, operand] = [], ...others] = Object.entries(wanted);
  if (operator === undefined || others.length > 0) throw new TypeError('one operator each');
  if (operator === 'exists') return operand === (given !== undefined && !isObject(given));
  if (operator === 'anything-but') return given !== undefined && !matchesLeaf(operand, given);
  if (operator === 'wildcard' && Array.isArray(operand))
    return operand.some((one: unknown) => matchesLeaf({ wildcard: one }, given));
  if (typeof operand !== 'string') throw new TypeError(`${operator} takes text`);
  if (typeof given !== 'string') return false;
  switch (operator) {
    case 'prefix':
      return given.startsWith(operand);
    case 'suffix':
      return given.endsWith(operand);
    case 'wildcard':
      return wildcard(operand).test(given);
    default:
      throw new TypeError(`${operator} is not known here`);
  }
}

function wildcard(text: string): RegExp {
  if (/\*\*/.test(text)) throw new TypeError('consecutive wildcards are refused');
  return new RegExp(`^${text.split('*').map(RegExp.escape).join('.*')}$`, 's');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

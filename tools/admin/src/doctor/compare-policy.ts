// SPDX-License-Identifier: Apache-2.0
import {
  type CanonicalValue,
  canonicalStatement,
  type PolicyDocument,
  type Statement,
} from '@enclave-vault/policies';

/** A statement in its canonical form, one entry for each member. */
type Plain = ReadonlyMap<string, string>;

/**
 * What differs between the policy that a key has and the one it should have, one line each: statements that are
 * missing, that nobody wrote for this deployment, and that say something else, member by member. The order of
 * statements, actions and values says nothing in a policy and is not compared, nor is the document's Id.
 */
export function comparePolicies(found: unknown, wanted: PolicyDocument): string[] {
  if (!isObject(found)) return ['the policy is not an object'];
  const statements = found.Statement;
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  const lines = found.Version === wanted.Version ? [] : [`Version is not ${wanted.Version}`];
  const left = list.map((statement) => ({
    sid: sidOf(statement),
    effect: effectOf(statement),
    plain: plain(statement),
  }));
  const open: Statement[] = [];
  for (const statement of wanted.Statement) {
    // Equal ones are paired first: a copy with another Sid is an extra statement, and not a change.
    const equal = left.findIndex(({ sid, plain: of }) => sid === statement.Sid && same(of, plain(statement)));
    if (equal === -1) open.push(statement);
    else left.splice(equal, 1);
  }
  for (const statement of open) {
    const index = left.findIndex(({ sid }) => sid === statement.Sid);
    const [changed] = index === -1 ? [] : left.splice(index, 1);
    if (changed === undefined) lines.push(`missing statement ${statement.Sid}`);
    else
      lines.push(
        `changed statement ${statement.Sid}: ${differences(changed.plain, plain(statement)).join(', ')}`,
      );
  }
  for (const { sid, effect } of left) lines.push(`extra statement ${sid} (${effect})`);
  return lines;
}

function differences(found: Plain, wanted: Plain): string[] {
  const names = new Set([...found.keys(), ...wanted.keys()]);
  return [...names]
    .filter((name) => found.get(name) !== wanted.get(name))
    .map((name) => `${!found.has(name) ? 'no' : wanted.has(name) ? 'other' : 'added'} ${shown(name)}`);
}

const same = (a: Plain, b: Plain): boolean => differences(a, b).length === 0;

/** Members by name, conditions as `Condition.OPERATOR.KEY`. */
function plain(statement: unknown): Plain {
  return new Map(flat(canonicalStatement(statement)));
}

function flat(value: CanonicalValue, path = ''): readonly (readonly [string, string])[] {
  if (isList(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) =>
    flat(inner, path === '' ? name : `${path}.${name}`),
  );
}

const isList = (value: CanonicalValue): value is readonly string[] => Array.isArray(value);

/** A Sid is shown, so it must be one. */
function sidOf(statement: unknown): string {
  const sid = isObject(statement) ? statement.Sid : undefined;
  return typeof sid === 'string' && /^[\w ]{1,128}$/.test(sid) ? sid : '(without Sid)';
}

function effectOf(statement: unknown): string {
  const effect = isObject(statement) ? statement.Effect : undefined;
  return effect === 'Allow' || effect === 'Deny' ? effect : 'no effect';
}

/** Names in a policy that somebody else wrote may hold anything, and this goes to a terminal. */
function shown(name: string): string {
  return name.replaceAll(/[^\w:./*-]/g, '?').slice(0, 200);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

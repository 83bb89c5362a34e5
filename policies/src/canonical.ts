// SPDX-License-Identifier: Apache-2.0

/** A statement of a policy in the one form that everything that says the same has. Without its Sid, which says nothing. */
export type CanonicalStatement = Readonly<Record<string, CanonicalValue>>;

/** Members of Principal and Condition by name; lists of text. */
export type CanonicalValue = readonly string[] | { readonly [name: string]: CanonicalValue };

/**
 * Takes from a statement what says nothing: the order of members and of values, a list of one where a value would do,
 * a value that is said twice, the case of actions and of values that are compared in either case, and the two ways to
 * name an account. KMS and DynamoDB answer with such differences from what was put (IAM User Guide, "Grammar of the IAM
 * JSON policy language"). What is no statement at all becomes one without members.
 *
 * A role that was deleted and made anew is named by a unique id (`AROA…`) afterwards, and that is another principal.
 */
export function canonicalStatement(statement: unknown): CanonicalStatement {
  if (!isObject(statement)) return {};
  const members = Object.entries(statement).filter(([name]) => name !== 'Sid');
  return sorted(members.map(([name, value]) => [name, canonicalMember(name, value)]));
}

/** The canonical form as text: equal for statements that say the same, and for no others. */
export function canonicalText(statement: unknown): string {
  return JSON.stringify(canonicalStatement(statement));
}

function canonicalMember(name: string, value: unknown): CanonicalValue {
  switch (name) {
    case 'Action':
    case 'NotAction':
      return texts(value, lower);
    case 'Principal':
    case 'NotPrincipal':
      // `*` and {"AWS": "*"} are the same (IAM User Guide, "All principals").
      if (!isObject(value)) return { AWS: texts(value, accountRoot) };
      return sorted(Object.entries(value).map(([kind, who]) => [kind, texts(who, accountRoot)]));
    case 'Condition':
      if (!isObject(value)) return texts(value);
      return sorted(Object.entries(value).map(([operator, keys]) => [operator, conditions(operator, keys)]));
    default:
      return texts(value);
  }
}

function conditions(operator: string, keys: unknown): CanonicalValue {
  if (!isObject(keys)) return texts(keys);
  const change = operator.endsWith('IgnoreCase') ? lower : same;
  return sorted(Object.entries(keys).map(([key, values]) => [key, texts(values, change)]));
}

function texts(value: unknown, change: (text: string) => string = same): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  // Flags and numbers of conditions are compared as text, and come back as such.
  const all = list.map((one) => change(typeof one === 'string' ? one : (JSON.stringify(one) ?? 'null')));
  return [...new Set(all)].sort();
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const same = (text: string): string => text;
/** Of ASCII alone: beyond it, other letters have the same lower case, as the Kelvin sign has k, and name no action of AWS's. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** An account as Principal may be written either way. */
function accountRoot(who: string): string {
  return /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(who)?.[1] ?? who;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

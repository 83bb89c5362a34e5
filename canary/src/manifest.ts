// SPDX-License-Identifier: Apache-2.0

/** The policies that a canary compares, in the order of its readings. */
export const COMPARED = ['vault', 'request', 'integrity', 'table'] as const;
export type Compared = (typeof COMPARED)[number];

/** For each policy the states in which it may be: one, or several while a deployment changes policies. */
export type Manifest = Readonly<Record<Compared, readonly object[]>>;

/**
 * Reads what a deployment wrote (`canaryManifest` of infra/src/settings/canary.ts).
 * @throws {TypeError} for anything else: then nothing can be compared
 */
export function parseManifest(text: string): Manifest {
  const { version, policies } = members(JSON.parse(text), ['policies', 'version']);
  if (version !== 1) throw new TypeError('the manifest is of another version');
  const of = members(policies, [...COMPARED].sort());
  const states = (name: Compared): readonly object[] => {
    const list = of[name];
    if (!Array.isArray(list) || list.length === 0 || !list.every(isObject))
      throw new TypeError('a policy of the manifest has no state');
    return list;
  };
  return {
    vault: states('vault'),
    request: states('request'),
    integrity: states('integrity'),
    table: states('table'),
  };
}

function members(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isObject(value) || Object.keys(value).sort().join() !== names.join())
    throw new TypeError('the manifest has other members');
  return Object.fromEntries(Object.entries(value));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

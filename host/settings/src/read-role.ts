// SPDX-License-Identifier: Apache-2.0
import { type Problem, SettingsError } from './errors.ts';
import { CONFIG_VARIABLE } from './files.ts';
import { readSmall, Unwanted } from './readers.ts';
import type { Role, RoleValues, Setting } from './role.ts';
import { didYouMean } from './suggest.ts';

/** Where a role's settings come from. */
export interface Source {
  /** The parsed file; absent: there is none. */
  readonly file?: unknown;
  /** Environment variables; only ENCLAVE_VAULT_* are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PREFIX = 'ENCLAVE_VAULT_';
const MAX_SECRET_BYTES = 64 * 1024;

/** A setting that cannot be had: what the problem says. */
const FAILED = Symbol('failed');

/**
 * Reads all settings of a role.
 * @throws {SettingsError} with every problem at once
 */
export function readRole<S extends readonly Setting[]>(role: Role<S>, source: Source): RoleValues<Role<S>> {
  const problems: Problem[] = [];
  const { file = {} } = source;
  if (!isObject(file)) throw new SettingsError([{ setting: 'configuration', message: 'must be an object' }]);
  problems.push(...unknownMembers(role, file), ...unknownVariables(role, source.env));
  const values: Record<string, unknown> = {};
  for (const setting of role.settings) {
    const value = readSetting(setting, file, source.env, problems);
    if (value !== FAILED) put(values, setting.path, value);
  }
  // Built along the paths that the type is derived from.
  const read = values as RoleValues<Role<S>>;
  if (problems.length === 0) {
    for (const { settings, doc, broken } of role.rules) {
      if (broken(read))
        problems.push({ setting: settings[0] ?? 'configuration', message: `breaks a rule: ${doc}` });
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return read;
}

function readSetting(
  setting: Setting,
  file: Readonly<Record<string, unknown>>,
  env: Source['env'],
  problems: Problem[],
): unknown {
  const { path, read } = setting;
  const given = givenOf(setting, file, env);
  if (given.length === 0) {
    if (setting.default !== undefined) return setting.default;
    if (setting.optional) return undefined;
    problems.push({ setting: path, message: `is missing (or ${setting.env}): must be ${read.wants}` });
    return FAILED;
  }
  // The variable wins over the file; twice in the same place is nobody's intention.
  const [first, second] = given;
  if (first && second && first.place === second.place) {
    problems.push({ setting: first.name, message: `and ${second.name} are both given: leave one out` });
    return FAILED;
  }
  try {
    return first && read.read(first.value());
  } catch (error) {
    if (!(error instanceof Unwanted)) throw error;
    const reason = error.reason === undefined ? '' : `${error.reason}; `;
    problems.push({ setting: first?.name ?? path, message: `${reason}must be ${read.wants}` });
    return FAILED;
  }
}

interface Given {
  readonly name: string;
  readonly place: 'env' | 'file';
  readonly value: () => unknown;
}

/** The ways in which a setting is given, the strongest first. */
function givenOf(
  { path, env: variable, read, secret }: Setting,
  file: Source['file'],
  env: Source['env'],
): Given[] {
  const found: Given[] = [];
  const variableText = env[variable];
  if (variableText !== undefined)
    found.push({ name: variable, place: 'env', value: () => read.fromText(variableText) });
  const variablePath = secret ? env[`${variable}_FILE`] : undefined;
  if (variablePath !== undefined)
    found.push({
      name: `${variable}_FILE`,
      place: 'env',
      value: () => read.fromText(secretIn(variablePath)),
    });
  const member = at(file, path);
  if (member != null) found.push({ name: path, place: 'file', value: () => member });
  const memberPath = secret ? at(file, `${path}File`) : undefined;
  if (memberPath != null)
    found.push({ name: `${path}File`, place: 'file', value: () => read.fromText(secretIn(memberPath)) });
  return found;
}

function secretIn(path: unknown): string {
  if (typeof path !== 'string' || path === '') throw new Unwanted('must name a file');
  // Editors and `echo` end a file with a line end, which is no part of the secret.
  return readSmall(path, MAX_SECRET_BYTES).replace(/\r?\n$/, '');
}

function unknownMembers(role: Role, file: Readonly<Record<string, unknown>>): Problem[] {
  const known = role.settings.flatMap(({ path, secret }) => (secret ? [path, `${path}File`] : [path]));
  const inner = new Set(
    known.flatMap((path) => [...path.matchAll(/\./g)].map(({ index }) => path.slice(0, index))),
  );
  const problems: Problem[] = [];
  const walk = (value: Readonly<Record<string, unknown>>, prefix: string) => {
    for (const [name, member] of Object.entries(value)) {
      const path = `${prefix}${name}`;
      // "kms.fips" as one name would be taken for the setting, and read by nobody.
      const plain = !name.includes('.');
      if (plain && known.includes(path)) continue;
      if (!plain || !inner.has(path))
        problems.push({
          setting: shown(path),
          message: plain
            ? `is unknown${didYouMean(path, [...known, ...inner])}`
            : 'is unknown: a group of settings is an object, not a dot in a name',
        });
      else if (isObject(member)) walk(member, `${path}.`);
      else if (member !== null) problems.push({ setting: path, message: 'must be an object' });
    }
  };
  walk(file, '');
  return problems;
}

function unknownVariables(role: Role, env: Source['env']): Problem[] {
  const known = role.settings.flatMap(({ env: name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] !== undefined)
    .filter((name) => name !== CONFIG_VARIABLE && !known.includes(name))
    .map((name) => ({ setting: shown(name), message: `is unknown${didYouMean(name, known)}` }));
}

/** A name that nobody chose for a setting may hold anything, and goes to logs and terminals. */
function shown(name: string): string {
  return /^[\w.-]{1,100}$/.test(name) ? name : 'a member with a strange name';
}

function at(value: unknown, path: string): unknown {
  let from = value;
  for (const name of path.split('.')) {
    if (!isObject(from) || !Object.hasOwn(from, name)) return undefined;
    from = from[name];
  }
  return from;
}

function put(into: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let place = into;
  for (const name of names) {
    const next = (place[name] ?? {}) as Record<string, unknown>;
    place[name] = next;
    place = next;
  }
  place[last] = value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

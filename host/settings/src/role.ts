// SPDX-License-Identifier: Apache-2.0
import type { Reader } from './readers.ts';

/** One setting of a role. */
export interface Setting {
  /** Its place in the file, with dots: `kms.endpoint`. */
  readonly path: string;
  /** Its environment variable: ENCLAVE_VAULT_…. */
  readonly env: string;
  /** What it is for, in a sentence or two of Markdown without line ends. */
  readonly doc: string;
  readonly read: Reader<unknown>;
  /** May be given as the path of a file that holds it, and is never shown. */
  readonly secret?: boolean;
  /** What it is when it is not given. */
  readonly default?: unknown;
  /** How the documentation shows a default that is long to write. */
  readonly defaultDoc?: string;
  /** May be missing without a default: `undefined` then. */
  readonly optional?: true;
}

/** What must hold between settings that are each readable. */
export interface Rule<V> {
  /** Paths of the settings that it is about; the problem is told of the first. */
  readonly settings: readonly string[];
  /** What must hold, as a sentence for the documentation and the problem. */
  readonly doc: string;
  readonly broken: (values: V) => boolean;
}

type ValueOf<S extends Setting> = S extends { readonly read: Reader<infer T> }
  ? S extends { readonly optional: true }
    ? T | undefined
    : S extends { readonly default: null }
      ? T | null
      : T
  : never;

/** {a: {b: V}} of 'a.b'. */
type Nest<P extends string, V> = P extends `${infer Head}.${infer Rest}`
  ? { readonly [K in Head]: Nest<Rest, V> }
  : { readonly [K in P]: V };

type Each<S extends readonly Setting[]> = {
  [I in keyof S]: S[I] extends Setting ? Nest<S[I]['path'], ValueOf<S[I]>> : never;
}[number];

type Intersection<U> = (U extends unknown ? (of: U) => void : never) extends (of: infer I) => void
  ? I
  : never;

type Flat<T> = T extends readonly unknown[] | ((...args: never) => unknown) ? T : { [K in keyof T]: T[K] };

/** The values of a tuple of settings: nested as their paths say. */
type Values<S extends readonly Setting[]> = Flat<Intersection<Each<S>>>;

/** A default must be what the reader reads, or null. */
type Checked<S extends readonly Setting[]> = {
  readonly [I in keyof S]: S[I] extends { readonly read: Reader<infer T>; readonly default: infer D }
    ? D extends T | null
      ? unknown
      : { readonly default: T | null }
    : unknown;
};

export interface Role<S extends readonly Setting[] = readonly Setting[]> {
  readonly name: string;
  readonly doc: string;
  readonly settings: S;
  readonly rules: readonly Rule<Values<S>>[];
  /** A file that works, for the documentation. */
  readonly example: unknown;
}

/** What `readRole` gives for a role: `RoleValues<typeof PARENT>`. */
export type RoleValues<R> = R extends { readonly settings: infer S extends readonly Setting[] }
  ? Values<S>
  : never;

/**
 * Declares a role. Mistakes in the declaration itself (a path twice or inside another, a variable twice, a name that
 * breaks the convention) are errors of the program, found when its module is loaded.
 */
export function defineRole<const S extends readonly Setting[]>(
  name: string,
  role: {
    readonly doc: string;
    readonly settings: S & Checked<S>;
    readonly rules?: readonly Rule<Values<S>>[];
    readonly example?: unknown;
  },
): Role<S> {
  const { doc, settings, rules = [], example = {} } = role;
  const paths = new Set<string>();
  const variables = new Set<string>();
  for (const { path, env, secret } of settings) {
    if (!/^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*$/.test(path)) throw new TypeError(`${name}: path ${path}`);
    if (!/^ENCLAVE_VAULT(_[A-Z0-9]+)+$/.test(env)) throw new TypeError(`${name}: variable ${env}`);
    for (const one of secret ? [path, `${path}File`] : [path]) {
      if (paths.has(one)) throw new TypeError(`${name}: path ${one} twice`);
      paths.add(one);
    }
    for (const one of secret ? [env, `${env}_FILE`] : [env]) {
      if (variables.has(one)) throw new TypeError(`${name}: variable ${one} twice`);
      variables.add(one);
    }
  }
  for (const path of paths) {
    if ([...paths].some((other) => other.startsWith(`${path}.`)))
      throw new TypeError(`${name}: ${path} is inside`);
  }
  return { name, doc, settings, rules, example };
}

// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf, type Mutant, type MutantName } from './mutants.ts';
import { type MutatedPackage, slug } from './packages.ts';

/** Why it is right that no test notices a mutant. */
export const KINDS = {
  equivalent: 'the program does the same: no test could tell',
  text: 'words for people alone: a message, or an error’s cause; its code is tested',
  resources: 'the same answers, with more or less work, memory or waiting',
  defence: 'one of two lines of defence: another check refuses the same',
  platform: 'shows on another machine, in another process or with hardware alone',
} as const;
export type Kind = keyof typeof KINDS;

/** A mutant that survives, and why that is right. */
export interface Explained extends MutantName {
  readonly kind: Kind;
  /** One line. */
  readonly why: string;
}

/** Where the explanations of a package are. */
export const survivorsFile = (root: string, mutated: MutatedPackage): string =>
  join(root, 'tests/mutation/survivors', `${slug(mutated)}.json`);

/** Explanations of a package, none where there is no file. @throws Error for one without kind or reason, or for two of one mutant */
export function readExplained(root: string, mutated: MutatedPackage): readonly Explained[] {
  const file = survivorsFile(root, mutated);
  if (!existsSync(file)) return [];
  return checkExplained(JSON.parse(readFileSync(file, 'utf8')) as readonly Explained[]);
}

/** The same list. @throws Error as readExplained */
export function checkExplained(list: readonly Explained[]): readonly Explained[] {
  const seen = new Set<string>();
  for (const entry of list) {
    const key = keyOf(entry);
    if (!Object.hasOwn(KINDS, entry.kind)) throw new Error(`${key} is of no kind: ${entry.kind}`);
    if (entry.why.trim().length < 10) throw new Error(`${key} has no reason`);
    if (seen.has(key)) throw new Error(`${key} is explained twice`);
    seen.add(key);
  }
  return list;
}

/** What is left of a run when explanations are taken from it. */
export interface Judged {
  readonly unexplained: readonly Mutant[];
  readonly explained: readonly Mutant[];
  /** Explanations of what no longer survives, or is no longer there. */
  readonly stale: readonly Explained[];
}

/** @param mutants of a whole package; of a part of one, `stale` says nothing */
export function judge(mutants: readonly Mutant[], list: readonly Explained[]): Judged {
  const known = new Set(list.map(keyOf));
  const alive = mutants.filter(survives);
  const keys = new Set(alive.map(keyOf));
  return {
    unexplained: alive.filter((mutant) => !known.has(keyOf(mutant))),
    explained: alive.filter((mutant) => known.has(keyOf(mutant))),
    stale: list.filter((entry) => !keys.has(keyOf(entry))),
  };
}

/** No test failed with it: tests ran and passed, or none came by. */
export const survives = ({ status }: Mutant): boolean => status === 'Survived' || status === 'NoCoverage';

/** A mutant as people read it. */
export function shown({ file, at, operator, original, replacement, line, nth }: Mutant): string {
  const short = (text: string): string => (text.length > 100 ? `${text.slice(0, 97)}…` : text);
  const where =
    line === undefined ? '' : `\n    in: ${short(line)}${nth === undefined ? '' : `, the ${nth}. time`}`;
  return `${file}:${at} ${operator}\n    - ${short(original)}\n    + ${short(replacement)}${where}`;
}

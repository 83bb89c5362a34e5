// SPDX-License-Identifier: Apache-2.0
import type { Mutant } from './mutants.ts';
import type { Judged } from './survivors.ts';

/** What came of a package's mutants. */
export interface PackageResult {
  /** Commit whose sources were mutated. */
  readonly commit: string;
  /** Mutants that could be tried: all that could be loaded. */
  readonly mutants: number;
  /** A test failed. */
  readonly killed: number;
  /** No test ended: an endless loop, which counts as noticed. */
  readonly timedOut: number;
  /** Survivors, with and without tests that ran them. */
  readonly survived: number;
  readonly uncovered: number;
  /** Of both, those with a reason in tests/mutation/survivors. */
  readonly explained: number;
}

/** tests/mutation/results.json. */
export interface Results {
  readonly stryker: string;
  readonly packages: Readonly<Record<string, PackageResult>>;
}

/** Figures of one run. */
export function summed(mutants: readonly Mutant[], judged: Judged, commit: string): PackageResult {
  const count = (...statuses: readonly string[]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return {
    commit,
    mutants: count('Killed', 'Timeout', 'Survived', 'NoCoverage'),
    killed: count('Killed'),
    timedOut: count('Timeout'),
    survived: count('Survived'),
    uncovered: count('NoCoverage'),
    explained: judged.explained.length,
  };
}

/** Per cent of the mutants that tests noticed. */
export function score({ mutants, killed, timedOut }: PackageResult): number {
  return mutants === 0 ? 100 : (100 * (killed + timedOut)) / mutants;
}

/** The same without those that are explained: 100 is the aim. */
export function scoreOfExplained(result: PackageResult): number {
  return score({ ...result, mutants: result.mutants - result.explained });
}

/** Whether each survivor of a package has a reason: another one is news. */
export function settled({ packages }: Results, folder: string): boolean {
  const result = packages[folder];
  return result !== undefined && result.survived + result.uncovered === result.explained;
}

/** All packages as one. */
export function total(results: readonly PackageResult[]): PackageResult {
  const sum = (figure: Exclude<keyof PackageResult, 'commit'>): number =>
    results.reduce((all, result) => all + result[figure], 0);
  return {
    commit: '',
    mutants: sum('mutants'),
    killed: sum('killed'),
    timedOut: sum('timedOut'),
    survived: sum('survived'),
    uncovered: sum('uncovered'),
    explained: sum('explained'),
  };
}

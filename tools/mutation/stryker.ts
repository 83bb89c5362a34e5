// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { runNode } from './child.ts';
import type { Report } from './mutants.ts';
import { type MutatedPackage, sourcesOf, testsOf } from './packages.ts';

/** Where Stryker is installed: a folder with a lockfile of its own, which `npm ci` of the repository does not touch. */
export const HOME = 'tests/mutation';

/** Installs Stryker once. @throws Error when npm fails */
export function installStryker(root: string): string {
  const home = join(root, HOME);
  if (!existsSync(join(home, 'node_modules/@stryker-mutator/core'))) {
    console.log(`installing Stryker into ${HOME}`);
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: home,
      stdio: 'inherit',
    });
  }
  return home;
}

/** The version that is installed, as package.json pins it. */
export function strykerVersion(root: string): string {
  const text = readFileSync(join(root, HOME, 'package.json'), 'utf8');
  const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
  return devDependencies['@stryker-mutator/core'] ?? '';
}

export interface Run {
  /** A name for its files. */
  readonly name: string;
  readonly packages: readonly MutatedPackage[];
  /** What is mutated instead of the packages' sources: globs or `file:line-line`. */
  readonly mutate?: readonly string[];
  /** Globs of tests that run instead of all of the packages. */
  readonly tests?: readonly string[];
  /** Where results are kept, so that the next run tries only what changed. */
  readonly incrementalFile?: string;
  readonly concurrency: number;
  /** How many times as long as on a quiet machine a mutant's tests may take before they count as endless. 1 without. */
  readonly patience?: number;
}

/**
 * Mutates sources of a copy of the repository, runs the tests that reach each mutant, and stops at the first that fails.
 *
 * @throws Error when Stryker fails: a test that fails without any mutant, a plugin that does not load
 */
export async function runStryker(tree: string, stryker: string, run: Run): Promise<Report> {
  const reportFile = join(tree, `${run.name}.report.json`);
  const vitestFile = join(tree, `${run.name}.vitest.config.ts`);
  const configFile = join(tree, `${run.name}.stryker.json`);
  const { include, exclude } = allTests(run.packages);
  const mutate = run.mutate ?? run.packages.flatMap(sourcesOf);
  const patience = run.patience ?? 1;
  const pool = run.packages.some((one) => one.ownProcess === true) ? 'forks' : 'threads';
  writeFileSync(vitestFile, vitestConfig(run.tests ?? include, exclude, pool));
  const config = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    inPlace: true,
    mutate,
    coverageAnalysis: 'perTest',
    concurrency: run.concurrency,
    // Tests wait for nothing for long: what hangs is a loop without an end.
    timeoutMS: 4000 * patience,
    timeoutFactor: 2.5 * patience,
    dryRunTimeoutMinutes: 10 * patience,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: reportFile },
    vitest: { configFile: vitestFile, related: false, pool },
    // Node and Vitest drop types without reading them.
    disableTypeChecks: false,
    checkers: [],
    tempDirName: `.stryker-${run.name}`,
    allowConsoleColors: false,
    ...(run.incrementalFile === undefined ? {} : { incremental: true, incrementalFile: run.incrementalFile }),
  };
  writeFileSync(configFile, JSON.stringify(config, null, 2));
  if (run.incrementalFile !== undefined) forgetSurvivors(run.incrementalFile, mutate);
  await runNode(tree, [
    join(stryker, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
    'run',
    configFile,
  ]);
  return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
}

/**
 * Survivors are tried again in each run: Stryker looks at test files alone, and would not see that a helper of theirs knows
 * better by now, nor a new test of what happens when a module is loaded. Those of files that this run leaves out are kept.
 */
function forgetSurvivors(file: string, mutate: readonly string[]): void {
  if (!existsSync(file)) return;
  const report = JSON.parse(readFileSync(file, 'utf8') || '{}') as Partial<Report>;
  const files = Object.entries(report.files ?? {}).map(([name, { mutants, ...rest }]) => {
    const tried = isMutated(name, mutate);
    const kept = tried ? mutants.filter(({ status }) => status !== 'Survived') : mutants;
    return [name, { ...rest, mutants: kept }] as const;
  });
  if (files.length > 0) writeFileSync(file, JSON.stringify({ ...report, files: Object.fromEntries(files) }));
}

/** Whether one of Stryker's globs means a file, and none after it that begins with `!`. */
export function isMutated(file: string, globs: readonly string[]): boolean {
  const last = globs.findLast((glob) => matchesGlob(file, glob.replace(/^!/, '')));
  return last !== undefined && !last.startsWith('!');
}

function allTests(packages: readonly MutatedPackage[]) {
  const each = packages.map(testsOf);
  return { include: each.flatMap(({ include }) => include), exclude: each.flatMap(({ exclude }) => exclude) };
}

/** What a test may take that waits in vain; Stryker would wait for all that it has to run, and begin with a new process. */
const TEST_MS = 20_000;

/** A thread for each mutant where that will do: a process costs more. */
function vitestConfig(include: readonly string[], exclude: readonly string[], pool: string): string {
  const test = { include, exclude: ['**/node_modules/**', ...exclude], pool, testTimeout: TEST_MS };
  return `export default ${JSON.stringify({ test })};\n`;
}

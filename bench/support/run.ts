// SPDX-License-Identifier: Apache-2.0
/** What every measurement says of itself, and how it is kept: bench/results/NAME.json, of which docs/performance.md is made. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { type MachineDetails, machineDetails, stolenShare, type Ticks, ticks } from './machine.ts';
import { ecdhMs } from './speed.ts';

/** Published results, one file a measurement. */
export const RESULTS = join(import.meta.dirname, '../results');

export interface Machine extends MachineDetails {
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Of the minute before: what else ran. */
  readonly load: number;
  /** Its speed before the run: `speed.ts`. */
  readonly ecdhMs?: number;
  /** The share of the processors' time in this run that the hypervisor gave to others; results that are not written have none. */
  readonly stolen?: number;
}

/** The circumstances of a run: beside its own figures in the file. */
export interface Run {
  /** The measurement's name, which is its file's. */
  readonly what: string;
  /** RFC 3339, when it began. */
  readonly measured: string;
  /** 12 hex digits; with `+` when files were changed that it does not hold. */
  readonly commit: string;
  readonly machine: Machine;
}

export function machine(): Machine {
  const load = loadavg()[0] ?? 0;
  return {
    node: process.version,
    system: `${process.platform} ${release()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: Math.round(load * 10) / 10,
    ecdhMs: ecdhMs(),
    ...machineDetails(),
  };
}

/** At the beginning of the run. */
let began: Ticks | undefined;

/** Call it first: the load it names is that of before. */
export function beginRun(what: string): Run {
  // By default a signal ends a process without its `exit`, on which the vaults that it started are ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  const git = (...args: readonly string[]): string => {
    try {
      return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    } catch {
      // Not a checkout: an unpacked release.
      return '';
    }
  };
  const changed = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    ':(top)',
    ':(top,exclude)bench/results',
  );
  const commit = git('rev-parse', '--short=12', 'HEAD');
  began = ticks();
  return {
    what,
    measured: new Date().toISOString(),
    commit: commit === '' ? 'unknown' : changed === '' ? commit : `${commit}+`,
    machine: machine(),
  };
}

/** Writes a result where `--json FILE` says; nothing without one. */
export function writeResult(file: string | undefined, result: Run): void {
  if (file === undefined) return;
  const stolen = stolenShare(began, ticks());
  const whole = stolen === undefined ? result : { ...result, machine: { ...result.machine, stolen } };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(whole, null, 2)}\n`);
}

/** A published result; undefined where nothing was measured yet. */
export function readResult(what: string): Run | undefined {
  try {
    return JSON.parse(readFileSync(join(RESULTS, `${what}.json`), 'utf8')) as Run;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

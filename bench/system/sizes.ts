// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildLambda } from '../../host/api/build-lambda.ts';
import { buildAuthorizer } from '../../host/authorizer/build.ts';
import { buildParent } from '../../host/parent/build.ts';
import { buildSmoke } from '../../host/smoke/build.ts';
import { buildEnclave, buildNitroEnclave } from '../../trusted/enclave/build.ts';
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import type { Memory } from './processes.ts';
import type { StartUp } from './startup.ts';
import { median } from './statistics.ts';

/** All in milliseconds, one for each run. */
export interface LambdaStart {
  readonly name: string;
  readonly loaded: readonly number[];
  readonly answered: readonly number[];
  readonly cpu: readonly number[];
  readonly decrypt: readonly number[];
  /** The one after it. */
  readonly decryptAgain: readonly number[];
  /** The most that it had in memory until then (RSS), MiB. Absent in older results, and where it could not be read. */
  readonly peak?: readonly number[];
}

export interface Size {
  readonly name: string;
  /** Of the program's file. */
  readonly bytes: number;
  readonly gzipped: number;
}

/** What bench/startup.ts writes. */
export interface StartupResult extends Run {
  readonly runs: number;
  readonly vault: StartUp;
  /** From the launch until it serves. */
  readonly enclaveBoots: readonly number[];
  readonly lambda: readonly LambdaStart[];
  readonly memory: Readonly<Record<string, Memory>>;
  readonly sizes: readonly Size[];
}

const LOCAL = 'enclave program, local';
const NITRO = 'enclave program, Nitro';

const BUILDS = {
  [LOCAL]: buildEnclave,
  [NITRO]: buildNitroEnclave,
  'API, Lambda function': buildLambda,
  parent: buildParent,
  authorizer: buildAuthorizer,
  'smoke test': buildSmoke,
} as const satisfies Record<string, (folder: string) => Promise<unknown>>;

/** Builds each program anew, into a folder that is removed. */
export async function bundleSizes(): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const [name, build] of Object.entries(BUILDS)) {
    const folder = mkdtempSync(join(tmpdir(), 'ev-size-'));
    try {
      await build(folder);
      // The program is the largest script; what lies beside it is told of in docs/releases.md.
      const [largest] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.mjs'))
        .map((file) => join(folder, file))
        .toSorted((a, b) => statSync(b).size - statSync(a).size);
      if (largest === undefined) throw new Error(`${name} has no script`);
      const code = readFileSync(largest);
      sizes.push({ name, bytes: code.length, gzipped: gzipSync(code).length });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return sizes;
}

/** Budgets of the bundles, which tests hold to two in a hundred where each is built. */
const BUDGETS = join(import.meta.dirname, '../../tests/budget/sizes.json');

/** A row each. Older results have the local program under its old name, and not the one for Nitro: of that its budget stands in. */
function sizeRows(sizes: readonly Size[]): readonly (readonly string[])[] {
  return sizes.flatMap(({ name, bytes, gzipped }) => {
    const old = name === 'enclave program';
    const row = [old ? LOCAL : name, figure(bytes / 1024), figure(gzipped / 1024)];
    return old ? [row, [`${NITRO} (its budget)`, figure(nitroBudget() / 1024), '–']] : [row];
  });
}

function nitroBudget(): number {
  const budgets = JSON.parse(readFileSync(BUDGETS, 'utf8')) as Record<string, { readonly bytes: number }>;
  return budgets['enclave-nitro']?.bytes ?? Number.NaN;
}

const span = (all: readonly number[]): string =>
  all.length === 0
    ? '–'
    : `${figure(median(all))} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`;

export function startupTables({ vault, enclaveBoots, lambda, memory, sizes }: StartupResult): string {
  const starts = table(
    ['ms', 'median (least to most)'],
    [
      ['local vault on a new folder: command to ready', span(vault.first)],
      ['on the same folder again', span(vault.again)],
      ['an enclave as a local process: launch to serving', span(enclaveBoots)],
      ...lambda.flatMap(({ name, loaded, answered, cpu, decrypt, decryptAgain }) => [
        [`Lambda function, ${name}: process to open vault`, span(loaded)],
        [`Lambda function, ${name}: process to first answer`, span(answered)],
        [`Lambda function, ${name}: processor time of all its threads until then`, span(cpu)],
        [`Lambda function, ${name}: first decryption`, span(decrypt)],
        [`Lambda function, ${name}: the next one`, span(decryptAgain)],
      ]),
    ],
  );
  const sizeTable = table(['program', 'KiB', 'KiB, gzipped'], sizeRows(sizes));
  const memories = table(
    ['at rest', 'RSS MiB', 'PSS MiB'],
    [
      ...Object.entries(memory).map(([name, { rss, pss }]) => [name, rss.toFixed(0), pss.toFixed(0)]),
      ...lambda.flatMap(({ name, peak = [] }) =>
        peak.length === 0 ? [] : [[`Lambda function, ${name}, at most`, median(peak).toFixed(0), '–']],
      ),
    ],
  );
  return `${starts}\n\n${memories}\n\n${sizeTable}`;
}

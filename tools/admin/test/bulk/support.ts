// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importErrand } from '../../src/bulk/import-errand.ts';
import { openInput } from '../../src/bulk/input.ts';
import { type Ended, type Job, runJob } from '../../src/bulk/job.ts';
import { ndjsonRows } from '../../src/bulk/ndjson-rows.ts';
import type { CommonOptions } from '../../src/bulk/options.ts';
import { type FakeVault, KEY } from './fake-vault.ts';

export const optionsIn = (folder: string, more: Partial<CommonOptions> = {}): CommonOptions => ({
  out: join(folder, 'x.ids.ndjson'),
  refused: join(folder, 'x.refused.ndjson'),
  keepRefused: undefined,
  state: join(folder, 'x.state'),
  report: undefined,
  concurrency: 3,
  rate: undefined,
  batch: false,
  late: undefined,
  patience: 20,
  ...more,
});

/** An import of a file of lines, in this process. */
export function importLines(
  vault: FakeVault,
  path: string,
  options: CommonOptions,
  more: Partial<Job> = {},
): Promise<Ended> {
  return runJob({
    what: 'import',
    access: { url: vault.url, as: KEY, ca: undefined },
    source: ndjsonRows(openInput(path)),
    choices: [],
    options,
    header: '',
    saveEveryMs: 3,
    stop: new AbortController().signal,
    errand: (id) => importErrand(id, { keep: options.keepRefused !== undefined }),
    ...more,
  });
}

export const linesOf = (path: string): Record<string, unknown>[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];

// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Report, type ReportLine } from '../../src/import/report.ts';
import { runImport } from '../../src/import/run.ts';
import type { Source } from '../../src/import/source.ts';
import { type ImportState, openState } from '../../src/import/state.ts';

const root = mkdtempSync(join(tmpdir(), 'ev-report-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
});
let [path, statePath] = ['', ''];
beforeEach(() => {
  const folder = mkdtempSync(join(root, 'r-'));
  [path, statePath] = [join(folder, 'report.jsonl'), join(folder, 'state')];
});

const line = (id: string): ReportLine => ({ id, result: 'imported', at: 'x' });
const ids = (): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text).id);
const newState = (): ImportState => openState(statePath, 'f', () => 'one');

/** A run of items that are no records, and are reported. @param before the second page is there */
async function run(
  report: Report,
  state: ImportState,
  before: () => void = () => undefined,
): Promise<boolean> {
  const page = (n: number, next: number | null) => ({
    found: [{ item: undefined, at: `${n}` }],
    logs: 0,
    next,
  });
  const source: Source = {
    ...{ label: 'a test', fingerprint: 'f', items: undefined, parallel: 1, close: () => undefined },
    parts: [
      {
        id: 'part',
        async *pages(from) {
          if (from === undefined) yield page(0, 1);
          before();
          yield page(1, null);
        },
      },
    ],
  };
  const importer = { import: () => Promise.reject(new Error('nothing is a record')) };
  const signal = new AbortController().signal;
  try {
    return await runImport({
      ...{ importer, source, state, statePath, report, signal },
      ...{ concurrency: 1, rate: undefined, limit: undefined },
    });
  } finally {
    report.close();
  }
}

describe('the report of an import that is new', () => {
  it('overwrites nothing, whatever it is', () => {
    for (const text of ['{"id":"v_1"}\n', '']) {
      writeFileSync(path, text);
      expect(() => new Report(path, undefined)).toThrow(expect.objectContaining({ code: 'output_exists' }));
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('is made with its first line, when there is a state: killed before that, the same command goes on', async () => {
    new Report(path, newState().reportBytes);
    expect(existsSync(path)).toBe(false);
    expect(await run(new Report(path, newState().reportBytes), newState())).toBe(true);
    expect(ids()).toEqual([null, null]);
  });
});

describe('the report of an import that goes on', () => {
  it('is cut to what the state knows, and written on from there', () => {
    const first = new Report(path, undefined);
    first.add(line('v_1'));
    const keep = first.flush();
    first.add(line('v_2'));
    first.close();
    const second = new Report(path, keep);
    second.add(line('v_3'));
    second.close();
    expect(ids()).toEqual(['v_1', 'v_3']);
  });

  it('is demanded as it was: neither gone nor shorter', () => {
    const first = new Report(path, undefined);
    first.add(line('v_1'));
    const keep = first.flush();
    first.close();
    truncateSync(path, 3);
    const other = expect.objectContaining({ code: 'job_other' });
    expect(() => new Report(path, keep)).toThrow(other);
    expect(readFileSync(path).length).toBe(3);
    rmSync(path);
    expect(() => new Report(path, keep)).toThrow(other);
    expect(existsSync(path)).toBe(false);
  });

  it('is not forgotten by a run without one', async () => {
    const state = newState();
    await run(new Report(path, undefined), state);
    const { length } = readFileSync(path);
    const again = newState();
    await run(new Report(undefined, again.reportBytes), again);
    expect([length > 0, newState().reportBytes]).toEqual([true, length]);
  });
});

it('a report that cannot be written leaves a state of what it holds, and the same command goes on', async () => {
  const now = performance.now.bind(performance);
  // The second page is in time for a state, which cannot be saved, and once more when the run ends.
  const stray = (): void => {
    symlinkSync(join(root, 'nowhere'), path);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
  };
  const state = newState();
  const failure: unknown = await run(new Report(path, state.reportBytes), state, stray).catch(
    (error: unknown) => error,
  );
  expect(newState()).toMatchObject({ reportBytes: 0, parts: new Map() });
  expect(failure).toMatchObject({ code: 'file_unwritable' });
  rmSync(path);
  const again = newState();
  expect(await run(new Report(path, again.reportBytes), again)).toBe(true);
  expect(ids()).toEqual([null, null]);
  expect(newState().reportBytes).toBe(readFileSync(path).length);
});

// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VaultError } from '@enclave-vault/vault';
import type { ImportOutcome } from '@enclave-vault/vault/import';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { fromWire } from '../../src/import/attributes.ts';
import { Counts } from '../../src/import/counts.ts';
import { Pace } from '../../src/import/pace.ts';
import { progressLine } from '../../src/import/progress.ts';
import { Report } from '../../src/import/report.ts';
import { type RunOptions, runImport } from '../../src/import/run.ts';
import type { Found, Source } from '../../src/import/source.ts';
import { openState } from '../../src/import/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

const B = Buffer.from('x');
const found = (id: string): Found => ({
  item: fromWire({
    pk: { S: `VAULT##${id}` },
    sk: { S: 'v0' },
    _id: { S: id },
    _hs: { B },
    _pk: { B },
    _sk: { B },
  }),
  at: id,
});
const log = (at: string): Found => ({ item: fromWire({ pk: { S: 'LOG##x' } }), at });

/** A source of parts of so many vaults, in pages of so many; every fifth item is a log entry, every seventh is broken. */
function sourceOf(parts: readonly number[], page: number, parallel = 1): Source {
  return {
    ...{ label: 'a test', fingerprint: 'f', items: undefined, parallel, close: () => undefined },
    parts: parts.map((length, n) => ({
      id: `part ${n}`,
      async *pages(from) {
        const items = Array.from({ length }, (_, i): Found => {
          if (i % 7 === 6) return { item: undefined, at: `${n}-${i}` };
          return i % 5 === 4 ? log(`${n}-${i}`) : found(`${n}-${i}`);
        });
        for (let at = typeof from === 'number' ? from : 0; at < length || length === 0; at += page) {
          const next = at + page >= length ? null : at + page;
          yield { found: items.slice(at, at + page), logs: 0, next };
          if (next === null) return;
        }
      },
    })),
  };
}

/** A vault that remembers, and fails when it is told to. */
class MemoryVault {
  readonly stored = new Map<string, string>();
  readonly importId: string;
  calls = 0;
  fail: (call: number) => Error | undefined = () => undefined;

  constructor(importId: string) {
    this.importId = importId;
  }

  async import({ id }: { readonly id: string }): Promise<ImportOutcome> {
    this.calls += 1;
    const error = this.fail(this.calls);
    await new Promise(setImmediate);
    const before = this.stored.get(id);
    // A call that fails may have written all the same.
    this.stored.set(id, before ?? this.importId);
    if (error !== undefined) throw error;
    if (before === undefined) return { result: 'imported', again: false, replaced: false, dropped: [] };
    if (before !== this.importId) return { result: 'already', changedHere: false };
    return { result: 'imported', again: true, replaced: false, dropped: [] };
  }
}

interface Files {
  readonly statePath: string;
  readonly reportPath: string;
}
const newFiles = (): Files => {
  made += 1;
  return { statePath: join(folder, `${made}.state`), reportPath: join(folder, `${made}.jsonl`) };
};

async function run(
  source: Source,
  vault: MemoryVault,
  { statePath, reportPath }: Files,
  more: Partial<RunOptions> = {},
) {
  const state = openState(statePath, 'f', () => vault.importId);
  const report = new Report(reportPath, state.reportBytes);
  const signal = new AbortController().signal;
  const options = {
    importer: vault,
    source,
    state,
    statePath,
    report,
    concurrency: 8,
    rate: undefined,
    limit: undefined,
    signal,
  };
  try {
    return { done: await runImport({ ...options, ...more }), counts: state.counts.json() };
  } finally {
    report.close();
  }
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const reported = ({ reportPath }: Files): { at: string; result: string }[] =>
  textOf(reportPath)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('an import', () => {
  it('that is interrupted anywhere, any number of times, has in the end done everything once', async () => {
    const shape = fc.record({
      parts: fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
      page: fc.integer({ min: 1, max: 12 }),
      parallel: fc.integer({ min: 1, max: 3 }),
      crashes: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ parts, page, parallel, crashes }) => {
        const files = newFiles();
        const vault = new MemoryVault('one');
        const source = sourceOf(parts, page, parallel);
        for (const after of crashes) {
          const until = vault.calls + after;
          vault.fail = (call) => (call >= until ? new Error('the process ends') : undefined);
          await run(source, vault, files).catch(() => undefined);
          // Written, and not yet in any state: the report is cut back to what the state knows.
          writeFileSync(files.reportPath, `${textOf(files.reportPath)}{"at":"half a li`);
        }
        vault.fail = () => undefined;
        const { done, counts } = await run(source, vault, files);
        const all = parts.reduce((a, b) => a + b, 0);
        const broken = parts.reduce((sum, length) => sum + Math.floor((length + 0) / 7), 0);
        const records = vault.stored.size;
        expect(done).toBe(true);
        expect(counts).toMatchObject({ imported: records, already: 0, logs: all - broken - records });
        const lines = reported(files);
        expect(lines.length).toBe(records + broken);
        expect(new Set(lines.map(({ at }) => at)).size).toBe(lines.length);
      }),
      { numRuns: 40 },
    );
  });

  it('that is done stays done', async () => {
    const files = newFiles();
    const vault = new MemoryVault('one');
    const first = await run(sourceOf([20], 6), vault, files);
    const { calls } = vault;
    expect(await run(sourceOf([20], 6), vault, files)).toEqual(first);
    expect(vault.calls).toBe(calls);
  });

  it('tries again what passes, and not what does not', async () => {
    const vault = new MemoryVault('one');
    vault.fail = (call) => (call <= 2 ? new VaultError('audit_busy') : undefined);
    expect((await run(sourceOf([1], 1), vault, newFiles())).counts.imported).toBe(1);
    const fatal = new MemoryVault('one');
    fatal.fail = () => new VaultError('malformed');
    await expect(run(sourceOf([1], 1), fatal, newFiles())).rejects.toMatchObject({ code: 'malformed' });
    expect(fatal.calls).toBe(1);
  });

  it('gives up what does not pass, and can go on', async () => {
    const files = newFiles();
    const vault = new MemoryVault('one');
    const stop = new AbortController();
    stop.abort();
    vault.fail = () => new VaultError('store_unavailable');
    const signal = { aborted: false } as AbortSignal;
    const ended = run(sourceOf([3], 1), vault, files, { signal, concurrency: 1 });
    setTimeout(() => Object.assign(signal, { aborted: true }), 50);
    await expect(ended).rejects.toMatchObject({ code: 'import_interrupted', message: /store_unavailable/ });
    vault.fail = () => undefined;
    expect((await run(sourceOf([3], 1), vault, files)).counts.imported).toBe(3);
  });

  it('stops at its limit, having reported what it did', async () => {
    const files = newFiles();
    const vault = new MemoryVault('one');
    const { done, counts } = await run(sourceOf([40], 10), vault, files, { limit: 3 });
    expect([done, counts.imported, reported(files).length]).toEqual([false, 3, 3]);
  });

  it('does not go on from the state of another', async () => {
    const files = newFiles();
    await run(sourceOf([1], 1), new MemoryVault('one'), files);
    expect(() => openState(files.statePath, 'g', () => 'two')).toThrow(
      expect.objectContaining({ code: 'import_state_other' }),
    );
    writeFileSync(files.statePath, '{"v":2}');
    expect(() => openState(files.statePath, 'f', () => 'two')).toThrow(
      expect.objectContaining({ code: 'import_state_other' }),
    );
  });
});

it('names are cut in a report: they are the source’s', () => {
  const path = join(folder, 'names.jsonl');
  const report = new Report(path, 0);
  report.add({
    id: 'v_1',
    result: 'skipped',
    code: 'unknown_field',
    fields: ['x'.repeat(60_000), '"\n'],
    at: 'f:1',
  });
  report.close();
  const [line = ''] = readFileSync(path, 'utf8').split('\n');
  expect(JSON.parse(line)).toEqual({
    ...{ id: 'v_1', result: 'skipped', code: 'unknown_field', at: 'f:1' },
    fields: ['x'.repeat(128), '"\n'],
  });
});

it('a pace lets through evenly, and saves nothing up', async () => {
  let now = 1_000;
  const waits: number[] = [];
  const pace = new Pace(
    10,
    () => now,
    async (ms) => waits.push(ms),
  );
  for (let n = 0; n < 3; n += 1) await pace.turn();
  now += 10_000;
  for (let n = 0; n < 2; n += 1) await pace.turn();
  expect(waits).toEqual([100, 200, 100]);
  await new Pace(
    undefined,
    () => now,
    async () => waits.push(0),
  ).turn();
  expect(waits).toHaveLength(3);
});

it('progress says what is done, how fast, and how long it will take', () => {
  const counts = new Counts();
  Object.assign(counts, { imported: 40, already: 5, logs: 5 });
  expect(progressLine(counts, 100, 25)).toBe(
    '40 imported, 5 already there, 0 skipped, 5 log entries left out: 50 of 100 items (50%), 25/s, about 2 s left',
  );
  counts.skip('no_key');
  for (const [items, rate, end] of [
    [undefined, 7.4, ': 51 items, 7/s'],
    [20, 1, ': 51 items, 1/s'],
    [51 + 6_000, 1, ', 1/s, about 2 h left'],
    [51 + 600, 1, ', 1/s, about 10 min left'],
    [100, 0, ', 0/s'],
  ] as const)
    expect(progressLine(counts, items, rate).endsWith(end)).toBe(true);
});

// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../src/bulk/command.ts';
import { csvRows } from '../../src/bulk/csv-rows.ts';
import { openInput } from '../../src/bulk/input.ts';
import type { Job } from '../../src/bulk/job.ts';
import { JobFile, type JobState } from '../../src/bulk/job-file.ts';
import type { CommonOptions } from '../../src/bulk/options.ts';
import { FakeRecords, FakeVault, type Faults, KEY } from './fake-vault.ts';
import { importLines, linesOf, optionsIn } from './support.ts';

vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const root = mkdtempSync(join(tmpdir(), 'ev-job-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open: FakeVault[] = [];
afterEach(() => {
  for (const vault of open.splice(0)) vault.close();
});
async function vaultOf(faults: Faults = {}, records?: FakeRecords): Promise<FakeVault> {
  const vault = await FakeVault.open(faults, records);
  open.push(vault);
  return vault;
}

const row = (n: number): string => `${JSON.stringify({ first_name: `CANARY ${n}` })}\n`;
function inputOf(rows: number, text = (n: number) => row(n)): { folder: string; path: string } {
  const folder = mkdtempSync(join(root, 'j-'));
  writeFileSync(join(folder, 'in'), Array.from({ length: rows }, (_, i) => text(i + 1)).join(''));
  return { folder, path: join(folder, 'in') };
}

/** An import that is stopped somewhere in the middle. */
async function stopped(rows: number, records = new FakeRecords()) {
  const stop = new AbortController();
  const vault = await vaultOf({ done: (nth) => nth === 70 && stop.abort() }, records);
  const { folder, path } = inputOf(rows);
  const options = optionsIn(folder, { concurrency: 1 });
  const { report } = await importLines(vault, path, options, { stop: stop.signal });
  return { folder, path, options, report, records };
}

function changeState(path: string, change: Partial<JobState>): void {
  const file = JobFile.open(path);
  const state = file.read();
  if (state !== undefined) file.save({ ...state, ...change });
  file.close();
}

describe('a job against a vault that fails', () => {
  it('ends at once when the key is not taken', async () => {
    const vault = await vaultOf();
    const { folder, path } = inputOf(500);
    const access = { url: vault.url, as: `${KEY}x`, ca: undefined };
    const { report, failure } = await importLines(vault, path, optionsIn(folder), { access });
    expect([report.ended, failure?.message]).toEqual(['failed', '401 unauthenticated']);
    expect(vault.calls).toBe(1);
    expect(vault.records.byId.size).toBe(0);
    // Nothing is bound to that key.
    expect(readdirSync(folder)).toEqual(['in']);
    expect((await importLines(vault, path, optionsIn(folder))).report).toMatchObject({ done: 500 });
  });

  it('ends at once when the key is revoked in the middle, and another of its caller goes on', async () => {
    let revoked = false;
    const records = new FakeRecords();
    const vault = await vaultOf(
      {
        stopped: (nth) => (nth >= 40 ? 'unauthenticated' : undefined),
        done: () => {
          revoked = vault.items >= 40;
        },
        problem: () => (revoked ? { status: 401, code: 'unauthenticated' } : undefined),
      },
      records,
    );
    const { folder, path } = inputOf(300);
    const first = await importLines(vault, path, optionsIn(folder, { concurrency: 1 }));
    expect([first.report.ended, first.report.code]).toEqual(['failed', 'request_failed']);
    const { report } = await importLines(await vaultOf({}, records), path, optionsIn(folder));
    expect(report).toMatchObject({ ended: 'finished', done: 300 });
    expect(records.byId.size).toBe(300);
  });

  it.each([
    [
      '503 with Retry-After',
      { problem: (n: number) => (n <= 3 ? { status: 503, code: 'starting', retryAfter: 0 } : undefined) },
    ],
    ['429', { problem: (n: number) => (n <= 3 ? { status: 429, code: 'rate_limited' } : undefined) }],
    ['items that are busy', { error: (n: number) => (n % 20 === 0 ? 'busy' : undefined) }],
    ['items that fail once', { error: (n: number) => (n === 30 ? 'internal' : undefined) }],
    ['streams that stop', { stopped: (n: number) => (n % 50 === 0 ? 'stopping' : undefined) }],
    ['answers that are lost', { cut: (n: number) => (n === 33 ? ('after' as const) : undefined) }],
  ] satisfies [string, Faults][])('comes through %s, and makes no row twice', async (_what, faults) => {
    const vault = await vaultOf(faults);
    const { folder, path } = inputOf(400);
    const { report } = await importLines(vault, path, optionsIn(folder));
    expect(report).toMatchObject({ ended: 'finished', rows: 400, done: 400, refused: 0 });
    expect(report.sent_again > 0 || vault.calls > 3).toBe(true);
    expect(vault.records.byId.size).toBe(400);
  });

  it('waits as long as Retry-After says', async () => {
    const vault = await vaultOf({
      problem: (n) => (n === 1 ? { status: 503, code: 'starting', retryAfter: 2 } : undefined),
    });
    const { folder, path } = inputOf(1);
    const { report } = await importLines(vault, path, optionsIn(folder));
    expect([report.ended, report.seconds >= 2]).toEqual(['finished', true]);
  });

  it('refuses a row at which the vault fails time after time, by its code', async () => {
    const vault = await vaultOf({ error: () => 'internal' });
    const { folder, path } = inputOf(1);
    const { report } = await importLines(vault, path, optionsIn(folder));
    expect([report.refused_by_code, vault.items]).toEqual([{ internal: 1 }, 5]);
  });

  it.each(['rate_limited', 'decryptions_limited'])(
    'outlasts %s, but not a vault that is busy as long',
    async (code) => {
      const { folder, path } = inputOf(1);
      // Told to wait for longer than its patience, which is longer than a busy machine takes for a call.
      const limited = await vaultOf({ error: (n) => (n === 1 ? code : undefined), retryAfter: 4 });
      const { report } = await importLines(limited, path, { ...optionsIn(folder), patience: 3 });
      expect([report.ended, report.done, limited.items]).toEqual(['finished', 1, 2]);
      const other = inputOf(1);
      const busy = await vaultOf({ error: () => 'busy', retryAfter: 4 });
      const { failure } = await importLines(busy, other.path, { ...optionsIn(other.folder), patience: 1 });
      expect(failure?.code).toBe('bulk_interrupted');
    },
  );

  it('gives up when nobody answers, and leaves a state to go on from', async () => {
    const records = new FakeRecords();
    const { folder, path, options } = await stopped(400, records);
    const dead = await vaultOf({}, records);
    dead.close();
    const { failure } = await importLines(dead, path, { ...options, patience: 1 });
    expect(failure).toMatchObject({
      code: 'bulk_interrupted',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const { report } = await importLines(await vaultOf({}, records), path, options);
    expect([report.ended, report.done, linesOf(join(folder, 'x.ids.ndjson')).length]).toEqual([
      'finished',
      400,
      400,
    ]);
  });
});

describe('a job that goes on', () => {
  it('does nothing more when it is done', async () => {
    const vault = await vaultOf();
    const { folder, path } = inputOf(20);
    await importLines(vault, path, optionsIn(folder));
    const begins = vi.fn();
    const again = await importLines(vault, path, optionsIn(folder), { begins });
    // What is to be said of files that will be written is not said of those that were.
    expect(begins).not.toHaveBeenCalled();
    expect([again.report.ended, again.report.done, vault.items]).toEqual(['finished', 20, 20]);
    // Said, so that nobody takes the results of then for those of now.
    expect([again.report.already_finished, again.finishedAlready]).toEqual([
      true,
      expect.stringMatching(/^20\d\d-/),
    ]);
    const other = inputOf(1);
    const first = await importLines(vault, other.path, optionsIn(other.folder));
    expect([first.report.already_finished, first.finishedAlready]).toEqual([undefined, undefined]);
  });

  it.each([
    ['is shorter', (text: string) => text.slice(0, text.length / 2)],
    ['has a row more at its top', (text: string) => row(9) + text],
    [
      'has another value of the same length in a row that is done',
      (text: string) => text.replace('CANARY 1"', 'CANARY X"'),
    ],
  ])('refuses an input that %s, and sends nothing', async (_what, change) => {
    const { path, options, records } = await stopped(400);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, change(text));
    const vault = await vaultOf({}, records);
    const ended = await importLines(vault, path, options).catch((error: unknown) => ({ failure: error }));
    expect([ended.failure, vault.items]).toEqual([expect.objectContaining({ code: 'input_changed' }), 0]);
    // The file it was is taken, whenever it was written.
    writeFileSync(path, text);
    utimesSync(path, 1, 1);
    expect((await importLines(vault, path, options)).report).toMatchObject({ ended: 'finished', done: 400 });
  });

  it('refuses another caller: to him the vault would repeat nothing', async () => {
    const { path, options, records } = await stopped(400);
    const vault = await vaultOf({}, records);
    const access = { url: vault.url, as: KEY.replace('evk_0', 'evk_1'), ca: undefined };
    await expect(importLines(vault, path, options, { access })).rejects.toMatchObject({ code: 'job_other' });
  });

  it('goes on after any time when nothing was under way', async () => {
    const { path, options, records, report } = await stopped(400);
    expect(report).toMatchObject({ ended: 'stopped', unanswered: 0 });
    changeState(options.state, { since: '2020-01-01T00:00:00.000Z' });
    const vault = await vaultOf({}, records);
    expect((await importLines(vault, path, options)).report).toMatchObject({ ended: 'finished', done: 400 });
  });

  it('asks what to do when rows were under way more than 23 hours ago: leave them out, or risk them twice', async () => {
    for (const late of ['skip', 'resend'] as const) {
      const { path, options, records, report, folder } = await stopped(400);
      changeState(options.state, { since: '2020-01-01T00:00:00.000Z', reserved: report.rows + 5 });
      const vault = await vaultOf({}, records);
      await expect(importLines(vault, path, options)).rejects.toMatchObject({
        code: 'job_too_late',
        message: expect.stringContaining(`up to 5 rows (from ${report.rows + 1})`),
      });
      const ended = await importLines(vault, path, { ...options, late });
      const refused = late === 'skip' ? 5 : 0;
      expect(ended.report).toMatchObject({ ended: 'finished', done: 400 - refused, refused });
      const named = linesOf(join(folder, 'x.refused.ndjson'));
      expect(named).toEqual(
        Array.from({ length: refused }, (_, i) => ({ row: report.rows + 1 + i, code: 'uncertain' })),
      );
    }
  });

  describe('after an input that could not be read to its end', () => {
    const fields = new Map([['first_name', 'string']] as const);
    const importCsv = (vault: FakeVault, path: string, options: CommonOptions, more: Partial<Job> = {}) =>
      importLines(vault, path, options, {
        source: csvRows(openInput(path), { fields, map: new Map(), drop: new Set() }),
        ...more,
      });
    const head = 'first_name\nAda\n';
    async function broken() {
      const folder = mkdtempSync(join(root, 'c-'));
      const path = join(folder, 'in');
      writeFileSync(path, `${head}"Bob"x\nCy\n`);
      const records = new FakeRecords();
      const options = optionsIn(folder);
      const { report } = await importCsv(await vaultOf({}, records), path, options);
      expect(report).toMatchObject({ ended: 'failed', code: 'input_unreadable', rows: 1 });
      return { path, options, records };
    }

    it('goes on with the mended one, of whatever size, and makes each row once', async () => {
      const { path, options, records } = await broken();
      writeFileSync(path, `${head}Bobx, "the"\n`);
      // Mended wrongly, it is to be mended once more.
      const again = await importCsv(await vaultOf({}, records), path, options);
      expect(again.report).toMatchObject({ ended: 'failed', code: 'input_unreadable', rows: 1 });
      writeFileSync(path, `${head}Robert\nCy\n`);
      const { report } = await importCsv(await vaultOf({}, records), path, options);
      expect(report).toMatchObject({ ended: 'finished', rows: 3, done: 3 });
      expect([...records.byId.values()].map(({ first_name }) => first_name)).toEqual(['Ada', 'Robert', 'Cy']);
    });

    it('refuses one whose rows before that are others, sends nothing, and takes the right one afterwards', async () => {
      const { path, options, records } = await broken();
      const vault = await vaultOf({}, records);
      for (const text of ['first_name\nAdam\nBobx\nCy\n', 'first_name\n', 'first_name\nEve\nAda\nBobx\n']) {
        writeFileSync(path, text);
        const { failure } = await importCsv(vault, path, options);
        expect(failure?.code).toBe('input_changed');
      }
      expect(vault.items).toBe(0);
      writeFileSync(path, `${head}Bobx\nCy\n`);
      expect((await importCsv(vault, path, options)).report).toMatchObject({ ended: 'finished', done: 3 });
    });

    it('takes no other size any more when it has gone on with the mended one', async () => {
      const { path, options, records } = await broken();
      const text = `${head}${Array.from({ length: 300 }, (_, n) => `p${n}\n`).join('')}`;
      writeFileSync(path, text);
      const stop = new AbortController();
      const first = await vaultOf({ done: (nth) => nth === 70 && stop.abort() }, records);
      const { report } = await importCsv(first, path, { ...options, concurrency: 1 }, { stop: stop.signal });
      expect(report.ended).toBe('stopped');
      const vault = await vaultOf({}, records);
      writeFileSync(path, `${text}more\n`);
      await expect(importCsv(vault, path, options)).rejects.toMatchObject({ code: 'input_changed' });
      writeFileSync(path, text);
      expect((await importCsv(vault, path, options)).report).toMatchObject({ ended: 'finished', done: 301 });
    });
  });

  it('is one process’s at a time', async () => {
    const { path, options, records } = await stopped(400);
    const other = JobFile.open(options.state);
    const vault = await vaultOf({}, records);
    await expect(importLines(vault, path, options)).rejects.toMatchObject({
      code: 'job_other',
      message: expect.stringContaining('another command works with'),
    });
    other.close();
  });

  it('takes no file for its state that is none', async () => {
    const { folder, path } = inputOf(3);
    writeFileSync(join(folder, 'x.state'), row(1).repeat(200));
    await expect(importLines(await vaultOf(), path, optionsIn(folder))).rejects.toMatchObject({
      code: 'job_other',
    });
  });

  it('overwrites nothing, and leaves nothing behind when nothing was sent', async () => {
    const { folder, path } = inputOf(3);
    writeFileSync(join(folder, 'x.ids.ndjson'), 'mine');
    const vault = await vaultOf();
    const begins = vi.fn();
    await expect(importLines(vault, path, optionsIn(folder), { begins })).rejects.toMatchObject({
      code: 'output_exists',
    });
    expect(begins).not.toHaveBeenCalled();
    expect(readFileSync(join(folder, 'x.ids.ndjson'), 'utf8')).toBe('mine');
    expect([vault.calls, readdirSync(folder).sort()]).toEqual([0, ['in', 'x.ids.ndjson']]);
  });
});

describe('what a job leaves', () => {
  it('is not said to be finished where it could not be written', async () => {
    const { folder, path } = inputOf(3);
    const options = optionsIn(folder);
    const vault = await vaultOf({
      done: (nth) => nth === 1 && symlinkSync(join(folder, 'nowhere'), options.out),
    });
    const { report, failure } = await importLines(vault, path, options);
    expect([report.ended, failure?.code]).toEqual(['failed', 'file_unwritable']);
    rmSync(options.out);
    const again = await importLines(vault, path, options);
    expect([again.report.ended, linesOf(options.out).length, vault.records.byId.size]).toEqual([
      'finished',
      3,
      3,
    ]);
  });

  it.each([
    ['an input', 'first_name\nAda\n'],
    ['ids', '{"row":1,"id":"v_1"}\n{"row":2,"id":"v_2"}\n'],
    ['something else', '{"what":"else"}'],
    ['more than a report can be', `{"what":"import","rows":${'1'.repeat(70_000)}}`],
  ])('is no report in the place of %s', async (_what, text) => {
    const { folder, path } = inputOf(1, () => text);
    const job = { options: optionsIn(folder, { report: path }) } as Parameters<typeof runCommand>[0];
    await expect(runCommand(job)).rejects.toMatchObject({ code: 'output_exists' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is readable by its owner alone, and holds no value; values of refused rows only where that was asked for', async () => {
    const vault = await vaultOf();
    const text = (n: number) => (n % 3 === 0 ? `{"bad":"CANARY ${n}"}\n` : row(n));
    for (const keep of [false, true]) {
      const { folder, path } = inputOf(30, text);
      const kept = join(folder, 'x.refused-values.ndjson');
      const options = optionsIn(folder, { ...(keep && { keepRefused: kept }), report: undefined });
      const { report } = await importLines(vault, path, options);
      expect(report).toMatchObject({ done: 20, refused_by_code: { invalid: 10 } });
      for (const name of readdirSync(folder).filter((one) => one !== 'in')) {
        expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
        if (join(folder, name) !== kept)
          expect(readFileSync(join(folder, name)).includes('CANARY')).toBe(false);
      }
      expect(JSON.stringify(report)).not.toContain('CANARY');
      expect([existsSync(kept), linesOf(kept).length]).toEqual(keep ? [true, 10] : [false, 0]);
      if (keep) expect(linesOf(kept)[0]).toEqual({ bad: 'CANARY 3' });
    }
    const told = vi.mocked(process.stderr.write).mock.calls.map(([chunk]) => String(chunk));
    expect(told.join('')).not.toContain('CANARY');
  });

  it('names refused rows with their codes and members', async () => {
    const { folder, path } = inputOf(3, (n) => (n === 2 ? '{"bad":1}\n' : n === 3 ? 'nonsense\n' : row(n)));
    const begins = vi.fn();
    await importLines(await vaultOf(), path, optionsIn(folder), { begins });
    expect(begins).toHaveBeenCalledOnce();
    expect(linesOf(join(folder, 'x.refused.ndjson'))).toEqual([
      { row: 2, code: 'invalid', members: [{ path: '/fields/bad', code: 'unknown_field' }] },
      { row: 3, code: 'json_invalid' },
    ]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { JobFile } from '../../src/bulk/job-file.ts';
import { OutFile } from '../../src/bulk/out-file.ts';
import { FakeVault } from './fake-vault.ts';
import { importLines, linesOf, optionsIn } from './support.ts';

const disk = vi.hoisted(() => ({ full: false, failsToSync: false, written: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const failure = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });
  return {
    ...fs,
    // As a disk that fills up: some of it is written, and of the rest nothing.
    writeSync: (file: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      if (!disk.full) return fs.writeSync(file, bytes, offset, length, position);
      if (disk.written > 0) throw failure('ENOSPC');
      disk.written = fs.writeSync(file, bytes, offset, Math.ceil(length / 2), position);
      return disk.written;
    },
    fdatasyncSync: (file: number) => {
      if (disk.failsToSync) throw failure('EIO');
      fs.fdatasyncSync(file);
    },
  };
});
vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const root = mkdtempSync(join(tmpdir(), 'ev-full-'));
const well = (): void => void Object.assign(disk, { full: false, failsToSync: false, written: 0 });
afterEach(well);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const unwritable = (code: string) =>
  expect.objectContaining({ code: 'file_unwritable', message: expect.stringContaining(code) });

describe('a file of results on a disk that fails', () => {
  it.each([
    ['is full', 'ENOSPC', { full: true }],
    ['cannot write a page', 'EIO', { failsToSync: true }],
  ])('is never more durable than it was when it %s, though the disk recovers', (_what, code, fails) => {
    const path = join(root, code);
    const file = new OutFile(path, undefined);
    file.append('one\n');
    const length = file.flush();
    file.append('two\n');
    Object.assign(disk, fails);
    expect(() => file.flush()).toThrow(unwritable(code));
    well();
    file.append('three\n');
    expect(() => file.flush()).toThrow(unwritable(code));
    file.close();
    const next = new OutFile(path, length);
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    next.close();
  });
});

describe('a job on a disk that fails', () => {
  const ROWS = 300;
  function inputOf(): { folder: string; path: string } {
    const folder = mkdtempSync(join(root, 'j-'));
    const path = join(folder, 'in');
    writeFileSync(path, Array.from({ length: ROWS }, (_, n) => `{"first_name":"p${n}"}\n`).join(''));
    return { folder, path };
  }
  const stateOf = (path: string) => {
    const file = JobFile.open(path);
    const state = file.read();
    file.close();
    return state;
  };

  it.each([
    ['is full', 'ENOSPC', { full: true }],
    ['cannot write a page', 'EIO', { failsToSync: true }],
  ])(
    'ends with a summary of what is safe when it %s, and the next run writes the rest',
    async (_what, code, fails) => {
      const { folder, path } = inputOf();
      const options = optionsIn(folder, { concurrency: 1 });
      const vault = await FakeVault.open({ done: (nth) => nth === 120 && Object.assign(disk, fails) });
      const { report, failure } = await importLines(vault, path, options);
      expect(failure).toEqual(unwritable(code));
      expect(report).toMatchObject({ ended: 'failed', code: 'file_unwritable' });
      const state = stateOf(options.state);
      expect([report.rows, report.done]).toEqual([state?.settled, state?.counts.done]);
      // They are there, and only a repeat within 23 hours is told which.
      expect(report.unanswered).toBeGreaterThanOrEqual(120 - report.rows);
      well();
      const again = await importLines(vault, path, options);
      expect(again.report).toMatchObject({ ended: 'finished', rows: ROWS, done: ROWS });
      const ids = linesOf(options.out);
      expect(ids.map(({ row }) => row)).toEqual(Array.from({ length: ROWS }, (_, n) => n + 1));
      expect(ids.map(({ id }) => id)).toEqual([...vault.records.byId.keys()]);
      vault.close();
    },
  );

  it('says of rows whose answers could not be written that they have none', async () => {
    const { folder, path } = inputOf();
    const vault = await FakeVault.open({ done: () => Object.assign(disk, { full: true }) });
    const options = optionsIn(folder, { concurrency: 1 });
    // Nothing is saved between the first row and the last.
    const { report, failure } = await importLines(vault, path, options, { saveEveryMs: 60_000 });
    expect(failure).toEqual(unwritable('ENOSPC'));
    expect(report).toMatchObject({ ended: 'failed', rows: 0, done: 0, unanswered: ROWS });
    vault.close();
  });

  it('ends the same way when its state cannot be written', async () => {
    const { folder, path } = inputOf();
    const options = optionsIn(folder, { concurrency: 1 });
    let full = false;
    const save = JobFile.prototype.save;
    const spy = vi.spyOn(JobFile.prototype, 'save').mockImplementation(function (this: JobFile, state) {
      if (full) throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR' });
      save.call(this, state);
    });
    const vault = await FakeVault.open({
      done: (nth) => {
        full = nth >= 120;
      },
    });
    const { report, failure } = await importLines(vault, path, options);
    spy.mockRestore();
    expect([failure, report.ended]).toEqual([unwritable('ERR_SQLITE_ERROR'), 'failed']);
    expect(report.rows).toBe(stateOf(options.state)?.settled);
    const again = await importLines(vault, path, options);
    expect([again.report.done, linesOf(options.out).length, vault.records.byId.size]).toEqual([
      ROWS,
      ROWS,
      ROWS,
    ]);
    vault.close();
  });
});

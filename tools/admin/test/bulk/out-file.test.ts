// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { JobFile } from '../../src/bulk/job-file.ts';
import { OutFile } from '../../src/bulk/out-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-out-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

describe('a file of results', () => {
  it('is cut to what the state knows: what came after it may come out otherwise, and shorter', () => {
    writeFileSync(path('a'), 'one\ntwo is long\nthr');
    const file = new OutFile(path('a'), 4);
    expect(readFileSync(path('a'), 'utf8')).toBe('one\n');
    file.append('2\n');
    expect(file.flush()).toBe(6);
    file.close();
    expect(readFileSync(path('a'), 'utf8')).toBe('one\n2\n');
  });

  it('is none to go on with when it is shorter than that', () => {
    writeFileSync(path('b'), 'one\n');
    expect(() => new OutFile(path('b'), 5)).toThrow(expect.objectContaining({ code: 'job_other' }));
  });

  it('is made with its first line, for its owner alone, and through no link', () => {
    const file = new OutFile(path('c'), undefined);
    file.append('');
    expect([file.flush(), existsSync(path('c'))]).toEqual([0, false]);
    file.append('x');
    file.flush();
    expect(statSync(path('c')).mode & 0o777).toBe(0o600);
    file.discard();
    expect(existsSync(path('c'))).toBe(false);
    const linked = new OutFile(path('d'), undefined);
    symlinkSync(path('elsewhere'), path('d'));
    linked.append('x');
    expect(() => linked.flush()).toThrow(expect.objectContaining({ code: 'file_unwritable' }));
    expect(existsSync(path('elsewhere'))).toBe(false);
    expect(() => new OutFile(path('d'), undefined)).toThrow(
      expect.objectContaining({ code: 'output_exists' }),
    );
  });

  it('that was put in its place between two runs is not filled: a link, a second name, a pipe', () => {
    const planted = (name: string): void => {
      const file = new OutFile(path(name), 0);
      file.append('x');
      file.flush();
    };
    symlinkSync(path('his'), path('e'));
    writeFileSync(path('his'), '');
    linkSync(path('his'), path('f'));
    execFileSync('mkfifo', [path('g')]);
    for (const name of ['e', 'f', 'g'])
      expect(() => planted(name), name).toThrow(expect.objectContaining({ code: 'file_unwritable' }));
    expect(readFileSync(path('his'), 'utf8')).toBe('');
  });

  it('is closed to others before more is written, whatever became of its mode', () => {
    writeFileSync(path('h'), 'one\n', { mode: 0o644 });
    new OutFile(path('h'), 4).close();
    expect(statSync(path('h')).mode & 0o777).toBe(0o600);
  });
});

describe('the state of a job', () => {
  it('is made through no link, and what that leads to stays as it is', () => {
    writeFileSync(path('target'), '', { mode: 0o644 });
    symlinkSync(path('target'), path('state'));
    expect(() => JobFile.open(path('state'))).toThrow(expect.objectContaining({ code: 'file_unwritable' }));
    expect([statSync(path('target')).mode & 0o777, statSync(path('target')).size]).toEqual([0o644, 0]);
  });
});

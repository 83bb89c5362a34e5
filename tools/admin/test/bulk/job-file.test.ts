// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { JobFile, type JobState } from '../../src/bulk/job-file.ts';

const root = mkdtempSync(join(tmpdir(), 'ev-job-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folderOf = (): string => mkdtempSync(join(root, 'f-'));
const STATE = { v: 1, what: 'export', job: 'one' } as JobState;
const OWN = 'CREATE TABLE job (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT';

describe('a file that is given for a state', () => {
  it.each([
    ['another program’s', 'CREATE TABLE invoices (id INTEGER)'],
    ['another program’s, with a table of that name', 'CREATE TABLE job (id INTEGER)'],
    ['ours, with a table more', `${OWN}; CREATE TABLE invoices (id INTEGER)`],
    ['ours, with a trigger', `${OWN}; CREATE TRIGGER t AFTER INSERT ON job BEGIN SELECT 1; END`],
    ['emptied by another program', 'CREATE TABLE invoices (id INTEGER); DROP TABLE invoices'],
    [
      'another program’s, with a log that is written ahead',
      'PRAGMA journal_mode = WAL; CREATE TABLE invoices (id INTEGER)',
    ],
    ['ours by its table, with a log that is written ahead', `PRAGMA journal_mode = WAL; ${OWN}`],
  ])('and is a database %s is refused, and stays as it is', (_what, sql) => {
    const folder = folderOf();
    const path = join(folder, 'db');
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    chmodSync(path, 0o640);
    const before = readFileSync(path);
    for (const open of [JobFile.open, JobFile.begun])
      expect(() => open(path)).toThrow(
        expect.objectContaining({
          code: 'job_other',
          message: `${path} is not the state of a job: name another --state`,
        }),
      );
    expect(readFileSync(path).equals(before)).toBe(true);
    expect([statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([0o640, ['db']]);
  });

  it.each(['x', 'SQLite format 3', 'x'.repeat(9_000)])(
    'and is no database is refused, and stays as it is',
    (text) => {
      const path = join(folderOf(), 'text');
      writeFileSync(path, text, { mode: 0o644 });
      expect(() => JobFile.open(path)).toThrow(expect.objectContaining({ code: 'job_other' }));
      expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([text, 0o644]);
    },
  );

  it('may be empty, or not there: then it is made, for its owner alone', () => {
    const [empty, absent] = [join(folderOf(), 'a'), join(folderOf(), 'b')];
    writeFileSync(empty, '', { mode: 0o644 });
    for (const path of [empty, absent]) {
      const file = JobFile.open(path);
      expect(file.read()).toBeUndefined();
      file.save(STATE);
      file.close();
      const again = JobFile.open(path);
      expect(again.read()).toEqual(STATE);
      again.close();
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });
});

describe('a job of which nothing came', () => {
  it('leaves no state that its own call made, and no job in a file that was there', () => {
    const folder = folderOf();
    const [made, found] = [join(folder, 'made'), join(folder, 'found')];
    writeFileSync(found, '');
    for (const path of [made, found]) {
      const file = JobFile.open(path);
      file.save(STATE);
      file.discard();
      expect(JobFile.begun(path)).toBe(false);
    }
    expect(readdirSync(folder)).toEqual(['found']);
  });

  it('is told from one that has begun, and asking makes nothing', () => {
    const path = join(folderOf(), 'state');
    expect([JobFile.begun(path), existsSync(path)]).toEqual([false, false]);
    const file = JobFile.open(path);
    file.save(STATE);
    expect(() => JobFile.begun(path)).toThrow(expect.objectContaining({ code: 'job_other' }));
    file.close();
    expect(JobFile.begun(path)).toBe(true);
  });
});

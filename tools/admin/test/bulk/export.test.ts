// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { csvLine } from '../../src/bulk/csv-line.ts';
import { exportErrand } from '../../src/bulk/export-errand.ts';
import { idRows } from '../../src/bulk/id-rows.ts';
import { openInput } from '../../src/bulk/input.ts';
import { type Job, runJob } from '../../src/bulk/job.ts';
import { FakeRecords, FakeVault, type Faults, KEY } from './fake-vault.ts';
import { linesOf, optionsIn } from './support.ts';

vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const root = mkdtempSync(join(tmpdir(), 'ev-export-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const open: FakeVault[] = [];
afterEach(() => {
  for (const vault of open.splice(0)) vault.close();
});

const records = new FakeRecords();
const ids = Array.from({ length: 200 }, (_, n) =>
  String(records.create({ first_name: `p${n}`, ssn9: '=1' }, undefined).id),
);

async function exportIds(
  lines: readonly string[],
  {
    faults = {},
    csv = false,
    fields = ['first_name'],
    folder = mkdtempSync(join(root, 'e-')),
    ...more
  }: {
    faults?: Faults;
    csv?: boolean;
    fields?: readonly string[];
    folder?: string;
    stop?: AbortSignal;
    batch?: boolean;
  } = {},
) {
  const vault = await FakeVault.open(faults, records);
  open.push(vault);
  writeFileSync(join(folder, 'ids'), lines.map((id) => `${id}\n`).join(''));
  const ask = { fields, reason: 'test' };
  const format = { columns: csv ? fields : undefined, verbatim: false };
  const out = join(folder, csv ? 'x.csv' : 'x.ndjson');
  const job: Job = {
    what: 'export',
    access: { url: vault.url, as: KEY, ca: undefined },
    source: idRows(openInput(join(folder, 'ids'))),
    choices: [ask, format],
    options: optionsIn(folder, { out, batch: more.batch ?? false, concurrency: 2, patience: 60 }),
    header: csv ? csvLine(['id', ...fields], { verbatim: true }) : '',
    saveEveryMs: 3,
    stop: more.stop ?? new AbortController().signal,
    errand: () => exportErrand(ask, format),
  };
  return { ...(await runJob(job)), folder, out, vault };
}

describe('an export', () => {
  it.each([false, true])(
    'writes records in the order of their ids, whatever order they come in (batch: %s)',
    async (batch) => {
      const { report, out } = await exportIds(ids, { faults: { shuffled: true }, batch });
      expect(report).toMatchObject({ ended: 'finished', done: 200 });
      expect(linesOf(out)).toEqual(ids.map((id, n) => ({ id, data: { first_name: `p${n}` } })));
      expect(statSync(out).mode & 0o777).toBe(0o600);
    },
  );

  it('writes what the enclave wrote, letter by letter', () => {
    const errand = exportErrand({ fields: [], reason: 'x' }, { columns: undefined, verbatim: false });
    const id = ids[0] ?? '';
    const text = `{"index":7,"id":"${id}","data":{"x":{"b":1,"10":2,"9":1.0}}}`;
    const row = { n: 8, text: id, sentAt: 0, failures: 0, again: false };
    expect(errand.done(row, JSON.parse(text), text)).toEqual({
      ok: true,
      text: `{"id":"${id}","data":{"x":{"b":1,"10":2,"9":1.0}}}\n`,
    });
  });

  it('takes no data under an id that was not asked for', async () => {
    const errand = exportErrand({ fields: [], reason: 'x' }, { columns: undefined, verbatim: false });
    const row = { n: 1, text: ids[0] ?? '', sentAt: 0, failures: 0, again: false };
    expect(errand.done(row, { index: 0, id: ids[1], data: {} }, undefined)).toBeUndefined();
  });

  it('writes CSV with a column a field, formulas made harmless', async () => {
    const { out } = await exportIds(ids.slice(0, 2), { csv: true, fields: ['ssn9', 'first_name'] });
    expect(readFileSync(out, 'utf8')).toBe(`id,ssn9,first_name\r\n${ids[0]},'=1,p0\r\n${ids[1]},'=1,p1\r\n`);
  });

  it('names records that are not there and fields that do not open beside it, and writes the rest', async () => {
    const gone = 'v_00000000000000000000000999';
    const some = [ids[0] ?? '', gone, 'no id', ids[1] ?? ''];
    const { report, out, folder } = await exportIds(some, { fields: ['first_name', 'broken'] });
    expect(report).toMatchObject({
      done: 2,
      incomplete: 2,
      refused_by_code: { not_found: 1, id_invalid: 1 },
    });
    expect(linesOf(out).map(({ id }) => id)).toEqual([ids[0], ids[1]]);
    const incomplete = { code: 'incomplete', members: [{ path: '/broken', code: 'field_unreadable' }] };
    expect(linesOf(join(folder, 'x.refused.ndjson'))).toEqual([
      { row: 1, ...incomplete },
      { row: 2, code: 'not_found' },
      { row: 3, code: 'id_invalid' },
      { row: 4, ...incomplete },
    ]);
  });

  it.each([false, true])(
    'goes on where it was stopped, without a record twice or left out (CSV: %s)',
    async (csv) => {
      const stop = new AbortController();
      const lines = [...ids, ...ids, ...ids];
      const faults = { done: (nth: number) => nth === 150 && stop.abort() };
      const first = await exportIds(lines, { faults, stop: stop.signal, csv });
      expect(first.report.ended).toBe('stopped');
      const { report, out } = await exportIds(lines, { folder: first.folder, csv });
      expect(report).toMatchObject({ ended: 'finished', done: 600 });
      const written = csv
        ? readFileSync(out, 'utf8')
            .split('\r\n')
            .slice(1, -1)
            .map((line) => line.split(',')[0])
        : linesOf(out).map(({ id }) => id);
      expect(written).toEqual(lines);
    },
  );
});

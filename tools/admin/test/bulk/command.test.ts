// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommand, withCodes } from '../../src/bulk/command.ts';
import { importErrand } from '../../src/bulk/import-errand.ts';
import { openInput } from '../../src/bulk/input.ts';
import { ndjsonRows } from '../../src/bulk/ndjson-rows.ts';
import { FakeVault, KEY } from './fake-vault.ts';
import { optionsIn } from './support.ts';

const root = mkdtempSync(join(tmpdir(), 'ev-command-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let vault: FakeVault;
let done: () => void = () => undefined;
const [out, err]: [string[], string[]] = [[], []];
beforeEach(async () => {
  folder = mkdtempSync(join(root, 'c-'));
  writeFileSync(join(folder, 'in'), '{"first_name":"Ada"}\n');
  vault = await FakeVault.open({ done: () => done() });
  done = () => undefined;
  for (const [to, told] of [
    [process.stdout, out],
    [process.stderr, err],
  ] as const) {
    told.length = 0;
    vi.spyOn(to, 'write').mockImplementation((chunk) => told.push(String(chunk)) > 0);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vault.close();
});

/** An import of one row, as a command. @returns the exit code */
const importOne = (report: string): Promise<number> =>
  withCodes(() =>
    runCommand({
      ...{ what: 'import', choices: [], header: '' },
      access: { url: vault.url, as: KEY, ca: undefined },
      source: ndjsonRows(openInput(join(folder, 'in'))),
      options: optionsIn(folder, { report }),
      errand: (id) => importErrand(id, { keep: false }),
    }),
  );

describe('the report of a job', () => {
  it('is the last line of standard output, for its owner alone, in the place of an earlier one', async () => {
    const report = join(folder, 'r.json');
    writeFileSync(report, '{"what":"export"}\n', { mode: 0o644 });
    expect(await importOne(report)).toBe(0);
    expect(readFileSync(report, 'utf8')).toBe(out.at(-1));
    expect(statSync(report).mode & 0o777).toBe(0o600);
  });

  it.each(['nowhere/r.json', 'in/r.json'])(
    'in %s, which is no folder, is refused before anything is sent',
    async (name) => {
      expect(await importOne(join(folder, name))).toBe(1);
      expect([err.length, err[0]]).toEqual([
        1,
        expect.stringMatching(/^enclave-vault: file_unwritable: .* cannot be written: ENO[A-Z]+\n$/),
      ]);
      expect([vault.calls, out]).toEqual([0, []]);
    },
  );

  it('that cannot be written when the job is done loses no summary: one line says so', async () => {
    const report = join(folder, 'r.json');
    done = () => mkdirSync(report);
    expect(await importOne(report)).toBe(1);
    expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({ ended: 'finished', done: 1 });
    expect(err.at(-1)).toMatch(/^enclave-vault: file_unwritable: .* cannot be written: [A-Z_]+\n$/);
  });
});

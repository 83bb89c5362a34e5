// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { FakeRecords, FakeVault, type Faults } from './fake-vault.ts';
import { importLines, linesOf, optionsIn } from './support.ts';

vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const root = mkdtempSync(join(tmpdir(), 'ev-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Each tenth row is one that the vault refuses. */
const rowText = (n: number): string =>
  JSON.stringify(n % 10 === 0 ? { bad: n } : { first_name: `person ${n}` });

function inputOf(rows: number): string {
  const folder = mkdtempSync(join(root, 'in-'));
  writeFileSync(join(folder, 'in'), Array.from({ length: rows }, (_, i) => `${rowText(i + 1)}\n`).join(''));
  return folder;
}

/** Every row once, in the order of rows, with the id of the record that holds it. */
function expectWhole(folder: string, records: FakeRecords, rows: number): void {
  const good = Array.from({ length: rows }, (_, i) => i + 1).filter((n) => n % 10 !== 0);
  const ids = linesOf(join(folder, 'x.ids.ndjson'));
  expect(ids.map(({ row }) => row)).toEqual(good);
  expect(ids.map(({ id }) => records.byId.get(String(id)))).toEqual(good.map((n) => JSON.parse(rowText(n))));
  expect(records.byId.size).toBe(good.length);
  const refused = linesOf(join(folder, 'x.refused.ndjson'));
  expect(refused.map(({ row }) => row)).toEqual(
    Array.from({ length: Math.floor(rows / 10) }, (_, i) => (i + 1) * 10),
  );
}

describe('an import that is killed', () => {
  it('makes no row twice and loses none, wherever it is killed and whatever the network loses', async () => {
    const plan = fc.record({
      rows: fc.integer({ min: 1, max: 220 }),
      // Of the rows: so far each of the runs that are killed comes.
      kills: fc.array(fc.integer({ min: 1, max: 220 }), { maxLength: 3 }),
      cut: fc.integer({ min: 7, max: 90 }),
      after: fc.boolean(),
      batch: fc.boolean(),
      concurrency: fc.integer({ min: 1, max: 5 }),
      shuffled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ rows, kills, cut, after, batch, concurrency, shuffled }) => {
        const records = new FakeRecords();
        let folder = inputOf(rows);
        const ended: Promise<unknown>[] = [];
        for (const kill of kills) {
          const killed = Promise.withResolvers<string>();
          const faults: Faults = {
            shuffled,
            cut: (nth) => (nth % cut === 0 ? (after ? 'after' : 'before') : undefined),
            done: (nth) => {
              if (nth !== kill) return;
              // What a process leaves that ends here: its files, and a vault that goes on with what it was sent.
              const next = mkdtempSync(join(root, 'killed-'));
              cpSync(folder, next, { recursive: true });
              killed.resolve(next);
            },
          };
          const vault = await FakeVault.open(faults, records);
          const options = optionsIn(folder, { batch, concurrency, patience: 1 });
          const run = importLines(vault, join(folder, 'in'), options);
          folder = await Promise.race([killed.promise, run.then(() => folder)]);
          setTimeout(() => vault.close(), 8);
          ended.push(run);
        }
        const lossy = (nth: number) => (nth % (cut * 10) === 0 ? 'after' : undefined);
        const vault = await FakeVault.open({ shuffled, cut: lossy }, records);
        const last = await importLines(vault, join(folder, 'in'), optionsIn(folder, { batch, concurrency }));
        await Promise.all(ended);
        vault.close();
        expect(last).toMatchObject({ report: { ended: 'finished', rows }, failure: undefined });
        expectWhole(folder, records, rows);
      }),
      { numRuns: 15 },
    );
  });

  it('sends nothing that was settled again, and sends the rest under the keys it had', async () => {
    const records = new FakeRecords();
    const folder = inputOf(400);
    const stop = new AbortController();
    const first = await FakeVault.open({ done: (nth) => nth === 12 && stop.abort() }, records);
    const run = await importLines(first, join(folder, 'in'), optionsIn(folder, { concurrency: 1 }), {
      stop: stop.signal,
    });
    first.close();
    const keys = [...records.byKey.keys()];
    const second = await FakeVault.open({}, records);
    const { report } = await importLines(second, join(folder, 'in'), optionsIn(folder));
    second.close();
    expect(run.report).toMatchObject({ ended: 'stopped', unanswered: 0 });
    expect(second.items).toBe(400 - run.report.rows);
    expect(report).toMatchObject({
      ended: 'finished',
      rows: 400,
      done: 360,
      refused_by_code: { invalid: 40 },
    });
    expect([...records.byKey.keys()].slice(0, keys.length)).toEqual(keys);
    expectWhole(folder, records, 400);
  });
});

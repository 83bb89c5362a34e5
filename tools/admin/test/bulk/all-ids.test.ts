// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AllIds } from '../../src/bulk/all-ids.ts';
import { JobFile, type JobState } from '../../src/bulk/job-file.ts';
import { bulkExport } from '../../src/commands/export.ts';
import { FakeRecords, FakeVault, type Faults, KEY } from './fake-vault.ts';
import { linesOf } from './support.ts';

const records = new FakeRecords();
const ids = Array.from({ length: 30 }, (_, n) =>
  String(records.create({ first_name: `p${n}` }, undefined).id),
);
vi.mock('../../src/storage/storage.ts', () => ({
  openOperatorStorage: async () => ({
    store: {
      scan: async (prefix: string) => ({ items: ids.map((id) => ({ pk: `${prefix}${id}` })), next: null }),
      get: async () => ({ _tn: 'acme' }),
      close: async () => undefined,
    },
    kms: { close: () => undefined },
  }),
}));

const root = mkdtempSync(join(tmpdir(), 'ev-all-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const vaults: FakeVault[] = [];
const told: string[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'a-'));
  told.length = 0;
  const tell = (chunk: unknown): boolean => told.push(String(chunk)) > 0;
  vi.spyOn(process.stderr, 'write').mockImplementation(tell);
  vi.spyOn(process.stdout, 'write').mockImplementation(tell);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const vault of vaults.splice(0)) vault.close();
});

const path = (name: string): string => join(folder, name);
const ALL = 'x.ndjson.all-ids.ndjson';

/** `enclave-vault export --all`, of a tenant. @returns its exit code */
async function exportAll(tenant = 'acme', faults: Faults = {}, fields = 'first_name'): Promise<number> {
  const vault = await FakeVault.open(faults, records);
  vaults.push(vault);
  vi.stubEnv('ENCLAVE_VAULT_KEY', KEY);
  const words = [
    '--all',
    '--tenant',
    tenant,
    '--fields',
    fields,
    '--reason',
    'test',
    '--out',
    path('x.ndjson'),
  ];
  return await bulkExport([...words, '--url', vault.url.href, '--patience', '60']);
}

describe('an export of all', () => {
  it('that ended before its first row is in the way of none with other words', async () => {
    const problem = () => ({ status: 422, code: 'invalid' });
    expect(await exportAll('acme', { problem }, 'frist_name')).toBe(1);
    expect([told.join('').includes('request_failed: 422 invalid'), readdirSync(folder)]).toEqual([true, []]);
    expect(await exportAll()).toBe(0);
    expect(linesOf(path('x.ndjson')).map(({ id }) => id)).toEqual(ids);
    expect(linesOf(path(ALL)).map(({ id }) => id)).toEqual(ids);
  });

  it('that is refused before it begins leaves nothing', async () => {
    writeFileSync(path('x.ndjson'), 'mine');
    expect(await exportAll()).toBe(1);
    expect([told.join('').includes('output_exists'), readdirSync(folder)]).toEqual([true, ['x.ndjson']]);
  });

  it('that was killed when the ids were written, and its job had not begun, begins anew', async () => {
    await AllIds.open(path(ALL), path('x.ndjson.export-state'), async function* () {
      yield ids.slice(0, 1);
    });
    expect(await exportAll()).toBe(0);
    expect(linesOf(path('x.ndjson')).map(({ id }) => id)).toEqual(ids);
    expect(readdirSync(folder)).not.toContain(`${ALL}.new`);
  });

  it('that was killed when its job had begun goes on with the ids of then', async () => {
    const state = JobFile.open(path('state'));
    state.save({ v: 1 } as JobState);
    state.close();
    writeFileSync(path('ids.new'), 'of then');
    const read = () => {
      throw new Error('not read again');
    };
    const all = await AllIds.open(path('ids'), path('state'), read);
    const input = all.input();
    all.begins();
    expect([input.bytes, Buffer.concat(await Array.fromAsync(input.chunks())).toString()]).toEqual([
      7,
      'of then',
    ]);
    all.ends();
    expect(readdirSync(folder).sort()).toEqual(['ids', 'state']);
  });

  it('takes no file of ids that it did not write', async () => {
    writeFileSync(path(ALL), 'mine');
    expect(await exportAll()).toBe(1);
    expect([told.join('').includes('output_exists'), readFileSync(path(ALL), 'utf8')]).toEqual([
      true,
      'mine',
    ]);
  });

  it('is of its tenant: another does not get what was exported for that one', async () => {
    expect(await exportAll()).toBe(0);
    expect(await exportAll('other')).toBe(1);
    expect(told.join('')).toContain('job_other');
    expect(await exportAll()).toBe(0);
    expect(told.join('')).toContain('already_finished');
  });
});

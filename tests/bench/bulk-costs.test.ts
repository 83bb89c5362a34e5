// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { BulkResult, Way } from '../../bench/bulk/result.ts';
import { besideAlone, speedChange } from '../../bench/page/bulk-costs.ts';
import { tried } from '../../bench/page/bulk-quota.ts';
import { commandOfBulk } from '../../bench/page/bulk-words.ts';
import type { Row } from '../../bench/system/measure.ts';
import type { SystemResult } from '../../bench/system/report.ts';

const MACHINE = { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 };
const RUN = { what: 'bulk', measured: '2026-01-01T00:00:00Z', commit: '000000000000', machine: MACHINE };
const SETTINGS: BulkResult['settings'] = {
  ...{ records: 1_000, format: 'csv', concurrency: 4, batch: false, vault: [], kmsQuota: null },
};
const WAY = { records: 1_000, seconds: 10, perSecond: 100, fileBytes: 1e6, sentAgain: 0, kmsCalls: {} };
/** 6 ms of an API a record in, 3 and 6 of API and enclave out. */
const ways = (afterImport?: number, afterExport?: number): Way[] => [
  {
    ...{ ...WAY, way: 'import' as const },
    ...(afterImport !== undefined && { ecdhMs: afterImport }),
    processes: [
      { name: 'api', cpu: 4, peak: 1 },
      { name: 'api-2', cpu: 2, peak: 1 },
      { name: 'enclave', cpu: 0.01, peak: 1 },
    ],
  },
  {
    ...{ ...WAY, way: 'export' as const },
    ...(afterExport !== undefined && { ecdhMs: afterExport }),
    processes: [
      { name: 'api', cpu: 3, peak: 1 },
      { name: 'enclave', cpu: 6, peak: 1 },
    ],
  },
];
const resultOf = (ecdhMs: number | undefined, of: Way[]): BulkResult => ({
  ...{ ...RUN, settings: SETTINGS, ways: of, store: { before: 0, after: 5e6 } },
  machine: { ...MACHINE, ...(ecdhMs !== undefined && { ecdhMs }) },
});
const cpu = (all: number) => ({ all, main: all, pool: 0 });
const row = (operation: string, clients: number, of: Row['cpu']): Row => ({
  ...{ operation, clients, perSecond: 100, median: 1, p99: 2, p999: 3, slowest: [], requests: 100 },
  ...{ errors: {}, odd: {}, cpu: of, clientsCpu: 0, elapsed: 1, memory: {}, kmsCalls: 1 },
  ...{ coldRepeated: false, window: [0, 1] },
});
/** 3 ms of an API for a create, 1 and 3 of API and enclave for a decryption. */
const systemOf = (ecdhMs?: number): SystemResult => ({
  ...{ ...RUN, overloads: [], memory: { idle: {}, loaded: {} }, profiled: [] },
  settings: { rounds: 1, seconds: 1, warmUpSeconds: 1, hot: 1, cold: 1 },
  machine: { ...MACHINE, ...(ecdhMs !== undefined && { ecdhMs }) },
  rows: [
    row('create', 8, { api: cpu(0.9) }),
    row('create', 512, { api: cpu(0.3) }),
    row('decrypt-cold', 512, { api: cpu(0.1), enclave: cpu(0.3) }),
  ],
});

describe('The page about many records: what one takes', () => {
  it('has the machine’s speed before and after each way', () => {
    const text = speedChange(resultOf(1, ways(1.2, 1.5)));
    expect(text).toContain(
      'took 1 ms before the run, 1.2 ms after the import, 1.5 ms after the export; that is 50 %',
    );
    expect(text).toContain('is to be compared within this run only');
    expect([speedChange(resultOf(1, ways())), speedChange(resultOf(undefined, ways(1, 1)))]).toEqual([
      '',
      '',
    ]);
  });

  it('has a record of a batch beside one alone, both as measured and at the same speed', () => {
    const text = besideAlone(resultOf(1, ways(3, 1)), systemOf(1));
    expect(text).toContain(
      'with 512 clients: another run, with other numbers of processes and clients. One P-384 ECDH took 2.00 ms in the import, 2.00 ms in the export, and 1 ms',
    );
    expect(text).toContain('| import (alone: create) | APIs | 6.00 | 3.00 | 2.00x | 1.00x |');
    expect(text).toContain('| export (alone: decrypt-cold) | enclave | 6.00 | 3.00 | 2.00x | 1.00x |');
    expect(text).toContain(
      '| export (alone: decrypt-cold) | all of the vault | 9.00 | 4.00 | 2.25x | 1.13x |',
    );
    expect(text).not.toContain('| import (alone: create) | enclave |');
    expect(text).toContain(
      'A batch saves nothing of the processor time of a record of the import: within 10 %',
    );
    expect(text).toContain('of a record of the export: it took 13 % more than one alone.');
    expect(besideAlone(resultOf(4, ways(4, 4)), systemOf(1))).toContain(
      'A batch saves 50 % of the processor time of a record of the import.',
    );
  });

  it('does not say that a batch saves anything where speeds were not measured', () => {
    expect(besideAlone(resultOf(1, ways()), systemOf())).toBe('');
    const half = besideAlone(resultOf(1, [...ways(2).slice(0, 1), ...ways().slice(1)]), systemOf(1));
    expect(half).toContain('| export (alone: decrypt-cold) | enclave | 6.00 | 3.00 | 2.00x | – |');
    expect(half).toContain('a record of the export is not shown: as measured it took 2.25x of one alone.');
    expect(besideAlone(resultOf(1, ways()), undefined)).toBe('');
  });
});

describe('The page about many records: under a quota of KMS', () => {
  const [into, out] = ways();
  const limited = (pairs: number, refused?: Readonly<Record<string, number>>): BulkResult => ({
    ...resultOf(undefined, []),
    settings: { ...SETTINGS, kmsQuota: '100,10000', vault: ['--kms-quota', '100,10000'] },
    ways: [
      ...(into
        ? [{ ...into, sentAgain: 12, kmsCalls: { GenerateDataKeyPairWithoutPlaintext: pairs, ...refused } }]
        : []),
      ...(out ? [{ ...out, kmsCalls: { Decrypt: 1_000 } }] : []),
    ],
  });

  it('has how much of it was used, and what binds', () => {
    const text = tried(limited(980));
    expect(text).toContain('above 100 key pairs and 10,000 other requests a second');
    expect(text).toContain('| import | 100 | 10.0 | 12 | 98.0 | 98 % | 0 | 0 % |');
    expect(text).toContain('| export | 100 | 10.0 | 0 | 0 | 0 % | 100 | 1 % |');
    expect(text).toContain('The import is bound by the quota of key pairs, of which it used 98 %.');
    expect(text).toContain(
      'The export is bound by this machine: of a quota it used 1 % at most (other requests).',
    );
    expect(text).toContain('`npx node bench/bulk.ts --records 1000 --kms-quota 100,10000`');
    expect(tried(limited(500))).toContain('The import is bound by this machine: of a quota it used 50 %');
    // What was refused was above it, however little the client made of it afterwards.
    const waited = tried(limited(800, { 'GenerateDataKeyPairWithoutPlaintext, refused': 1_100 }));
    expect(waited).toContain('| import | 100 | 10.0 | 12 | 80.0 | 80 % | 0 | 0 % | 110 |');
    expect(waited).toContain('the quota of key pairs, of which it used 80 %; the rest passed while rows');
    expect(tried(undefined)).toBe('');
  });

  it('says what both make of a million', () => {
    expect(tried(limited(980))).toContain(
      "a million records take 2.78 hours; AWS's 100 key pairs a second let them in within 2.78 hours",
    );
  });

  it('names what was set otherwise than by default', () => {
    const { settings, ...rest } = resultOf(1, ways());
    const other = { ...settings, concurrency: 8, exportMinutes: 20, batch: true };
    expect(commandOfBulk({ ...rest, settings: other })).toBe(
      'npx node bench/bulk.ts --records 1000 --concurrency 8 --export-minutes 20 --batch',
    );
  });
});

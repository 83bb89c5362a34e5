// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type LatencyRow, latencyTable } from '../../bench/kms-latency/result.ts';
import { section } from '../../bench/page/scaling.ts';
import type { Row } from '../../bench/system/measure.ts';
import type { ScalingResult } from '../../bench/system/scaling.ts';

const RUN = {
  ...{ what: 'scaling', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
  machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
};
const ROW: ScalingResult['rows'][number] = {
  ...{ apis: 1, enclaves: 1, operation: 'decrypt-hot', clients: 64, perSecond: 100, median: 1, p99: 2 },
  ...{ p999: 3, slowest: [], requests: 300, errors: {}, odd: {}, cpu: {}, clientsCpu: 0, elapsed: 3 },
  ...{ memory: {}, kmsCalls: 0, coldRepeated: false, window: [0, 1] },
};
const pageOf = (settings: ScalingResult['settings'], ...rows: Partial<typeof ROW>[]): string =>
  section({ ...RUN, ...{ settings, rows: rows.map((row) => ({ ...ROW, ...row })) } });

describe('The page about more processes', () => {
  it('has the calls of KMS of each row, and says where a hot record asked it', () => {
    const text = pageOf({ clients: 64, hot: 400, coldEach: 2_500 }, {}, { enclaves: 2, kmsCalls: 0.1 });
    expect(text).toContain('| p99 ms | KMS calls a request |');
    expect(text).toContain('| decrypt-hot | 1 × 2 | 100 | 1.00x | 2.00 | 0.100 |');
    expect(text).toContain('of **decrypt-hot** with 1 × 2 (about 30 calls): their figures are of both');
    expect(pageOf({ hot: 400, coldEach: 2_500 }, {})).not.toContain('The hot set');
    expect(pageOf({ hot: 400 }, { kmsCalls: null })).toContain('| 2.00 | – |');
  });

  it('says where the cold set came again although its keys are kept, by what there is for each enclave', () => {
    const again = { operation: 'decrypt-cold', coldRepeated: true, enclaves: 2 };
    const said = 'Not all cold: **decrypt-cold** 1 × 2 went through the cold set more than once';
    expect(pageOf({ hot: 1, coldEach: 2_048 }, again)).toContain(said);
    expect(pageOf({ hot: 1, coldEach: 2_049 }, again)).not.toContain('Not all cold');
    expect(pageOf({ hot: 1, coldEach: 2_000 }, { ...again, coldRepeated: false })).not.toContain(
      'Not all cold',
    );
    // An older result has the set of all enclaves together.
    expect(pageOf({ hot: 1, cold: 4_000 }, again)).toContain(said);
    expect(pageOf({ hot: 1, cold: 4_098 }, again)).not.toContain('Not all cold');
  });
});

describe('The table about KMS’s latency', () => {
  it('has the errors of both, added up', () => {
    const row = (latencyMs: number, errors: Row['errors']): LatencyRow => ({
      ...{ pool: true, latencyMs, operation: 'create', clients: 8, perSecond: 10, median: 1, p99: 2 },
      ...{ requests: 9, errors, kmsCalls: 1, taken: { pool: 1, kms: 0 } },
    });
    const rows = [row(0, { timeout: 1 }), row(30, { timeout: 2, '503 kms_busy': 4 })];
    const settings = { latencyMs: 30, pool: '', rounds: 1 };
    const text = latencyTable({ ...RUN, settings, rows });
    expect(text).toMatch(/\| errors \|\n/);
    expect(text).toMatch(/\| 3 × timeout, 4 × 503 kms_busy \|$/);
    expect(latencyTable({ ...RUN, settings, rows: [row(0, {}), row(30, {})] })).toMatch(/\| 0 \|$/);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { LatencyResult, LatencyRow } from '../../bench/kms-latency/result.ts';
import { verdictOf } from '../../bench/kms-latency/verdict.ts';
import { section } from '../../bench/page/kms-latency.ts';

const RUN = {
  ...{ what: 'kms-latency', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
  machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
};
const SETTINGS = { latencyMs: 30, pool: '2000,5000', rounds: 5 };
const row = (operation: string, latencyMs: number, perSecond: number, clients = 8): LatencyRow => ({
  ...{ pool: true, latencyMs, operation, clients, perSecond, median: 1, p99: 2 },
  ...{ requests: 9, errors: {}, kmsCalls: 0, taken: { pool: 1, kms: 0 } },
});
/** With these throughputs of a slow KMS, of 1,000 with a fast one. */
const pageOf = (create: number, hot: number, settings: Partial<LatencyResult['settings']> = {}): string => {
  const rows = [
    ...[row('create', 0, 1_000), row('create', settings.latencyMs ?? 30, create)],
    ...[row('decrypt-hot', 0, 1_000), row('decrypt-hot', settings.latencyMs ?? 30, hot)],
  ];
  return section({ ...RUN, ...{ settings: { ...SETTINGS, ...settings }, rows } });
};

describe('The page about KMS’s latency', () => {
  it('holds what was measured against what was wanted', () => {
    const text = pageOf(700, 1_030);
    expect(text).toContain('within 10 % where KMS takes 30 ms, which is at least 90 % of it');
    expect(text).toContain('| create, pairs ready | 90 % | 70.0 % (8 clients) | 3.0 % | **not reached** |');
    expect(text).toContain('| decrypt-hot | 90 % | 103.0 % (8 clients) | 3.0 % | **reached** |');
    expect(text).not.toContain('Not decided');
  });

  it('decides nothing where the noise is larger than the distance', () => {
    const text = pageOf(990, 1_120);
    expect(text).toContain('| create, pairs ready | 90 % | 99.0 % (8 clients) | 12.0 % | **not decided** |');
    expect(text).toContain('*Not decided*: the noise is larger');
    expect([
      verdictOf(0.95, 0.04),
      verdictOf(0.95, 0.06),
      verdictOf(0.85, 0.06),
      verdictOf(0.85, 0.04),
    ]).toEqual(['reached', 'not decided', 'not decided', 'not reached']);
  });

  it('says nothing of it for another latency, and names options that are not those by default', () => {
    const text = pageOf(990, 990, { latencyMs: 100, rounds: 3, hot: 200 });
    expect(text).not.toContain('Wanted:');
    expect(text).toContain('`npx node bench/kms-latency.ts --latency 100 --rounds 3 --clients 8`');
  });
});

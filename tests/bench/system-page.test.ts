// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { section } from '../../bench/page/system.ts';
import type { Row } from '../../bench/system/measure.ts';
import type { SystemResult } from '../../bench/system/report.ts';

const ROW: Row = {
  ...{ operation: 'get', clients: 8, perSecond: 100, median: 1, p99: 2, p999: 3, slowest: [], requests: 600 },
  ...{ errors: {}, odd: {}, cpu: {}, clientsCpu: 0, elapsed: 6, memory: {}, kmsCalls: 0 },
  ...{ coldRepeated: false, window: [0, 1] },
};
const pageOf = (...rows: readonly Partial<Row>[]): string => section(resultOf({}, ...rows));
const resultOf = (
  more: Partial<SystemResult['settings']>,
  ...rows: readonly Partial<Row>[]
): SystemResult => {
  const result: SystemResult = {
    ...{ what: 'system', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
    machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
    settings: { rounds: 1, seconds: 6, warmUpSeconds: 1, hot: 500, cold: 6_000, ...more },
    ...{ rows: rows.map((row) => ({ ...ROW, ...row })), overloads: [], profiled: [] },
    memory: { idle: {}, loaded: {} },
  };
  return result;
};

describe('The page about calls of KMS', () => {
  it('says that the pool is filled up in the operation after create, and of no other', () => {
    expect(pageOf({ operation: 'create' }, { operation: 'update' }, { operation: 'get' })).toContain(
      'those calls stand in the rows of **update**, which comes next.',
    );
    expect(pageOf({ operation: 'get' }, { operation: 'update' })).not.toContain('which comes next');
  });

  it('counts the calls of a row on hot records, and says when there is one for each of them', () => {
    // 100 a second for 6 s, 500 calls.
    const all = pageOf({ operation: 'decrypt-hot', kmsCalls: 500 / 600 }, { operation: 'expressions' });
    expect(all).toContain('The hot set has 500 records');
    expect(all).toContain('of **decrypt-hot** with 8 clients (500 calls, one for each):');
    expect(pageOf({ operation: 'expressions', kmsCalls: 0.5 })).toContain('(about 300 calls)');
    expect(pageOf({ operation: 'decrypt-hot' }, { operation: 'decrypt-cold', kmsCalls: 1 })).not.toContain(
      'The hot set',
    );
  });

  it('says where cold records came again that the enclaves keep the keys of', () => {
    const again = { operation: 'decrypt-cold', coldRepeated: true, clients: 64 };
    const said = 'Not all cold: **decrypt-cold** 64 clients went through the cold set more than once';
    expect(section(resultOf({ cold: 500 }, again))).toContain(said);
    expect(section(resultOf({ cold: 4_000, enclaves: 2 }, again))).toContain(said);
    expect(section(resultOf({ cold: 4_000 }, again))).not.toContain('Not all cold');
    expect(section(resultOf({ cold: 500 }, { ...again, coldRepeated: false }))).not.toContain('Not all cold');
  });

  it('says what a dash among them is, where there is one', () => {
    expect(pageOf({ operation: 'decrypt-cold', kmsCalls: null })).toContain('A dash among the calls');
    expect(pageOf({ operation: 'decrypt-cold', kmsCalls: 1 })).not.toContain('A dash');
  });
});

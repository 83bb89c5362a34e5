// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { DATABASE_SDK, databaseSdkFigure, errorBars } from '../../bench/page/database-sdk.ts';
import { moreEnclaves } from '../../bench/page/more-enclaves.ts';
import { PUBLISHED } from '../../bench/page/published.ts';
import type { ScalingResult } from '../../bench/system/scaling.ts';

const ROW: ScalingResult['rows'][number] = {
  ...{ apis: 1, enclaves: 1, operation: 'get', clients: 64, perSecond: 100, median: 1, p99: 2 },
  ...{ p999: 3, slowest: [], requests: 300, errors: {}, odd: {}, cpu: {}, clientsCpu: 0, elapsed: 3 },
  ...{ memory: {}, kmsCalls: 0, coldRepeated: false, window: [0, 1] },
};
const said = (...rows: Partial<typeof ROW>[]): string =>
  moreEnclaves({
    ...{ what: 'scaling', measured: '2026-01-01T00:00:00Z', commit: '000000000000', settings: {} },
    machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
    rows: rows.map((row) => ({ ...ROW, ...row })),
  });
const CONTROL: Partial<typeof ROW>[] = [{}, { enclaves: 2, perSecond: 95 }];
const cold = (perSecond: number, more: Partial<typeof ROW> = {}): Partial<typeof ROW>[] => [
  { operation: 'decrypt-cold', ...more },
  { operation: 'decrypt-cold', enclaves: 2, perSecond, ...more },
];

describe('What the comparison says of more enclaves', () => {
  it('is nothing beyond noise where operations without an enclave differ by as much', () => {
    const text = said(...CONTROL, ...cold(104));
    expect(text).toContain('**More enclaves on the same cores brought nothing beyond noise.**');
    expect(text).toContain(
      'decrypt-cold 1.04x. Requests in which no enclave takes part (get) differ by up to 5.00 %',
    );
    expect(text).not.toContain('not clean');
  });

  it('is a gain where each layout gained more than that, and no other', () => {
    expect(said(...CONTROL, ...cold(110))).toContain(
      '**More enclaves on the same cores brought more than noise.**',
    );
    expect(said(...CONTROL, ...cold(110), ...cold(93, { apis: 2 }))).toContain(
      '**More enclaves on the same cores brought nothing, and cost more than noise in decrypt-cold.**',
    );
    const expressions: Partial<typeof ROW>[] = [
      { operation: 'expressions' },
      { operation: 'expressions', enclaves: 2 },
    ];
    expect(said(...CONTROL, ...cold(110), ...expressions)).toContain(
      'more than noise in decrypt-cold alone.**',
    );
  });

  it('names hot rows that asked KMS, and leaves out what is confined to some cores', () => {
    const hot = { operation: 'decrypt-hot', kmsCalls: 0.03, enclaves: 2, perSecond: 80 };
    expect(said(...CONTROL, { operation: 'decrypt-hot' }, hot)).toContain(
      'Rows of decrypt-hot were not clean',
    );
    const confined = cold(200, { cores: 1 });
    expect(said(...CONTROL, ...cold(104), ...confined)).toContain('decrypt-cold 1.04x. Requests');
    expect(said(...CONTROL, ...confined)).toContain('was not measured');
    expect(moreEnclaves(undefined)).toContain('was not measured');
  });
});

describe('The published figure of the Database Encryption SDK', () => {
  it('comes with error bars as large as they are', () => {
    expect(databaseSdkFigure()).toBe(
      'decrypts an item of 100 KB in 3.6 to 10.9 ms with a local key, 34 to 43 ms with a KMS key',
    );
    expect(errorBars()).toMatch(
      /^error bars larger than the figures \(± 9 to 30 ms\) with the local key, more than a third of/,
    );
    const [first] = PUBLISHED;
    expect(first?.circumstances).toContain(`${DATABASE_SDK.runs} runs each, ${errorBars()}`);
    expect(first?.circumstances).not.toContain('wide');
  });
});

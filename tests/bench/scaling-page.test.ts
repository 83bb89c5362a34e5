// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type LatencyRow, latencyTable } from '../../bench/kms-latency/result.ts';
import { machineOf } from '../../bench/page/circumstances.ts';
import { section } from '../../bench/page/scaling.ts';
import { detailsOf, stolenShare, ticksOf } from '../../bench/support/machine.ts';
import { processorsOf } from '../../bench/system/affinity.ts';
import type { Row } from '../../bench/system/measure.ts';
import { layoutOf, type ScalingResult } from '../../bench/system/scaling.ts';

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
    expect(text).toContain('| decrypt-hot *not all hot* | 1 × 2 | 100 | 1.00x | 2.00 | 0.100 |');
    expect(text).toContain(
      'of **decrypt-hot** with 1 × 2 (about 30 calls a round): their figures are of both',
    );
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

describe('The page about more processes: what limits', () => {
  const cpu = (main: number) => ({ all: 3 * main, main: 3 * main, pool: 0 });

  it('says of each operation whether one of each used up the cores, and what more brought where not', () => {
    const text = pageOf(
      { clients: 64, coldEach: 2_100 },
      { operation: 'get', cpu: { api: cpu(0.98), kms: cpu(0.2) }, clientsCpu: 0.6 },
      { operation: 'get', apis: 2, perSecond: 117 },
      { operation: 'decrypt-hot', cpu: { api: cpu(0.9), enclave: cpu(0.95) } },
    );
    expect(text).toContain(
      '- **get**: **api, main** is full (1.38 of 2 cores used); more of them brought 1.17x at the most, with 2 × 1.',
    );
    expect(text).toContain('all 2 cores are used up (1.85 of 2 cores used); not measured with more.');
    expect(pageOf({ coldEach: 2_100 }, { clientsCpu: 0.6 })).toContain(
      '- **decrypt-hot**: no thread is full, 0.200 of 2 cores used:',
    );
  });

  it('explains calls of KMS that are not once each, by requests under way, and names those that this does not explain', () => {
    const cold = { operation: 'decrypt-cold', perSecond: 300 };
    const text = pageOf(
      { coldEach: 2_100 },
      { ...cold, kmsCalls: 0.94 },
      { operation: 'get', kmsCalls: 0.01 },
    );
    expect(text).toContain('ended: up to 7 % of those that were answered in it.');
    expect(text).toContain('A **get** asks KMS for nothing');
    expect(text).not.toContain('does not explain');
    expect(pageOf({ coldEach: 2_100 }, { ...cold, kmsCalls: 0.5 })).toContain(
      'That does not explain **decrypt-cold** with 1 × 1.',
    );
    const made = pageOf({ coldEach: 2_100 }, { operation: 'create', perSecond: 300, kmsCalls: 0.8, apis: 2 });
    expect(made).toContain('were left from before: **create** with 2 × 1.');
    expect(made).not.toContain('does not explain');
    expect(pageOf({ coldEach: 2_100 }, { ...cold, kmsCalls: 0.99 })).not.toContain('once each');
  });

  it('has the command that repeats the run', () => {
    const settings = { rounds: 3, seconds: 3, warmUpSeconds: 2, clients: 64, hot: 400 };
    const rows: Partial<typeof ROW>[] = [{}, { apis: 1, cores: 1, operation: 'get' }];
    expect(pageOf({ ...settings, coldEach: 2_100 }, ...rows)).toContain(
      '`npx node bench/scaling.ts --warm-up 2 --layouts 1x1,1x1@1 --operations decrypt-hot,get --hot 400`',
    );
    expect(pageOf({ ...settings, cold: 2_000 }, ...rows)).toContain(
      'had 2,000 records for all enclaves together',
    );
  });
});

describe('The page about more cores', () => {
  const rounds = (...all: number[]) => ({
    perSecond: all.toSorted((a, b) => a - b)[1] ?? 0,
    rounds: all.map((perSecond) => ({ perSecond, requests: 1, kmsCalls: null })),
  });
  const two = { apis: 2, enclaves: 2 };

  it('holds all cores against one, by rounds that took turns, and says whether two of each bring more', () => {
    const text = pageOf(
      { coldEach: 2_100 },
      { cores: 1, ...rounds(100, 110, 120) },
      rounds(190, 198, 216),
      { ...two, ...rounds(205, 231, 252) },
      { operation: 'get', cores: 1, ...rounds(100, 100, 100) },
      { operation: 'get', ...rounds(150, 160, 170) },
      { operation: 'get', ...two, ...rounds(155, 158, 172) },
    );
    expect(text).toContain(
      '| decrypt-hot | 110 | 198 | 1.80x (1.80–1.90) | 231 | 2.10x (2.05–2.10) | 0 / 0 / 0 |',
    );
    expect(text).toContain('bring 1.60x to 1.80x with one API and one enclave, and 1.58x to 2.10x with two');
    // 2.10 of two.
    expect(text).toContain('2 would be all that there is to gain, but that seven processes');
    const less = pageOf({ coldEach: 2_100 }, { cores: 1, ...rounds(100, 110, 120) }, rounds(190, 198, 216));
    expect(less).toContain('2 would be all that there is to gain.');
    expect(text).toContain('brought more than one of each on the same cores in **decrypt-hot**.');
    expect(text).toContain('that rounds would show: **get**.');
    expect(text).toContain('Rounds of one row differ by up to 23 %');
    // What is confined is not among the layouts on all cores.
    expect(text.match(/\| decrypt-hot \|/g)).toHaveLength(3);
  });

  it('says nothing of them where nothing was confined', () => {
    expect(pageOf({ coldEach: 2_100 }, {})).not.toMatch(/By the number of cores|Rounds of one row/);
    expect([layoutOf('2x1'), layoutOf('1x1@1')]).toEqual([
      { apis: 2, enclaves: 1 },
      { apis: 1, enclaves: 1, cores: 1 },
    ]);
    expect(() => layoutOf('1x')).toThrow('1x is not APISxENCLAVES');
    expect(processorsOf('0-2,5')).toEqual([0, 1, 2, 5]);
  });
});

describe('What is said of a machine', () => {
  const { machine } = RUN;

  it('is its processor, its disk, and what others took, as far as it is known', () => {
    const cpuinfo = 'cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2596.148\n';
    expect(detailsOf(cpuinfo)).toBe('family 25, model 17, 2596 MHz');
    expect(detailsOf('processor\t: 0\nBogoMIPS\t: 50.00\n')).toBeUndefined();
    const more = {
      processorDetails: 'model 17',
      fileSystem: 'ext4',
      fsyncMs: 0.7,
      stolen: 0.0123,
      ecdhMs: 1,
    };
    expect(machineOf({ ...machine, processor: 'AMD', ...more })).toBe(
      'AMD (model 17), 2 cores, 8 GiB, one P-384 ECDH in 1 ms, ext4 with an fsync of 4 KiB in 0.7 ms, Node v24, load before: 0, 1.2 % of its time given to other machines',
    );
    expect(machineOf(machine)).toBe(', 2 cores, 8 GiB, Node v24, load before: 0');
  });

  it('has the share that was stolen during the run', () => {
    const before = ticksOf('cpu  100 0 50 800 20 0 10 20 5 0\ncpu0 1 2\n');
    expect(before).toEqual({ all: 1_000, stolen: 20 });
    expect(stolenShare(before, { all: 1_400, stolen: 28 })).toBe(0.02);
    expect([stolenShare(before, before), stolenShare(undefined, before), ticksOf('intr 1')]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
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

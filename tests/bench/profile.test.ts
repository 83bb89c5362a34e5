// SPDX-License-Identifier: Apache-2.0
/** What the published figures are made by: a mistake there would be believed. */
import { describe, expect, it } from 'vitest';
import { bottleneck, costOf } from '../../bench/system/cost.ts';
import { cpuPerRequest, ofRounds, type Row } from '../../bench/system/measure.ts';
import { OPERATIONS } from '../../bench/system/operations.ts';
import { groupOf } from '../../bench/system/profile/groups.ts';
import { bundleSources, type Profile, readProfile } from '../../bench/system/profile/read.ts';
import { pooledP999, quantile, slowestOf } from '../../bench/system/statistics.ts';

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 0 });
/** Samples every 1,000 µs from 10,000 on. */
const PROFILE: Profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 5] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('hkdfSync', 'node:internal/crypto/hkdf'), children: [4] },
    { id: 4, callFrame: frame('run') },
    { id: 5, callFrame: frame('commit', 'file:///x/host/vault/src/audit/commit.ts') },
  ],
  startTime: 9_000,
  samples: [2, 3, 4, 5, 2, 5],
  timeDeltas: [1_000, 1_000, 1_000, 1_000, 1_000, 1_000],
};

describe('a CPU profile', () => {
  it('is read for the window alone, without idleness', () => {
    const { busy, groups } = readProfile(PROFILE, [10_000, 14_000], (url) => url);
    expect(busy).toBeCloseTo(0.003);
    expect(groups.cryptography).toBeCloseTo(0.002);
    expect(groups['the vault’s own code']).toBeCloseTo(0.001);
  });

  it('counts a native function as what it was called for', () => {
    const callers = [
      { functionName: 'all', url: '' },
      { functionName: 'get', url: 'file:///host/stores/src/sqlite/a.ts' },
    ];
    expect(groupOf({ functionName: 'all', url: '' }, callers)).toBe('SQLite');
    expect(groupOf({ functionName: '(garbage collector)', url: '' }, callers)).toBe('garbage collection');
  });

  it('of a bundle names the source of each line', () => {
    const locate = bundleSources('a\n// trusted/hpke/src/open.ts\nb\n// trusted/codec/src/x.ts\nc', 10);
    expect([10, 12, 14, 99].map(locate)).toEqual([
      'enclave.mjs',
      'trusted/hpke/src/open.ts',
      'trusted/codec/src/x.ts',
      'trusted/codec/src/x.ts',
    ]);
  });
});

const row = (change: Partial<Row> = {}): Row => ({
  operation: 'decrypt-hot',
  clients: 8,
  perSecond: 100,
  median: 1,
  p99: 2,
  p999: 3,
  slowest: [],
  requests: 200,
  errors: {},
  odd: {},
  cpu: {
    api: { all: 0.3, main: 0.2, pool: 0.06 },
    enclave: { all: 0.1, main: 0.06, pool: 0.04 },
    kms: { all: 9, main: 9, pool: 0 },
  },
  clientsCpu: 1,
  elapsed: 2,
  memory: {},
  kmsCalls: 0,
  coldRepeated: false,
  window: [0, 1],
  ...change,
});

describe('what a request costs', () => {
  const shares = {
    api: { busy: 4, groups: { cryptography: 1, 'HTTP and sockets': 3 }, top: [] },
    enclave: { busy: 1, groups: { cryptography: 1 }, top: [] },
  };
  const cost = costOf({ row: row(), shares });

  it('is the processor time of the vault’s own processes, whatever emulators took', () => {
    expect(cost.total).toBeCloseTo(2);
  });
  it('is cryptography by the share of each main thread, and for the enclave’s pool', () => {
    expect(cost.cryptography).toBeCloseTo((0.2 / 4 + 0.06 + 0.04) * 5);
  });
  it('names the process and what in it takes most', () => {
    expect(bottleneck(cost)).toBe('api (75 %), in it HTTP and sockets (38 %)');
  });
});

it('rounds become one by their medians, and no error is lost', () => {
  const made = ofRounds([
    row({ perSecond: 1, errors: { '503 busy': 1 } }),
    row({ perSecond: 3, errors: { '503 busy': 2, timeout: 1 } }),
    row({ perSecond: 2 }),
  ]);
  expect([made.perSecond, made.requests, made.errors]).toEqual([2, 600, { '503 busy': 3, timeout: 1 }]);
});

it('processor time a request is the same of one round as of several', () => {
  const api = (name: string) => name === 'api';
  const rounds = [row(), row(), row()];
  // 0.3 s in the 2 s of a round with 100 requests a second, however many rounds there were.
  expect([row(), ofRounds(rounds)].map((one) => cpuPerRequest(one, api))).toEqual([1.5, 1.5]);
});

it('quantiles are by nearest rank', () => {
  const values = Array.from({ length: 1000 }, (_, i) => i + 1);
  expect([0.5, 0.99, 0.999].map((share) => quantile(values, share))).toEqual([500, 990, 999]);
});

it('p99.9 of several rounds is that of all their requests, wherever the slowest are', () => {
  const all = Array.from({ length: 6_000 }, (_, i) => i + 1);
  // The slowest six of all are in the last round.
  const inOrder = [0, 1, 2].map((i) => all.slice(i * 2_000, (i + 1) * 2_000));
  const mixed = [0, 1, 2].map((i) => all.filter((value) => value % 3 === i));
  for (const rounds of [inOrder, mixed])
    expect(pooledP999(rounds.map(slowestOf), all.length)).toBe(quantile(all, 0.999));
});

it('every hundred mixed requests have the shares that are published', () => {
  const mixed = OPERATIONS.find(({ name }) => name === 'mixed');
  const records = { hot: [{ id: 'v_x', n: 1 }], cold: [] };
  const calls = Array.from({ length: 100 }, (_, n) => mixed?.call(n, records, () => ({ id: '', n: 0 })));
  const kinds = Map.groupBy(calls, (call) => `${call?.method} ${call?.path.replace('v_x', 'ID')}`);
  expect(Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length]))).toEqual({
    'GET /v1/vaults/ID': 60,
    'POST /v1/vaults/ID/decrypt': 25,
    'POST /v1/vaults': 10,
    'PATCH /v1/vaults/ID': 5,
  });
});

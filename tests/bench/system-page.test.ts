// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { BulkResult } from '../../bench/bulk/result.ts';
import { CALLER_RATE, DEFAULT_DECRYPTIONS } from '../../bench/page/caller-rate.ts';
import { footprint } from '../../bench/page/footprint.ts';
import { wantedCalls } from '../../bench/page/hot-calls.ts';
import { tooMany } from '../../bench/page/overload.ts';
import { REMEMBERED, section } from '../../bench/page/system.ts';
import { limitOf } from '../../bench/system/limits.ts';
import { ofRounds, type Row } from '../../bench/system/measure.ts';
import { floodsOf, type Overload } from '../../bench/system/overload.ts';
import type { SystemResult } from '../../bench/system/report.ts';
import { KEPT_RECORDS } from '../../host/vault/src/records/load.ts';

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
      'those calls stand in the rows of **update**, which was measured next.',
    );
    expect(pageOf({ operation: 'get' }, { operation: 'update' })).not.toContain('which was measured next');
  });

  it('counts the calls of a row on hot records, and says when there is one for each of them', () => {
    // 100 a second for 6 s, 500 calls.
    const all = pageOf({ operation: 'decrypt-hot', kmsCalls: 500 / 600 }, { operation: 'expressions' });
    expect(all).toContain('The hot set has 500 records');
    expect(all).toContain('of **decrypt-hot** with 8 clients (500 calls a round, one for each record):');
    expect(pageOf({ operation: 'expressions', kmsCalls: 0.5 })).toContain('(about 300 calls a round)');
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

const row = (more: Partial<Row>): Row => ({ ...ROW, ...more });

describe('The page about hot decryptions', () => {
  const hot = (more: Partial<Row>) => row({ operation: 'decrypt-hot', ...more });

  it('marks the rows whose reads asked KMS, and no others', () => {
    const page = pageOf(
      { operation: 'decrypt-hot', kmsCalls: 0.1 },
      { operation: 'decrypt-cold', kmsCalls: 1 },
    );
    expect(page).toContain('| decrypt-hot *not all hot* | 8 |');
    expect(page).toContain('| decrypt-cold | 8 |');
    expect(pageOf({ operation: 'decrypt-hot' })).not.toContain('not all hot');
  });

  it('holds all of them together against what is wanted, and the long run of the slowest', () => {
    const rows = [
      hot({ kmsCalls: 0.1, requests: 600 }),
      hot({ perSecond: 200, clients: 64, requests: 1_200 }),
    ];
    const said = wantedCalls([...rows, row({ operation: 'mixed', kmsCalls: 1 })], { hot: 120 });
    expect(said).toContain('60 calls in 1,800 decryptions | 0.0333 |');
    expect(said).toContain('at 100 a second (decrypt-hot, 8 clients) | 0.0200 |');
    expect(said).toContain('at 200 a second (decrypt-hot, 64 clients) | 0.0100 |');
    expect(said).toContain('\nReached.');
    expect(said).toContain('read less than 40.0 times a second');
    // Measured as before; in the long run at 100 a second it would be 500 in 6,000.
    expect(wantedCalls(rows, { hot: 500 })).toContain('Not reached in all of them.');
    expect(wantedCalls(rows, { hot: 120, enclaves: 3 })).toContain('(decrypt-hot, 8 clients) | 0.0600 |');
    expect(wantedCalls(rows, { hot: 2_049 })).toBe('');
    expect(wantedCalls([hot({ kmsCalls: null })], { hot: 120 })).toBe('');
    // One answer of KMS serves a thousand decryptions at most.
    expect(wantedCalls([hot({ perSecond: 9_000 })], { hot: 120 })).toContain('| 0.00100 |');
  });

  it('counts the calls of every round, not of the one in the middle', () => {
    const rounds = [0, 0, 0.3].map((kmsCalls) => hot({ kmsCalls, requests: 100 }));
    expect(ofRounds(rounds).kmsCalls).toBe(0);
    expect(wantedCalls([ofRounds(rounds)], { hot: 120 })).toContain('30 calls in 300 decryptions | 0.100 |');
  });

  it('says what the API remembers of them, as the code has it', () => {
    expect(REMEMBERED).toBe(KEPT_RECORDS);
    expect(section(resultOf({ hot: 1_000 }, {}))).toContain('of 1,000 lies wholly within them');
    expect(section(resultOf({ hot: 1_001 }, {}))).toContain('of 1,001 is larger');
  });
});

describe('The page about the whole vault', () => {
  it('says what one caller may decrypt by default, as the code has it', () => {
    expect(CALLER_RATE).toBe('90,000 at once and 25 a second from then on');
    expect(DEFAULT_DECRYPTIONS).toContain(
      '360,000 records an hour, 100 a second in the long run, and one caller',
    );
  });

  it('has how far the rounds were apart, where there were several', () => {
    const page = section(resultOf({}, ofRounds([90, 100, 120].map((perSecond) => row({ perSecond })))));
    expect(page).toContain('| get | 8 | 100 (90.0 to 120) |');
    expect(pageOf({})).toContain('| get | 8 | 100 | 1.00 |');
    expect(page).toContain('closed loop');
  });

  it('says which calls of create are in the column', () => {
    expect(pageOf({ operation: 'create' })).toContain('KMS calls of **create** are all lines');
    expect(pageOf({ operation: 'get' })).not.toContain('KMS calls of **create**');
  });

  it('says what limits: a thread, all cores, or neither', () => {
    const cpu = (main: number, pool: number, more = 0) => ({ api: { all: main + pool + more, main, pool } });
    // In 6 s.
    expect(limitOf(row({ cpu: cpu(5.4, 0) }), 2)).toBe('**api, main** is full');
    expect(limitOf(row({ cpu: cpu(5.3, 0) }), 2)).toMatch(/^no thread is full, 0.883 of 2 cores used: /);
    expect(limitOf(row({ cpu: cpu(3, 7), clientsCpu: 0.8 }), 2)).toBe('all 2 cores are used up');
    expect(limitOf(row({ cpu: cpu(5.9, 4, 1) }), 2)).toBe('**api, main** is full; all 2 cores are used up');
    expect(limitOf(row({ cpu: cpu(1, 22) }), 8)).toBe('**api, pool** is full');
    expect(limitOf(row({ clientsCpu: 6 }), 2)).toBe('**clients** is full');
  });

  it('says which columns profiles disturbed', () => {
    const api = (all: number) => ({ api: { all, main: all, pool: 0 } });
    const plain = [8, 64].map((clients) => ({ clients, cpu: api(clients / 64) }));
    const profiled = (all: number, kmsCalls = 0) => ({
      row: row({ operation: 'decrypt-hot', clients: 32, cpu: api(all), kmsCalls }),
      shares: {},
    });
    const result = resultOf({}, ...plain.map((one) => ({ ...one, operation: 'decrypt-hot' })));
    const under = (one: ReturnType<typeof profiled>): SystemResult => ({ ...result, profiled: [one] });
    const said = section(under(profiled(1.31, 0.1)));
    expect(said).toContain('over that without them (64): decrypt-hot 1.31.');
    expect(said).toContain('the column is disturbed: **decrypt-hot**;');
    expect(said).toContain('under profiles (*not all hot*): **decrypt-hot**');
    const quiet = section(under(profiled(1.3)));
    expect(quiet).toContain('None is above 1.30.');
    expect(quiet).not.toContain('disturbed');
  });
});

describe('The page about too many clients', () => {
  const flood = (errors: Row['errors'], more: Partial<Overload> = {}): Overload => ({
    ...{ operation: 'mixed', clients: 1_536, before: ROW, during: row({ errors }), after: ROW },
    ...{ pauseSeconds: 3, throughputBack: 1, latencyBack: 1, ...more },
  });

  it('says of each code how often it refused and what it means', () => {
    const both = [flood({ '503 overloaded': 1_200 }, { callers: 1_536 }), flood({ '429 rate_limited': 7 })];
    const said = tooMany(both);
    expect(said).toContain('- **503 overloaded**, 1,200 times: the API has 1,000 requests');
    expect(said).toContain('- **429 rate_limited**, 7 times: one caller');
    expect(said).toContain('| mixed | 1,536 | 1,536 |');
    expect(said).toContain('| mixed | 1,536 | 1 |');
    expect(said).toContain('count as *unclean*: there was none.');
    expect(said).not.toContain('No 503');
  });

  it('says where no 503 was seen, and no “none” where something was unclean', () => {
    const odd = { timeout: 2 };
    const said = tooMany([
      flood({ '429 rate_limited': 7, timeout: 2 }, { during: row({ errors: odd, odd }) }),
    ]);
    expect(said).toContain('count as *unclean*.');
    expect(tooMany([flood({ '429 rate_limited': 7 })])).toContain(
      'No 503: the vault’s own limit was not met',
    );
    expect(tooMany([])).toBe('Not measured in this run.');
  });

  it('comes with one key and with one each, so many that the vault’s own limit is met', () => {
    const floods = floodsOf(['get', 'decrypt-hot', 'decrypt-cold'], 1_024);
    expect(floods.map(({ operation, clients, ownKeys }) => [operation, clients, ownKeys])).toEqual([
      ['decrypt-hot', 1_024, false],
      ['decrypt-hot', 1_536, true],
      ['decrypt-cold', 1_536, true],
    ]);
  });
});

describe('The page about processes', () => {
  const mib = (rss: number) => ({ api: { rss, pss: rss } });
  const result = (...rows: readonly Partial<Row>[]): SystemResult => ({
    ...resultOf({}, ...rows),
    memory: { idle: mib(100), loaded: mib(500) },
  });
  const bulk = (peak: number): BulkResult => ({
    ...{ ...resultOf({}), what: 'bulk' },
    settings: { records: 9, format: 'csv', concurrency: 4, batch: false, vault: [], kmsQuota: null },
    ways: [
      {
        way: 'import',
        ...{ records: 1_000_000, seconds: 1, perSecond: 1, fileBytes: 1, sentAgain: 0 },
        ...{
          kmsCalls: {},
          processes: [
            { name: 'client', cpu: 1, peak: 900 },
            { name: 'api-2', cpu: 1, peak },
          ],
        },
      },
    ],
    store: { before: 0, after: 1 },
  });

  it('has the time of the other rows behind those of the most clients', () => {
    const cpu = { api: { all: 3, main: 3, pool: 0 } };
    const said = footprint(result({ clients: 8, cpu }, { clients: 64, cpu }), undefined);
    expect(said.match(/\| get, 64 \| 5.00 \|/g)).toHaveLength(1);
    expect(said.match(/\| get, 8 \| 5.00 \|/g)).toHaveLength(1);
    expect(said.indexOf('<details>')).toBeLessThan(said.indexOf('| get, 8 |'));
  });

  it('has the most memory by operation: peaks, or in older results what there was afterwards', () => {
    const peaks = ofRounds([row({ peak: { api: 300 } }), row({ peak: { api: 410 } })]);
    const said = footprint(result(peaks, { clients: 1, memory: mib(900), peak: { api: 200 } }), undefined);
    expect(said).toContain('The most that each process had');
    expect(said).toContain('| get | 410 |');
    const older = footprint(result({ memory: mib(300) }, { clients: 1, memory: mib(333) }), undefined);
    expect(older).toContain('What each process had in memory after');
    expect(older).toContain('| get | 333 |');
  });

  it('has the memory of a large import beside it, and where it is no more says so', () => {
    expect(footprint(result({}), bulk(466))).toContain('An API had 466 MiB at most [while 1,000,000 records');
    expect(footprint(result({}), bulk(466))).toContain('no more than here. [The store by');
    expect(footprint(result({}), bulk(501))).not.toContain('no more than here');
    expect(footprint(result({}), undefined)).toContain('The API has 400 MiB more then than at rest');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { IntegrityKeys } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { plots, section } from '../../bench/page/scale.ts';
import { type Filled, fill, isSpread, readFilled } from '../../bench/scale/fill.ts';
import { CHUNK, idOf, sample, timeOf } from '../../bench/scale/ids.ts';
import { RecordMaker } from '../../bench/scale/shape.ts';
import type { ScaleResult, Size } from '../../bench/scale.ts';
import { encodeBody } from '../../host/stores/src/sqlite/body.ts';
import { readEntryItem } from '../../host/vault/src/audit/chain.ts';
import { readRecordItem, recordItem } from '../../host/vault/src/records/record-item.ts';

const ID = 'v_01KASPQ4Z7C3V3R8N4W8Q0W3XH';
const key = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const KEYS = { record: key(1), audit: key(2), system: key(3) } as unknown as IntegrityKeys;

/** Of the lengths that the vault's have: twelve fields of 148 bytes. */
const { item: LIKE } = recordItem(
  KEYS.record,
  {
    ...{ id: ID, tenant: 'default', sv: 1, rev: 1, hs: Buffer.alloc(10, 1), pk: Buffer.alloc(120, 2) },
    ...{
      sk: Buffer.alloc(234, 3),
      kk: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000',
    },
    fields: new Map(
      Array.from({ length: 12 }, (_, i) => [i === 0 ? 'dob' : `field_${i}`, Buffer.alloc(148, i)]),
    ),
  },
  { created: 1, modified: 1 },
);
const maker = (shape: 'full' | 'slim') => new RecordMaker(KEYS, ID, LIKE, shape, 'key_test');
const items = (shape: 'full' | 'slim', id: string) =>
  maker(shape)
    .create(id, 1_700_000_000_000_000)
    .flatMap((operation) => ('put' in operation ? [operation.put] : []));

describe('A synthetic record', () => {
  it('is read by the vault as its own, under its own id and no other, and so is the first entry of its chain', () => {
    const id = idOf(7, [Date.now()]);
    const [record, entry, head] = items('full', id);
    if (record === undefined || entry === undefined) throw new Error('no rows');
    expect([...readRecordItem(KEYS.record, id, record).fields.values()].map(({ length }) => length)).toEqual(
      Array.from({ length: 12 }, () => 148),
    );
    expect(() => readRecordItem(KEYS.record, ID, record)).toThrow('record_shape');
    const read = readEntryItem(KEYS.audit, id, entry);
    expect([read?.entry.n, read?.hash]).toEqual([1, head?.hash]);
    expect(Buffer.from(read?.entry.state ?? '')).toEqual(record._mac);
    expect(encodeBody(record).length).toBe(encodeBody(LIKE).length);
  });

  it('has values of its own: no two are alike', () => {
    const [a, b] = [1, 2].map((n) => items('full', idOf(n, [Date.now()]))[0]);
    for (const name of ['_pk', '_sk', '_mac', 'dob', 'field_3'])
      expect(Buffer.from(a?.[name] as Buffer).equals(b?.[name] as Buffer), name).toBe(false);
  });

  it('of the slim shape is a record as well, of less than 600 bytes and without a chain', () => {
    const id = idOf(7, [Date.now()]);
    const made = items('slim', id);
    expect(made).toHaveLength(1);
    expect(encodeBody(made[0] ?? { pk: '', sk: '' }).length).toBeLessThan(600);
    expect([...readRecordItem(KEYS.record, id, made[0] ?? { pk: '', sk: '' }).fields.keys()]).toEqual([
      'dob',
    ]);
  });
});

describe('Ids', () => {
  it('follow from the number and the time of its chunk, in the order of time, and are the vault’s', () => {
    const millis = [1_700_000_000_000, 1_700_000_000_001];
    expect(idOf(3, millis)).toBe(idOf(3, millis));
    expect(new Set(Array.from({ length: 2 * CHUNK }, (_, n) => idOf(n, millis))).size).toBe(2 * CHUNK);
    expect(idOf(CHUNK, millis) > idOf(CHUNK - 1, millis)).toBe(true);
    expect(idOf(0, millis)).toMatch(/^v_01HF7YAT00[0-9A-HJKMNP-TV-Z]{16}$/);
    expect(() => idOf(2 * CHUNK, millis)).toThrow(RangeError);
  });

  it('are drawn from all, each once', () => {
    const drawn = sample(1_000, 900, 1);
    expect(new Set(drawn).size).toBe(900);
    expect(Math.max(...drawn)).toBeLessThan(1_000);
    expect(sample(10, 99, 1).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sample(1e8, 50, 2)).not.toEqual(sample(1e8, 50, 3));
  });
});

describe('The vault’s own records', () => {
  it('lie everywhere in a file that went on from a smaller one, as many as were asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ev-scale-'));
    try {
      const database = join(folder, 'vault.db');
      const made = new DatabaseSync(database);
      made.exec('CREATE TABLE items (pk TEXT, sk TEXT, body BLOB, expires INTEGER)');
      made.close();
      const filled = readFilled(folder, 'slim');
      let n = 0;
      const to = (chunks: number) =>
        fill({
          ...{ folder, database, filled, reals: 40, records: chunks * CHUNK, make: () => [] },
          // Its name is the chunk after which it was made, and which one it is.
          makeReal: () => Promise.resolve(`${filled.millis.length}.${n++}`),
          progress: () => undefined,
        });
      const inTenths = (): number[] => {
        const tenths = Array<number>(10).fill(0);
        for (const name of filled.real) {
          const at = Number(name.split('.')[0]) - 1;
          tenths[at] = (tenths[at] ?? 0) + 1;
        }
        return tenths;
      };
      await to(1);
      expect(filled.real).toHaveLength(40);
      await to(10);
      expect(inTenths()).toEqual(Array(10).fill(4));
      // Evenly drawn from the 40 that the smaller one had.
      expect(filled.real.slice(0, 5)).toEqual(['1.0', '1.10', '1.20', '1.30', '2.40']);
      expect(readFilled(folder, 'slim')).toEqual(filled);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are seen by their ids to lie everywhere, or in a part', () => {
    const millis = Array.from({ length: 20 }, (_, i) => 1_700_000_000_000 + i * 100);
    const at = (chunks: readonly number[]): Pick<Filled, 'real' | 'millis'> => ({
      millis,
      real: chunks.map((chunk) => idOf(0, [1_700_000_000_050 + chunk * 100])),
    });
    expect(timeOf(idOf(7, [1_700_000_000_123]))).toBe(1_700_000_000_123);
    expect(isSpread(at(Array.from({ length: 40 }, (_, i) => i % 20)))).toBe(true);
    expect(isSpread(at(Array.from({ length: 40 }, (_, i) => i % 2)))).toBe(false);
    // None in the last tenth.
    expect(isSpread(at(Array.from({ length: 36 }, (_, i) => i % 18)))).toBe(false);
    expect(isSpread({ real: [], millis: [] })).toBe(true);
  });
});

const TIMES = { count: 5_000, p50: 1, p99: 2, p999: 3 };
const FEW_TIMES = { ...TIMES, count: 200, p999: 7 };
const SIZE: Size = {
  ...{ records: 20_000, real: 200, shape: 'full', bytes: 86e6, filledPerSecond: 1, verify: null },
  start: { cold: 1, warm: 1 },
  get: { cold: TIMES, warm: TIMES },
  decrypt: { cold: FEW_TIMES, warm: FEW_TIMES },
  storeGet: { cold: null, warm: TIMES },
  storeWrites: { create: 1, create64: 1, audit: 1, audit64: 1 },
  vaultRates: { create: 1, decrypt: 1 },
  memory: { started: undefined, after: undefined },
  backup: { seconds: 1, bytes: 86e6, whole: true },
};
const resultOf = (load: number, ...records: number[]): ScaleResult => ({
  ...{ what: 'scale', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
  machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load },
  sizes: records.map((count) => ({ ...SIZE, records: count })),
});

describe('The page', () => {
  it('says above its tables that others kept the machine busy, or that records were few, and nothing where neither was so', () => {
    const above = (result: ScaleResult): string => section(result).split('One SQLite file')[0] ?? '';
    expect(above(resultOf(22.4, 20_000))).toMatch(
      /busy \(load 22.4 on 2 cores.*\n\n\*\*20,000 records at most/,
    );
    expect(above(resultOf(0.5, 20_000, 1_000_000)).trim()).toBe(
      '## The embedded store, by the number of records',
    );
  });

  it('has no p99.9 of fewer than 5,000 calls', () => {
    const text = section(resultOf(0, 20_000));
    expect(text).toContain('| 1.00 / 2.00 / 3.00 | 1.00 / 2.00 / 3.00 | 1.00 / 2.00 | 1.00 / 2.00 | – |');
    expect(text).not.toContain('7.00');
  });

  it('compares and joins sizes of one shape alone, and says of what the others are', () => {
    const full = resultOf(0, 1_000_000, 10_000_000);
    const slim = { ...SIZE, records: 100_000_000, shape: 'slim' as const };
    const both = { ...full, sizes: [...full.sizes, slim] };
    expect(section(both)).toContain('From 1,000,000 to 10,000,000 records (full) the API');
    expect(section(both)).not.toMatch(/From [\d,]+ to 100,000,000/);
    const [path] = /<path d="[^"]*"/.exec(plots(both)['scale.svg'] ?? '') ?? [];
    expect(path?.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
    expect(plots(both)['scale.svg']).toContain('records (100,000,000: slim)');
    expect(plots(full)['scale.svg']).toContain('>records<');
  });

  it('says of which sizes the vault’s own records lie in a part, and which samples repeat it', () => {
    const of = (...spread: (boolean | undefined)[]): string => {
      const result = resultOf(0, 1_000_000, 10_000_000);
      const sizes = result.sizes.map((size, i) => {
        const said = spread[i];
        return said === undefined ? size : { ...size, spread: said };
      });
      return section({ ...result, ...{ sizes } } as ScaleResult);
    };
    const old = 'the file of 10,000,000 went on from that of 1,000,000, and they lie in its first 1,000,000';
    expect(of()).toContain(`Not so everywhere: ${old}`);
    expect(of()).not.toContain('of 1,000,000 they');
    expect(of(true, true)).not.toContain('Not so everywhere');
    expect(of(true, false)).toContain('Not so everywhere: of 10,000,000 they lie in a part of the file.');
    expect(of()).toContain('bench/scale.ts --records 1000000,10000000 --samples 200`');
  });

  it('says in each table of which shape a row is', () => {
    const heads = section(resultOf(0, 1_000_000)).match(/^\| records \|.*$/gm);
    expect(heads).toHaveLength(3);
    for (const head of heads ?? []) expect(head).toMatch(/^\| records \| shape \|/);
    expect(section(resultOf(0, 1_000_000)).match(/^\| 1,000,000 \| full \|/gm)).toHaveLength(3);
    expect(section(resultOf(0, 1_000_000))).toMatch(
      /\| 1,000,000 \| full \| 1.00 \| 1.00 \| 1.00 \| 1.00 \|/,
    );
    expect(section(resultOf(0, 1_000_000))).not.toContain('compare no rows');
    const slim = { ...resultOf(0), sizes: [{ ...SIZE, shape: 'slim' as const }] };
    expect(section(slim)).toContain('a create of theirs writes one row of some 500 bytes');
  });

  it('says what a dash and a reckoned time are, where there are any', () => {
    const cut = { ...SIZE, backup: { seconds: 10, bytes: 43e6, whole: false } };
    const pageOf = (size: Size): string => {
      const result: ScaleResult = { ...resultOf(0), sizes: [size] };
      return section(result);
    };
    const text = pageOf(cut);
    // Half of it in 10 s.
    expect(text).toContain('| 20.0 (reckoned) |');
    expect(text).toContain('It was ended after 0.0430 of 0.0860 GB with 20,000 records');
    expect(text).toContain('A dash under audit verify: not run.');
    const verified = { ...SIZE, verify: { seconds: 1, peakMiB: 1, chains: 1, entries: 1, findings: 0 } };
    expect(pageOf(verified)).not.toMatch(/Reckoned|A dash/);
  });

  it('names every figure that got worse by more than a third, of all that both sizes have, and no other', () => {
    const [first = SIZE, second = SIZE] = resultOf(0, 1_000_000, 10_000_000).sizes;
    const pageOf = (most: Size): string => section({ ...resultOf(0), ...{ sizes: [first, most] } });
    const worse: Size = {
      ...second,
      start: { cold: 1.5, warm: 1.3 },
      get: { cold: { ...TIMES, p999: 12 }, warm: TIMES },
      // Of 200 calls there is no p99.9.
      decrypt: { cold: { ...FEW_TIMES, p999: 70 }, warm: FEW_TIMES },
      storeWrites: { ...second.storeWrites, create: 0.7, audit: 1.5 },
      vaultRates: { create: 0.7, decrypt: 0.8 },
    };
    expect(pageOf(worse)).toMatch(
      /Of the 22 figures that both have in the tables above \([^)]*\), 3 got worse: times by more than a third, rates by more than a quarter: get, cold: p99\.9 3\.00 → 12\.0 ms; writes of the store alone: create 1\.00 → 0\.700\/s; start to ready: cold 1\.00 → 1\.50 s\./,
    );
    expect(pageOf(second)).toMatch(
      /Of the 22 figures [^:]*: [^:]*, none got worse: times by more than a third, rates by more than a quarter\./,
    );
    const told = { started: undefined, after: { rss: 1, pss: 300 } };
    expect(section({ ...resultOf(0), ...{ sizes: [{ ...first, memory: told }, second] } })).toContain(
      '22 figures',
    );
    expect(
      section({
        ...resultOf(0),
        ...{
          sizes: [
            { ...first, memory: told },
            { ...second, memory: told },
          ],
        },
      }),
    ).toContain('23 figures');
  });

  it('says why the store alone was slower than a get, where it was', () => {
    const alone = { cold: { ...TIMES, p50: 0.5, p99: 2.5, p999: 122 }, warm: TIMES };
    const text = section({ ...resultOf(0), ...{ sizes: [{ ...SIZE, storeGet: alone }] } });
    expect(text).toContain(
      'asks it: p99 2.50 beside 2.00, p99.9 122 beside 3.00 ms with 20,000 records. They are passes',
    );
    expect(text).toContain('Of 5,000 calls 5 are slower than p99.9');
    const quick = { ...alone, cold: TIMES };
    expect(section({ ...resultOf(0), ...{ sizes: [{ ...SIZE, storeGet: quick }] } })).not.toContain(
      'They are passes',
    );
    expect(section(resultOf(0, 20_000))).not.toContain('They are passes');
  });

  it('draws and compares nothing of one number of records', () => {
    expect([plots(resultOf(0, 20_000)), Object.keys(plots(resultOf(0, 20_000, 1_000_000)))]).toEqual([
      {},
      ['scale.svg'],
    ]);
    expect(section(resultOf(0, 20_000))).not.toMatch(/scale\.svg|nothing to compare/);
    expect(section(resultOf(0, 20_000, 1_000_000))).toMatch(
      /From 20,000 to 1,000,000 records[\s\S]*scale\.svg/,
    );
  });
});

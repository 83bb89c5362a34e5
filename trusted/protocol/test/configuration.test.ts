// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { decodeCbor } from '@enclave-vault/codec';
import { describe, expect, test } from 'vitest';
import {
  type ConfigurationInput,
  configurationDigest,
  DEFAULT_KEY_CACHE,
  DEFAULT_LIMITS,
  DEFAULT_RATE,
  encodeConfiguration,
  parseConfiguration,
  pcr16,
} from '../src/index.ts';
import { codeOf, edited, KEY_ARN } from './support.ts';

const ROOT = rootCertificates[0] ?? '';
const other = (n: number): string => `${KEY_ARN.slice(0, -1)}${n}`;
const INPUT: ConfigurationInput = {
  region: 'eu-central-1',
  kmsHost: 'kms.eu-central-1.amazonaws.com',
  tlsRoots: [ROOT],
  vaultKeyArns: [other(1)],
  requestKeyArns: [other(2)],
  legacyKeyArns: [other(3)],
};

const keys = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => KEY_ARN.replace(/[^/]*$/, `${prefix}${i}`));

test('round trip, with the defaults filled in', () => {
  const expected = { ...INPUT, kmsPort: 443, limits: DEFAULT_LIMITS, rate: undefined, keyCache: undefined };
  expect(parseConfiguration(encodeConfiguration(INPUT))).toEqual(expected);
  const limits = { ...DEFAULT_LIMITS, running: 4, waiting: 0 };
  const changed = encodeConfiguration({ ...INPUT, kmsPort: 4566, limits: { running: 4, waiting: 0 } });
  expect(parseConfiguration(changed)).toEqual({ ...expected, kmsPort: 4566, limits });
});

describe('bounds that a deployment may go to', () => {
  test.each<[string, Partial<ConfigurationInput>]>([
    ['16 keys of each kind but one', { vaultKeyArns: keys(16, 'v'), legacyKeyArns: keys(16, 'l') }],
    ['4 keys of requests', { requestKeyArns: keys(4, 'r') }],
    ['16 roots', { tlsRoots: Array.from({ length: 16 }, () => ROOT) }],
    ['the first port', { kmsPort: 1 }],
    ['the last port', { kmsPort: 65535 }],
    [
      'the least',
      {
        limits: { running: 1, waiting: 0, requestMs: 100, expressionMs: 10, expressionWorkers: 1 },
        rate: { burst: 1, perSecond: 1, perHour: 1 },
        keyCache: { entries: 0, ageMs: 1_000, uses: 1 },
      },
    ],
    [
      'the most',
      {
        limits: {
          running: 256,
          waiting: 1024,
          requestMs: 30_000,
          expressionMs: 5_000,
          expressionWorkers: 16,
        },
        rate: { burst: 1_000_000, perSecond: 100_000, perHour: 360_000_000 },
        keyCache: { entries: 65_536, ageMs: 300_000, uses: 1_000_000 },
      },
    ],
  ])('%s', (_, change) => {
    expect(parseConfiguration(encodeConfiguration({ ...INPUT, ...change }))).toMatchObject(change);
  });
});

describe('the rate', () => {
  const rate = { burst: 40, perSecond: 20, perHour: 72_000 };

  test('is read as it was written, and is in the bytes, so PCR16 measures it', () => {
    const bytes = encodeConfiguration({ ...INPUT, rate });
    expect(parseConfiguration(bytes).rate).toEqual(rate);
    const other = encodeConfiguration({ ...INPUT, rate: { ...rate, perHour: 72_001 } });
    expect(pcr16(other)).not.toEqual(pcr16(bytes));
  });

  test('left out it is the program’s own, and the bytes are those of a program that knew none', () => {
    const bytes = encodeConfiguration(INPUT);
    expect([...(decodeCbor(bytes) as ReadonlyMap<string, unknown>).keys()]).not.toContain('rate');
    expect(encodeConfiguration({ ...INPUT, rate: undefined })).toEqual(bytes);
    expect(parseConfiguration(bytes).rate).toBeUndefined();
    // Written out it is another configuration, measured otherwise, though it means the same.
    expect(pcr16(encodeConfiguration({ ...INPUT, rate: DEFAULT_RATE }))).not.toEqual(pcr16(bytes));
  });
});

describe('the key cache', () => {
  const off = { entries: 0 };

  test('is read as it was written, with the program’s own for what is left out, and PCR16 measures it', () => {
    const bytes = encodeConfiguration({ ...INPUT, keyCache: off });
    expect(parseConfiguration(bytes).keyCache).toEqual({ ...DEFAULT_KEY_CACHE, entries: 0 });
    const all = [undefined, off, { entries: 1 }, { ageMs: 59_999 }, { uses: 999 }, DEFAULT_KEY_CACHE];
    const measured = all.map((keyCache) =>
      pcr16(encodeConfiguration({ ...INPUT, keyCache })).toString('hex'),
    );
    expect(new Set(measured).size).toBe(all.length);
  });

  test('left out it is the program’s own, and the bytes are those of a program that knew none', () => {
    const bytes = encodeConfiguration(INPUT);
    expect([...(decodeCbor(bytes) as ReadonlyMap<string, unknown>).keys()]).not.toContain('key_cache');
    expect(parseConfiguration(bytes).keyCache).toBeUndefined();
  });

  test('stands beside a rate or without one', () => {
    const rate = { burst: 1, perSecond: 1, perHour: 1 };
    const keyCache = { entries: 7, ageMs: 2_000, uses: 3 };
    const read = (change: object) => parseConfiguration(encodeConfiguration({ ...INPUT, ...change }));
    expect(read({ rate, keyCache })).toMatchObject({ rate, keyCache });
    expect(read({ keyCache })).toMatchObject({ rate: undefined, keyCache });
  });
});

describe('PCR16', () => {
  const bytes = encodeConfiguration(INPUT);

  test('is the zero register extended by the digest of the bytes', () => {
    const digest = createHash('sha384').update(bytes).digest();
    const extended = createHash('sha384')
      .update(Buffer.concat([Buffer.alloc(48), digest]))
      .digest();
    expect(configurationDigest(bytes)).toEqual(digest);
    expect(pcr16(bytes)).toEqual(extended);
  });

  test('differs with any byte', () => {
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(pcr16(changed)).not.toEqual(pcr16(bytes));
  });

  test('published vector', () => {
    const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));
    expect(pcr16(Buffer.from(vectors.pcr16.configuration, 'hex')).toString('hex')).toBe(vectors.pcr16.pcr16);
  });
});

describe('refused', () => {
  const cases: [string, Partial<ConfigurationInput>][] = [
    ['no vault key', { vaultKeyArns: [] }],
    ['no request key', { requestKeyArns: [] }],
    ['no TLS root', { tlsRoots: [] }],
    [
      'a root that is no certificate',
      { tlsRoots: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] },
    ],
    ['a key both of records and of requests', { requestKeyArns: [other(1)] }],
    ['a key with and without context', { legacyKeyArns: [other(1)] }],
    ['a key twice', { vaultKeyArns: [other(1), other(1)] }],
    ['an alias', { vaultKeyArns: ['alias/vault'] }],
    ['17 keys', { legacyKeyArns: Array.from({ length: 17 }, (_, i) => `${KEY_ARN}${i}`) }],
    ['5 request keys', { requestKeyArns: Array.from({ length: 5 }, (_, i) => `${KEY_ARN}${i}`) }],
    ['port 0', { kmsPort: 0 }],
    ['port 65536', { kmsPort: 65536 }],
    ['a host with a path', { kmsHost: 'kms/evil' }],
    ['a host with a line end', { kmsHost: 'kms\r\nx: y' }],
    ['a Region in capitals', { region: 'EU' }],
    ['no place to run', { limits: { running: 0 } }],
    ['too many waiting', { limits: { waiting: 1025 } }],
    ['a minute for a request', { limits: { requestMs: 60_000 } }],
    ['no time for expressions', { limits: { expressionMs: 0 } }],
    ['no expression worker', { limits: { expressionWorkers: 0 } }],
    ['a rate of nothing', { rate: { burst: 0, perSecond: 1, perHour: 1 } }],
    ['a rate of less than one a second', { rate: { burst: 1, perSecond: 0.5, perHour: 1 } }],
    ['no end to an hour', { rate: { burst: 1, perSecond: 1, perHour: 360_000_001 } }],
    ['less than no keys in memory', { keyCache: { entries: -1 } }],
    ['more keys than fit', { keyCache: { entries: 65_537 } }],
    ['keys for less than a second', { keyCache: { ageMs: 999 } }],
    ['keys for more than five minutes', { keyCache: { ageMs: 300_001 } }],
    ['keys of no use', { keyCache: { uses: 0 } }],
    ['keys of use without end', { keyCache: { uses: 1_000_001 } }],
  ];
  test.each(cases)('%s', (_, change) => {
    expect(codeOf(() => encodeConfiguration({ ...INPUT, ...change }))).toBe('malformed');
  });

  test('unknown and missing members, at the top and in limits', () => {
    const bytes = encodeConfiguration(INPUT);
    const { limits } = Object.fromEntries(
      decodeCbor(bytes) as ReadonlyMap<string, ReadonlyMap<string, number>>,
    );
    expect(codeOf(() => parseConfiguration(edited(bytes, { debug: true })))).toBe('malformed');
    expect(codeOf(() => parseConfiguration(edited(bytes, { kms_port: undefined })))).toBe('malformed');
    const more = new Map([...(limits ?? []), ['extra', 1] as const]);
    expect(codeOf(() => parseConfiguration(edited(bytes, { limits: more })))).toBe('malformed');
    const part = new Map([['burst', 1] as const, ['per_second', 1] as const]);
    expect(codeOf(() => parseConfiguration(edited(bytes, { rate: part })))).toBe('malformed');
    expect(codeOf(() => parseConfiguration(edited(bytes, { rate: null })))).toBe('malformed');
    const half = new Map([['entries', 1] as const, ['uses', 1] as const]);
    for (const key_cache of [half, null, 0, false])
      expect(codeOf(() => parseConfiguration(edited(bytes, { key_cache })))).toBe('malformed');
  });

  test('17 roots, a root of more than 8 KiB, and bytes for one', () => {
    const bytes = encodeConfiguration(INPUT);
    // OpenSSL reads the certificate and no further.
    const long = `${ROOT.trim()}\n${'#'.repeat(8 * 1024)}`;
    for (const roots of [Array.from({ length: 17 }, () => ROOT), [long], [Buffer.from(ROOT)]]) {
      expect(codeOf(() => parseConfiguration(edited(bytes, { tls_roots: roots })))).toBe('malformed');
    }
  });

  test('over 256 KiB it is not decoded', () => {
    expect(codeOf(() => parseConfiguration(Buffer.alloc(256 * 1024 + 1)))).toBe('too_large');
  });
});

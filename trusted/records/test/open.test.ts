// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { P256, P384, parseSuiteId } from '@enclave-vault/hpke';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFields } from '../src/open.ts';
import { sealFields } from '../src/seal.ts';
import {
  expectCode,
  FAILED,
  get,
  IDENTITY,
  NAMED,
  recordKey,
  SUITES,
  sealOld,
  sealRaw,
  utf8,
} from './support.ts';

type Sealed = Map<string, Uint8Array | string>;

const fieldName = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const fieldMap = (maxLength: number) =>
  fc
    .uniqueArray(fc.tuple(fieldName, fc.json({ maxDepth: 2 })), { selector: ([name]) => name, maxLength })
    .map((entries) => new Map(entries));

test("the AWS sample's record opens to Bob", () => {
  const path = new URL('../../../tests/vectors/sample-vault-record-v1.json', import.meta.url);
  const vector: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'));
  const text = (key: string): string => vector[key] ?? '';
  const open = (vaultId: string, name: string) =>
    openFields(
      { tenant: 'default', vaultId },
      parseSuiteId(Buffer.from(text('suite_id_base64'), 'base64')),
      Buffer.from(text('private_key_pkcs8_base64'), 'base64'),
      new Map([[name, text('value')]]),
    );
  expect([...open(text('vault_id'), text('field'))]).toEqual([['first_name', { ok: true, json: '"Bob"' }]]);
  expect([...open(text('vault_id'), 'last_name')]).toEqual([['last_name', FAILED]]);
  expect([...open(IDENTITY.vaultId, 'first_name')]).toEqual([['first_name', FAILED]]);
});

describe.each(NAMED)('round trips, %s', (_, suite) => {
  const { spki, pkcs8 } = recordKey(suite);
  const runs = { 'P-256': 50, 'P-384': 25, 'P-521': 8 }[suite.name];

  test('fields of several writes, taken together in any order', () => {
    fc.assert(
      fc.property(fc.array(fieldMap(6), { maxLength: 3 }), fc.boolean(), (writes, reverse) => {
        const fields = new Map<string, string>();
        const sealed: Sealed = new Map();
        for (const write of writes) {
          for (const [name, value] of sealFields(IDENTITY, suite, spki, write)) sealed.set(name, value);
          for (const [name, json] of write) fields.set(name, json);
        }
        const order = reverse ? [...sealed].reverse() : [...sealed];
        const opened = openFields(IDENTITY, suite, pkcs8, new Map(order));
        expect([...opened.keys()]).toEqual(order.map(([name]) => name));
        for (const [name, json] of fields) expect(opened.get(name)).toEqual({ ok: true, json });
      }),
      { numRuns: runs },
    );
  });

  test('encodings 1, 2 and 3 side by side', () => {
    const sealed: Sealed = new Map<string, Uint8Array | string>([
      ['one', sealOld(1, suite, spki, IDENTITY.vaultId, 'one', utf8('Bob "the" Öl\u2028'))],
      ['two', sealOld(2, suite, spki, IDENTITY.vaultId, 'two', utf8('12'))],
      ['empty', sealOld(2, suite, spki, IDENTITY.vaultId, 'empty', utf8(''))],
      ...sealFields(IDENTITY, suite, spki, new Map([['three', '{"a":[1,null]}']])),
    ]);
    expect([...openFields(IDENTITY, suite, pkcs8, sealed)]).toEqual([
      ['one', { ok: true, json: JSON.stringify('Bob "the" Öl\u2028') }],
      ['two', { ok: true, json: '"12"' }],
      ['empty', { ok: true, json: '""' }],
      ['three', { ok: true, json: '{"a":[1,null]}' }],
    ]);
  });

  test('the key bytes stay as the caller had them, and the sealed values too', () => {
    const sealed = sealFields(IDENTITY, suite, spki, new Map([['a', '1']]));
    const [key, value] = [Buffer.from(pkcs8), Buffer.from(get(sealed, 'a'))];
    openFields(IDENTITY, suite, pkcs8, sealed);
    expect(pkcs8.equals(key)).toBe(true);
    expect(get(sealed, 'a').equals(value)).toBe(true);
  });

  test('a flipped byte anywhere fails its field and no other', () => {
    const sealed = sealFields(
      IDENTITY,
      suite,
      spki,
      new Map([
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ]),
    );
    const length = get(sealed, 'b').length;
    const positions = [0, 1, 2, 3, 4, 20, 2 + suite.encLength, 3 + suite.encLength, length - 17, length - 1];
    for (const at of positions) {
      const changed = Buffer.from(get(sealed, 'b'));
      changed[at] = (changed[at] ?? 0) ^ 1;
      const opened = openFields(IDENTITY, suite, pkcs8, new Map([...sealed, ['b', changed]]));
      expect([...opened]).toEqual([
        ['a', { ok: true, json: '1' }],
        ['b', FAILED],
        ['c', { ok: true, json: '3' }],
      ]);
    }
  });
});

const { spki, pkcs8 } = recordKey(P256);
const sealed = sealFields(
  IDENTITY,
  P256,
  spki,
  new Map([
    ['a', '"of a"'],
    ['b', '"of b"'],
  ]),
);
const open = (fields: Sealed, identity = IDENTITY, key: Uint8Array = pkcs8) =>
  openFields(identity, P256, key, fields);

test('a value of 64 KiB opens, one byte more does not', () => {
  const most = `"${'x'.repeat(64 * 1024 - 2)}"`;
  expect([...open(sealFields(IDENTITY, P256, spki, new Map([['a', most]])))]).toEqual([
    ['a', { ok: true, json: most }],
  ]);
  const more: Sealed = new Map([
    ['a', sealOld(2, P256, spki, IDENTITY.vaultId, 'a', Buffer.alloc(64 * 1024 + 1, 'x'))],
  ]);
  expect([...open(more).values()]).toEqual([FAILED]);
});

describe('what must not open', () => {
  test('anything, where the record names a public key that is not its own', () => {
    const two = sealOld(2, P256, spki, IDENTITY.vaultId, 'old', utf8('x'));
    const fields: Sealed = new Map<string, Uint8Array | string>([...sealed, ['old', two]]);
    const opened = (publicKey: Uint8Array) => [
      ...openFields(IDENTITY, P256, pkcs8, fields, publicKey).values(),
    ];
    expect(opened(spki).map(({ ok }) => ok)).toEqual([true, true, true]);
    for (const other of [recordKey(P256).spki, recordKey(P384).spki, spki.subarray(1, 20), new Uint8Array()])
      expect(opened(other)).toEqual([FAILED, FAILED, FAILED]);
  });

  test('two fields exchanged', () => {
    const opened = open(
      new Map<string, Uint8Array | string>([
        ['a', get(sealed, 'b')],
        ['b', get(sealed, 'a')],
      ]),
    );
    expect([...opened.values()]).toEqual([FAILED, FAILED]);
  });

  test('a field under another name, another tenant, another vault, another key', () => {
    expect(get(open(new Map([['c', get(sealed, 'a')]])), 'c')).toEqual(FAILED);
    for (const identity of [
      { ...IDENTITY, tenant: 'other' },
      { ...IDENTITY, vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z6' },
    ]) {
      expect([...open(sealed, identity).values()]).toEqual([FAILED, FAILED]);
    }
    expect([...open(sealed, IDENTITY, recordKey(P256).pkcs8).values()]).toEqual([FAILED, FAILED]);
  });

  test('encoding 3 dressed as encoding 2 or 1, and the other way about', () => {
    const three = get(sealed, 'a');
    expect(get(open(new Map([['a', three.subarray(3)]])), 'a')).toEqual(FAILED);
    const two = sealOld(2, P256, spki, IDENTITY.vaultId, 'a', utf8('"x"')) as Buffer;
    expect(get(open(new Map([['a', two]])), 'a')).toEqual({ ok: true, json: '"\\"x\\""' });
    expect(get(open(new Map([['a', Buffer.concat([Buffer.from([3, 0, 0]), two])]])), 'a')).toEqual(FAILED);
    expect(get(open(new Map([['a', three.toString('latin1')]])), 'a')).toEqual(FAILED);
  });

  test('one enc under both infos: each encoding has a context of its own', () => {
    const three = get(sealed, 'a');
    const fields: Sealed = new Map<string, Uint8Array>([
      ['b', three.subarray(3)],
      ['a', three],
    ]);
    expect([...open(fields).values()]).toEqual([FAILED, { ok: true, json: '"of a"' }]);
  });

  test.each([
    ['no padding', utf8('"x"')],
    ['no marker', utf8(`"${'x'.repeat(30)}"`)],
    ['padding of two blocks', Buffer.concat([utf8('"x"'), Buffer.from([0x80]), Buffer.alloc(60)])],
    ['no JSON', Buffer.concat([utf8('Bob'), Buffer.from([0x80]), Buffer.alloc(28)])],
    ['empty', Buffer.concat([Buffer.from([0x80]), Buffer.alloc(31)])],
    ['two JSON texts', Buffer.concat([utf8('1 2'), Buffer.from([0x80]), Buffer.alloc(28)])],
    ['no UTF-8', Buffer.concat([Buffer.from([0x22, 0xff, 0x22, 0x80]), Buffer.alloc(28)])],
    [
      'a surrogate in UTF-8',
      Buffer.concat([Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22, 0x80]), Buffer.alloc(26)]),
    ],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf, 0x31, 0x80]), Buffer.alloc(27)])],
    [
      'over the limit',
      Buffer.concat([utf8(`"${'x'.repeat(65535)}"`), Buffer.from([0x80]), Buffer.alloc(30)]),
    ],
  ])('well sealed, badly filled: %s', (_name, plaintext) => {
    expect(get(open(new Map([['a', sealRaw(P256, spki, 'a', plaintext)]])), 'a')).toEqual(FAILED);
  });

  test('sealed by hand in the right form it does open: the cases above fail for their own reason', () => {
    const plaintext = Buffer.concat([utf8('"x"'), Buffer.from([0x80]), Buffer.alloc(28)]);
    expect(get(open(new Map([['a', sealRaw(P256, spki, 'a', plaintext)]])), 'a')).toEqual({
      ok: true,
      json: '"x"',
    });
  });

  test('old encodings with bad UTF-8 or too much text', () => {
    const bad = sealOld(2, P256, spki, IDENTITY.vaultId, 'a', Buffer.from([0xc3, 0x28]));
    const large = sealOld(1, P256, spki, IDENTITY.vaultId, 'a', Buffer.alloc(64 * 1024 + 1, 0x61));
    for (const value of [bad, large]) expect(get(open(new Map([['a', value]])), 'a')).toEqual(FAILED);
  });

  test('a name that is none, noise, and values of nothing', () => {
    const names = ['', '_pk', 'A', '__proto__'];
    const opened = open(new Map(names.map((name) => [name, get(sealed, 'a')])));
    for (const name of names) expect(get(opened, name)).toEqual(FAILED);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string()), (noise) => {
        expect([
          ...open(
            new Map<string, Uint8Array | string>([
              ['a', noise],
              ['b', get(sealed, 'b')],
            ]),
          ).values(),
        ]).toEqual([FAILED, { ok: true, json: '"of b"' }]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what stops the whole call', () => {
  test('names, counts, keys', () => {
    expectCode('invalid_name', () => open(sealed, { ...IDENTITY, tenant: 'A' }));
    expectCode('invalid_name', () => open(sealed, { ...IDENTITY, vaultId: 'v_x' }));
    const many = new Map(Array.from({ length: 101 }, (_, i) => [`f${i}`, get(sealed, 'a')]));
    expectCode('too_many_fields', () => open(many));
    for (const key of [Buffer.alloc(0), spki, pkcs8.subarray(1), recordKey(P384).pkcs8]) {
      expectCode('invalid_private_key', () => open(sealed, IDENTITY, key));
    }
  });

  test('no fields at all is an empty answer, if the key is one', () => {
    expect(open(new Map()).size).toBe(0);
    expectCode('invalid_private_key', () => open(new Map(), IDENTITY, Buffer.alloc(3)));
  });
});

test('a failed result is frozen: nobody can turn one into a success for the next', () => {
  const failed = get(open(new Map([['a', 'x']])), 'a');
  expect(Object.isFrozen(failed)).toBe(true);
});

test('100 fields of one write and of 100 writes', () => {
  const names = Array.from({ length: 100 }, (_, i) => `f${i}`);
  const together = sealFields(IDENTITY, P256, spki, new Map(names.map((name, i) => [name, `${i}`])));
  const apart = new Map(
    names.map((name, i) => {
      const one = sealFields(IDENTITY, P256, spki, new Map([[name, `${i}`]]));
      return [name, get(one, name)] as const;
    }),
  );
  for (const fields of [together, apart]) {
    const opened = open(fields);
    expect(names.map((name) => opened.get(name))).toEqual(names.map((_, i) => ({ ok: true, json: `${i}` })));
  }
});

test('every suite reads a value of another as a failure', () => {
  for (const suite of SUITES) {
    const key = recordKey(suite);
    const foreign = openFields(IDENTITY, suite, key.pkcs8, sealed);
    expect([...foreign.values()]).toEqual([FAILED, FAILED]);
  }
});

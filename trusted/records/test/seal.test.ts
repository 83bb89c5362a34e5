// SPDX-License-Identifier: Apache-2.0
import { P384 } from '@enclave-vault/hpke';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSealed } from '../src/encodings.ts';
import { encodingOf } from '../src/index.ts';
import { sealFields } from '../src/seal.ts';
import { expectCode, get, IDENTITY, NAMED, recordKey, SUITES } from './support.ts';

describe.each(NAMED)('one write, %s', (_, suite) => {
  const { spki } = recordKey(suite);

  test('one encapsulation, sequence numbers in name order, whatever order came in', () => {
    const names = ['dob', 'a', 'ssn9', 'a_b', 'ab', 'a1'];
    const sealed = sealFields(IDENTITY, suite, spki, new Map(names.map((name) => [name, `"${name}"`])));
    expect([...sealed.keys()]).toEqual(['a', 'a1', 'a_b', 'ab', 'dob', 'ssn9']);
    const parts = [...sealed.values()].map((value) => parseSealed(suite, value));
    expect(parts.map((part) => part?.seq)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Set(parts.map((part) => Buffer.from(part?.enc ?? []).toString('hex'))).size).toBe(1);
    for (const value of sealed.values()) expect(encodingOf(value)).toBe(3);
  });

  test('two writes of the same fields share nothing', () => {
    const fields = new Map([['a', '"same"']]);
    const [one, two] = [sealFields(IDENTITY, suite, spki, fields), sealFields(IDENTITY, suite, spki, fields)];
    const [a, b] = [get(one, 'a'), get(two, 'a')];
    expect(a.subarray(3, 3 + suite.encLength).equals(b.subarray(3, 3 + suite.encLength))).toBe(false);
    expect(a.subarray(3 + suite.encLength).equals(b.subarray(3 + suite.encLength))).toBe(false);
  });

  test('the length says which multiple of 32 and no more', () => {
    const lengths = [1, 10, 30, 31, 32].map((length) => {
      const sealed = sealFields(IDENTITY, suite, spki, new Map([['a', '1'.repeat(length)]]));
      return get(sealed, 'a').length - suite.encLength - 3 - 16;
    });
    expect(lengths).toEqual([32, 32, 32, 32, 64]);
  });

  test('no fields, no encapsulation, but the key is checked', () => {
    expect(sealFields(IDENTITY, suite, spki, new Map()).size).toBe(0);
    expectCode('invalid_public_key', () => sealFields(IDENTITY, suite, spki.subarray(1), new Map()));
  });
});

const { spki } = recordKey(P384);
const seal = (fields: ReadonlyMap<string, string>, identity = IDENTITY) =>
  sealFields(identity, P384, spki, fields);

describe('limits', () => {
  test('a value of 64 KiB passes, one byte more does not, counted in UTF-8', () => {
    const most = `"${'x'.repeat(64 * 1024 - 2)}"`;
    expect(seal(new Map([['a', most]])).size).toBe(1);
    expectCode('value_too_large', () => seal(new Map([['a', `${most} `]])));
    expectCode('value_too_large', () => seal(new Map([['a', `"${'é'.repeat(32 * 1024 - 1)} "`]])));
    expect(seal(new Map([['a', `"${'é'.repeat(32 * 1024 - 1)}"`]])).size).toBe(1);
  });

  test('100 fields pass, 101 do not', () => {
    const fields = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`f${i}`, `${i}`]));
    const sealed = seal(fields(100));
    expect(sealed.size).toBe(100);
    expect(new Set([...sealed.values()].map((value) => value.readUInt16BE(1))).size).toBe(100);
    expectCode('too_many_fields', () => seal(fields(101)));
  });
});

describe('refused', () => {
  test.each(['', '_a', 'A', 'a b', 'a\0', 'a\n'])('field name %j', (name) =>
    expectCode('invalid_name', () => seal(new Map([[name, '1']]))),
  );

  test.each([
    { tenant: '', vaultId: IDENTITY.vaultId },
    { tenant: 'a\0b', vaultId: IDENTITY.vaultId },
    { tenant: 'default', vaultId: '' },
    { tenant: 'default', vaultId: 'v_' },
  ])('identity %j', (identity) => expectCode('invalid_name', () => seal(new Map([['a', '1']]), identity)));

  test.each(['', 'Bob', "'x'", '{', '1 2', '"a', 'NaN', 'undefined', '01', '"\ud800"', '﻿"a"'])(
    'no JSON text: %j',
    (json) => expectCode('invalid_json', () => seal(new Map([['a', json]]))),
  );

  test('one bad field among good ones refuses the write', () => {
    const fields = new Map([
      ['a', '1'],
      ['b', 'secret-plaintext'],
    ]);
    expectCode('invalid_json', () => seal(fields));
  });

  test('a public key of another suite, or none', () => {
    for (const suite of SUITES) {
      const other = recordKey(suite).spki;
      const action = () => sealFields(IDENTITY, P384, other, new Map([['a', '1']]));
      if (suite === P384) expect(action().size).toBe(1);
      else expectCode('invalid_public_key', action);
    }
    expectCode('invalid_public_key', () =>
      sealFields(IDENTITY, P384, Buffer.alloc(0), new Map([['a', '1']])),
    );
  });
});

test('no plaintext stands in what is stored', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{8,40}$/), (marker) => {
      const sealed = get(seal(new Map([['a', JSON.stringify(marker)]])), 'a');
      expect(sealed.includes(Buffer.from(marker))).toBe(false);
    }),
    { numRuns: 10 },
  );
});

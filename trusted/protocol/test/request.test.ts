// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { DecryptRequest } from '../src/index.ts';
import { encodeDecryptRequest, parseDecryptRequest } from '../src/request.ts';
import { codeOf, edited, KEY_ARN, request } from './support.ts';

const names = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}_${i}`);

describe('what a writer may not send, a reader does not accept', () => {
  const cases: [string, Partial<DecryptRequest>][] = [
    ['tenant in capitals', { tenant: 'Default' }],
    ['empty tenant', { tenant: '' }],
    ['tenant of 64', { tenant: 'a'.repeat(64) }],
    ['tenant with a NUL, which the records format uses as separator', { tenant: 'a\0b' }],
    ['tenant with a line end', { tenant: 'default\n' }],
    ['vault id without prefix', { vaultId: '01HV1XW70Q03PHK892JFQAY0Z5' }],
    ['vault id beyond 128 bits', { vaultId: 'v_81HV1XW70Q03PHK892JFQAY0Z5' }],
    ['vault id of 28', { vaultId: `v_${'a'.repeat(28)}` }],
    ['suite of 9 bytes', { suite: Buffer.alloc(9) }],
    ['empty wrapped key', { wrappedKey: Buffer.alloc(0) }],
    ['wrapped key over 6 KiB', { wrappedKey: Buffer.alloc(6145) }],
    ['alias for a key', { keyArn: KEY_ARN.replace('key/', 'alias/') }],
    ['ARN of another service', { keyArn: KEY_ARN.replace(':kms:', ':s3:') }],
    ['ARN with a line end', { keyArn: `${KEY_ARN}\n` }],
    ['empty public key', { publicKey: Buffer.alloc(0) }],
    ['public key over 1 KiB', { publicKey: Buffer.alloc(1025) }],
    ['name of our own', { fields: new Map([['_sk', 'x']]), reveal: [] }],
    ['__proto__', { fields: new Map([['__proto__', 'x']]), reveal: [] }],
    ['empty sealed bytes', { fields: new Map([['city', Buffer.alloc(0)]]) }],
    ['101 fields', { fields: new Map(names(101, 'f').map((name) => [name, 'x'])), reveal: [] }],
    ['1001 known names', { known: names(1001, 'k') }],
    ['a known name twice', { known: ['city', 'city'] }],
    ['reveal without a sealed value', { reveal: ['email'] }],
    ['reveal of one sealed value and of none', { reveal: ['city', 'email'] }],
    ['reveal twice', { reveal: ['city', 'city'] }],
    ['101 expressions', { expressions: names(101, 'e').map((name) => ({ name, source: '1' })) }],
    ['two expressions of one name', { expressions: names(2, 'e').map(() => ({ name: 'e', source: '1' })) }],
    ['expression named as a sent field', { known: [], expressions: [{ name: 'dob', source: '1' }] }],
    ['expression named as a field without value', { expressions: [{ name: 'email', source: '1' }] }],
    [
      'a second expression named as a field',
      { expressions: ['e', 'email'].map((name) => ({ name, source: '1' })) },
    ],
    ['expression with a foreign name', { expressions: [{ name: 'Over', source: '1' }] }],
    ['expression over 10 KiB', { expressions: [{ name: 'e', source: 'é'.repeat(5121) }] }],
    ['lone surrogate', { expressions: [{ name: 'e', source: '\ud800' }] }],
    ['sealed text with a lone surrogate', { fields: new Map([['city', '\udc00']]) }],
  ];

  test.each(cases)('%s', (_, change) => {
    expect(codeOf(() => encodeDecryptRequest(request(change)))).toBe('malformed');
  });

  test('fields over 350 KiB together', () => {
    const half = Buffer.alloc(350 * 512, 3);
    const fields = (extra: number) =>
      new Map([
        ['a', half],
        ['b', half.subarray(0, half.length - 2 + extra)],
      ]);
    expect(
      encodeDecryptRequest(request({ fields: fields(0), reveal: [], known: [] })).length,
    ).toBeGreaterThan(358_000);
    expect(codeOf(() => encodeDecryptRequest(request({ fields: fields(1), reveal: [], known: [] })))).toBe(
      'malformed',
    );
  });
});

describe('limits are reached', () => {
  test('100 fields, all revealed, 100 expressions, 1000 known names', () => {
    const fields = new Map(names(100, 'f').map((name) => [name, Buffer.alloc(3000, 1)]));
    const full = request({
      fields,
      reveal: [...fields.keys()],
      known: names(1000, 'k'),
      expressions: names(100, 'e').map((name) => ({ name, source: 'x'.repeat(10_240) })),
    });
    const parsed = parseDecryptRequest(encodeDecryptRequest(full));
    expect(parsed.fields.size).toBe(100);
    expect(parsed.reveal).toEqual(full.reveal);
    expect(parsed.known).toEqual(full.known);
    expect(parsed.expressions).toEqual(full.expressions);
  });

  test('an expression of 10 KiB, which are bytes and not characters', () => {
    const expressions = [{ name: 'e', source: 'é'.repeat(5120) }];
    expect(parseDecryptRequest(encodeDecryptRequest(request({ expressions }))).expressions).toEqual(
      expressions,
    );
  });

  test('a wrapped key of 6 KiB and a public key of 1 KiB', () => {
    const whole = request({ wrappedKey: Buffer.alloc(6144, 1), publicKey: Buffer.alloc(1024, 2) });
    const parsed = parseDecryptRequest(encodeDecryptRequest(whole));
    expect([parsed.wrappedKey, parsed.publicKey]).toEqual([whole.wrappedKey, whole.publicKey]);
  });

  test.each(['v_7ZZZZZZZZZZZZZZZZZZZZZZZZZ', `v_${'0aZ'.repeat(9)}`])('vault id %s', (vaultId) => {
    expect(parseDecryptRequest(encodeDecryptRequest(request({ vaultId }))).vaultId).toBe(vaultId);
  });

  test.each(['aws-cn', 'aws-us-gov'])('ARN of partition %s', (partition) => {
    const keyArn = KEY_ARN.replace('arn:aws:', `arn:${partition}:`);
    expect(parseDecryptRequest(encodeDecryptRequest(request({ keyArn }))).keyArn).toBe(keyArn);
  });

  test('an ARN of a multi-Region key', () => {
    const keyArn = KEY_ARN.replace(/key\/.*/, 'key/mrk-1234abcd12ab34cd56ef1234567890ab');
    expect(parseDecryptRequest(encodeDecryptRequest(request({ keyArn }))).keyArn).toBe(keyArn);
  });
});

describe('a request that wants KMS to be asked', () => {
  test('says so, and one that does not has the bytes that it had before there was the word', () => {
    expect(parseDecryptRequest(encodeDecryptRequest(request({ fresh: true }))).fresh).toBe(true);
    const plain = encodeDecryptRequest(request());
    expect(parseDecryptRequest(plain).fresh).toBeUndefined();
    expect(encodeDecryptRequest(request({ fresh: false })).equals(plain)).toBe(true);
    expect(plain.includes('fresh')).toBe(false);
  });
});

describe('frame', () => {
  const bytes = encodeDecryptRequest(request());
  test.each([
    ['unknown member', { purpose: 'general' }],
    ['a word for no', { fresh: false }],
    ['missing member', { known: undefined }],
    ['fields as an array', { fields: [] }],
    ['a number as a field', { fields: new Map([['city', 1]]) }],
    ['a numeric field name', { fields: new Map([[1, 'x']]) }],
    ['expression as a map', { expressions: [new Map([['name', 'e']])] }],
    ['fields as an array where none is revealed', { fields: [], reveal: [] }],
    ['expression as text of two characters', { expressions: ['ab'] }],
    ['expression of three', { expressions: [['e', '1', '2']] }],
    ['null expressions', { expressions: null }],
    ['text for suite', { suite: 'HPKE000000' }],
  ])('refuses %s', (_, change) => {
    expect(codeOf(() => parseDecryptRequest(edited(bytes, change)))).toBe('malformed');
  });

  test('a view of the message is what a byte string is', () => {
    expect(parseDecryptRequest(bytes).wrappedKey.buffer).toBe(bytes.buffer);
  });
});

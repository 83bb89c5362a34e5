// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MacInput, recordMac, verifyRecordMac } from '../src/index.ts';
import { expectCode, utf8 } from './support.ts';

const KEY = Buffer.alloc(32, 0x11);
const INPUT: MacInput = {
  id: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
  tenant: 'default',
  hs: Buffer.from('48504b45001100020002', 'hex'),
  pk: Buffer.alloc(120, 1),
  sk: Buffer.alloc(400, 2),
  kk: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  sv: 1,
  rev: 7,
  fields: new Map<string, Uint8Array | string>([
    ['b', Buffer.from([3, 0, 1])],
    ['a', Buffer.from([3, 0, 0])],
    ['old', '04ab#cd'],
  ]),
};

const sha256 = (value: Uint8Array | string): Buffer => createHash('sha256').update(value).digest();

/** The message of SPEC.md written out by hand: heads as RFC 8949 section 3 has them, for the lengths of INPUT. */
function messageByHand(): Buffer {
  const short = (text: string): Buffer => Buffer.concat([Buffer.from([0x60 + text.length]), utf8(text)]);
  const long = (text: string): Buffer => Buffer.concat([Buffer.from([0x78, text.length]), utf8(text)]);
  const digest = (value: Uint8Array | string): Buffer =>
    Buffer.concat([Buffer.from([0x58, 32]), sha256(value)]);
  return Buffer.concat([
    Buffer.from([0x8a]),
    short('enclave-vault/record/1'),
    long(INPUT.id),
    short('default'),
    Buffer.concat([Buffer.from([0x4a]), INPUT.hs]),
    Buffer.concat([Buffer.from([0x58, 120]), INPUT.pk]),
    digest(INPUT.sk),
    long(INPUT.kk),
    Buffer.from([1, 7]),
    Buffer.from([0x83]),
    Buffer.concat([Buffer.from([0x82]), short('a'), digest(Buffer.from([3, 0, 0]))]),
    Buffer.concat([Buffer.from([0x82]), short('b'), digest(Buffer.from([3, 0, 1]))]),
    Buffer.concat([Buffer.from([0x82]), short('old'), digest('04ab#cd')]),
  ]);
}

test('HMAC-SHA-256 over the message as SPEC.md spells it', () => {
  const expected = createHmac('sha256', KEY).update(messageByHand()).digest();
  expect(recordMac(KEY, INPUT)).toEqual(expected);
  expect(recordMac(createSecretKey(KEY), INPUT)).toEqual(expected);
  expect(expected.toString('hex')).toBe('2b2fabaec598e111b0badb18b8cd9f8ac38a7899f35214833256d43b39c9b5fd');
});

const swapped = new Map<string, Uint8Array | string>([
  ['a', Buffer.from([3, 0, 1])],
  ['b', Buffer.from([3, 0, 0])],
  ['old', '04ab#cd'],
]);
const without = new Map([...INPUT.fields].slice(1));
const renamed = new Map(
  [...INPUT.fields].map(([name, value]) => [name === 'a' ? 'c' : name, value] as const),
);
const more = new Map([...INPUT.fields, ['z', Buffer.from([3])]] as [string, Uint8Array | string][]);
const changes: [string, Partial<MacInput>][] = [
  ['another id', { id: 'v_01HV1XW70Q03PHK892JFQAY0Z6' }],
  ['an id of the sample', { id: 'v_2hRK9u2DOzmAPMhdVNt9qlJ3UvL' }],
  ['another tenant', { tenant: 'defaul' }],
  ['another suite', { hs: Buffer.from('48504b45001000010002', 'hex') }],
  ['another public key', { pk: Buffer.alloc(120, 3) }],
  ['a public key of another length', { pk: Buffer.alloc(119, 1) }],
  ['another wrapped key', { sk: Buffer.alloc(400, 3) }],
  ['another key ARN', { kk: `${INPUT.kk}b` }],
  ['another schema version', { sv: 2 }],
  ['another revision', { rev: 8 }],
  ['schema version and revision swapped', { sv: 7, rev: 1 }],
  ['two values swapped', { fields: swapped }],
  ['a field dropped', { fields: without }],
  ['a field renamed', { fields: renamed }],
  ['a field added', { fields: more }],
  ['no fields', { fields: new Map() }],
];

describe('each part counts', () => {
  test.each(changes)('%s', (_, change) => {
    const mac = recordMac(KEY, INPUT);
    expect(verifyRecordMac(KEY, INPUT, mac)).toBe(true);
    expect(verifyRecordMac(KEY, { ...INPUT, ...change }, mac)).toBe(false);
  });

  test('the changes are all different from one another', () => {
    const macs = changes.map(([, change]) => recordMac(KEY, { ...INPUT, ...change }).toString('hex'));
    expect(new Set(macs).size).toBe(changes.length);
  });

  test('another key, a flipped bit, another length', () => {
    const mac = recordMac(KEY, INPUT);
    expect(verifyRecordMac(Buffer.alloc(32, 0x12), INPUT, mac)).toBe(false);
    for (let bit = 0; bit < 256; bit++) {
      const changed = Buffer.from(mac);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyRecordMac(KEY, INPUT, changed)).toBe(false);
    }
    expect(verifyRecordMac(KEY, INPUT, mac.subarray(0, 31))).toBe(false);
    expect(verifyRecordMac(KEY, INPUT, Buffer.alloc(0))).toBe(false);
    expect(verifyRecordMac(KEY, INPUT, Buffer.concat([mac, Buffer.alloc(1)]))).toBe(false);
  });
});

test('the order in which fields were put in does not count', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...INPUT.fields], { minLength: 3 }), (entries) => {
      expect(recordMac(KEY, { ...INPUT, fields: new Map(entries) })).toEqual(recordMac(KEY, INPUT));
    }),
    { numRuns: 20 },
  );
});

const refused: [string, 'invalid_name' | 'invalid_record', Partial<MacInput>][] = [
  ['id', 'invalid_name', { id: 'v_1' }],
  ['tenant', 'invalid_name', { tenant: '' }],
  ['field', 'invalid_name', { fields: new Map([['_pk', 'x']]) }],
  ['short suite id', 'invalid_record', { hs: Buffer.alloc(9) }],
  ['revision 0', 'invalid_record', { rev: 0 }],
  ['fraction', 'invalid_record', { rev: 1.5 }],
  ['unsafe revision', 'invalid_record', { rev: 2 ** 53 }],
  ['negative schema version', 'invalid_record', { sv: -1 }],
  ['not a number', 'invalid_record', { sv: Number.NaN }],
  ['a lone surrogate', 'invalid_record', { kk: '\ud800' }],
];
test.each(refused)('refused: %s', (_, code, change) =>
  expectCode(code, () => recordMac(KEY, { ...INPUT, ...change })),
);

// SPDX-License-Identifier: Apache-2.0
/** The examples of RFC 8949 appendix A, all of them: those of the subset taken here, and those refused with their codes. */
import { describe, expect, it } from 'vitest';
import {
  type CborValue,
  type CodecErrorCode,
  decodeCanonicalCbor,
  decodeCbor,
  encodeCbor,
} from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

const letters = ['a', 'b', 'c', 'd', 'e'];
const oneTo25 = Array.from({ length: 25 }, (_, index) => index + 1);

const TAKEN: [diagnostic: string, encoded: string, value: CborValue][] = [
  ['0', '00', 0],
  ['1', '01', 1],
  ['10', '0a', 10],
  ['23', '17', 23],
  ['24', '1818', 24],
  ['25', '1819', 25],
  ['100', '1864', 100],
  ['1000', '1903e8', 1000],
  ['1000000', '1a000f4240', 1_000_000],
  ['1000000000000', '1b000000e8d4a51000', 1_000_000_000_000],
  ['18446744073709551615', '1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['-18446744073709551616', '3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['-1', '20', -1],
  ['-10', '29', -10],
  ['-100', '3863', -100],
  ['-1000', '3903e7', -1000],
  ['false', 'f4', false],
  ['true', 'f5', true],
  ['null', 'f6', null],
  ["h''", '40', Buffer.alloc(0)],
  ["h'01020304'", '4401020304', Buffer.of(1, 2, 3, 4)],
  ['""', '60', ''],
  ['"a"', '6161', 'a'],
  ['"IETF"', '6449455446', 'IETF'],
  ['"\\"\\\\"', '62225c', '"\\'],
  ['"\\u00fc"', '62c3bc', '\u00fc'],
  ['"\\u6c34"', '63e6b0b4', '\u6c34'],
  ['"\\ud800\\udd51"', '64f0908591', '\ud800\udd51'],
  ['[]', '80', []],
  ['[1, 2, 3]', '83010203', [1, 2, 3]],
  ['[1, [2, 3], [4, 5]]', '8301820203820405', [1, [2, 3], [4, 5]]],
  ['[1, 2, …, 25]', '98190102030405060708090a0b0c0d0e0f101112131415161718181819', oneTo25],
  ['{}', 'a0', new Map()],
  [
    '{1: 2, 3: 4}',
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    '{"a": 1, "b": [2, 3]}',
    'a26161016162820203',
    new Map<string, CborValue>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
  ['["a", {"b": "c"}]', '826161a161626163', ['a', new Map([['b', 'c']])]],
  [
    '{"a": "A", …, "e": "E"}',
    'a56161614161626142616361436164614461656145',
    new Map(letters.map((letter) => [letter, letter.toUpperCase()])),
  ],
];

const REFUSED: [diagnostic: string, encoded: string, code: CodecErrorCode][] = [
  ['18446744073709551616', 'c249010000000000000000', 'cbor_tag'],
  ['-18446744073709551617', 'c349010000000000000000', 'cbor_tag'],
  ['0.0', 'f90000', 'cbor_float'],
  ['-0.0', 'f98000', 'cbor_float'],
  ['1.0', 'f93c00', 'cbor_float'],
  ['1.1', 'fb3ff199999999999a', 'cbor_float'],
  ['1.5', 'f93e00', 'cbor_float'],
  ['65504.0', 'f97bff', 'cbor_float'],
  ['100000.0', 'fa47c35000', 'cbor_float'],
  ['3.4028234663852886e+38', 'fa7f7fffff', 'cbor_float'],
  ['1.0e+300', 'fb7e37e43c8800759c', 'cbor_float'],
  ['5.960464477539063e-8', 'f90001', 'cbor_float'],
  ['0.00006103515625', 'f90400', 'cbor_float'],
  ['-4.0', 'f9c400', 'cbor_float'],
  ['-4.1', 'fbc010666666666666', 'cbor_float'],
  ['Infinity', 'f97c00', 'cbor_float'],
  ['NaN', 'f97e00', 'cbor_float'],
  ['-Infinity', 'f9fc00', 'cbor_float'],
  ['Infinity (single)', 'fa7f800000', 'cbor_float'],
  ['NaN (single)', 'fa7fc00000', 'cbor_float'],
  ['-Infinity (single)', 'faff800000', 'cbor_float'],
  ['Infinity (double)', 'fb7ff0000000000000', 'cbor_float'],
  ['NaN (double)', 'fb7ff8000000000000', 'cbor_float'],
  ['-Infinity (double)', 'fbfff0000000000000', 'cbor_float'],
  ['undefined', 'f7', 'cbor_simple_value'],
  ['simple(16)', 'f0', 'cbor_simple_value'],
  ['simple(255)', 'f8ff', 'cbor_simple_value'],
  ['0("2013-03-21T20:04:00Z")', 'c074323031332d30332d32315432303a30343a30305a', 'cbor_tag'],
  ['1(1363896240)', 'c11a514b67b0', 'cbor_tag'],
  ['1(1363896240.5)', 'c1fb41d452d9ec200000', 'cbor_tag'],
  ["23(h'01020304')", 'd74401020304', 'cbor_tag'],
  ["24(h'6449455446')", 'd818456449455446', 'cbor_tag'],
  ['32("http://www.example.com")', 'd82076687474703a2f2f7777772e6578616d706c652e636f6d', 'cbor_tag'],
  ["(_ h'0102', h'030405')", '5f42010243030405ff', 'cbor_indefinite_length'],
  ['(_ "strea", "ming")', '7f657374726561646d696e67ff', 'cbor_indefinite_length'],
  ['[_ ]', '9fff', 'cbor_indefinite_length'],
  ['[_ 1, [2, 3], [_ 4, 5]]', '9f018202039f0405ffff', 'cbor_indefinite_length'],
  ['[_ 1, [2, 3], [4, 5]]', '9f01820203820405ff', 'cbor_indefinite_length'],
  ['[1, [2, 3], [_ 4, 5]]', '83018202039f0405ff', 'cbor_indefinite_length'],
  ['[1, [_ 2, 3], [4, 5]]', '83019f0203ff820405', 'cbor_indefinite_length'],
  ['[_ 1, 2, …, 25]', '9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff', 'cbor_indefinite_length'],
  ['{_ "a": 1, "b": [_ 2, 3]}', 'bf61610161629f0203ffff', 'cbor_indefinite_length'],
  ['["a", {_ "b": "c"}]', '826161bf61626163ff', 'cbor_indefinite_length'],
  ['{_ "Fun": true, "Amt": -2}', 'bf6346756ef563416d7421ff', 'cbor_indefinite_length'],
];

describe('RFC 8949 appendix A', () => {
  it.each(TAKEN)('takes and writes %s', (_diagnostic, encoded, value) => {
    expect(decodeCbor(fromHex(encoded))).toEqual(value);
    expect(decodeCanonicalCbor(fromHex(encoded))).toEqual(value);
    expect(encodeCbor(value).toString('hex')).toBe(encoded);
  });

  it.each(REFUSED)('refuses %s', (_diagnostic, encoded, code) => {
    expectRefusal(code, () => decodeCbor(fromHex(encoded)));
    expectRefusal(code, () => decodeCanonicalCbor(fromHex(encoded)));
  });

  it('is covered whole: 81 examples', () => {
    expect(TAKEN.length + REFUSED.length).toBe(81);
  });
});

/** RFC 8949 appendix F: encodings that are not well-formed. Each kind, and one of each length where there are several. */
describe('RFC 8949 appendix F', () => {
  it.each<[string, string, CodecErrorCode]>([
    ['end of input in a head', '18', 'cbor_truncated'],
    ['end of input in a head of two', '19 01', 'cbor_truncated'],
    ['end of input in a head of four', '1a 01 02 03', 'cbor_truncated'],
    ['end of input in a head of eight', '1b 01 02 03 04 05 06 07', 'cbor_truncated'],
    ['end of input in the head of a string', '58', 'cbor_truncated'],
    ['end of input in the head of an array', '98', 'cbor_truncated'],
    ['no data at all', '', 'cbor_truncated'],
    ['a short byte string', '41', 'cbor_truncated'],
    ['a short text', '61', 'cbor_truncated'],
    ['a byte string of 4 GiB', '5a ff ff ff ff 00', 'cbor_truncated'],
    ['a byte string of 2^63-1', '5b 7f ff ff ff ff ff ff ff 01 02 03', 'cbor_truncated'],
    ['a text of 4 GiB', '7a ff ff ff ff 00', 'cbor_truncated'],
    ['a text of 2^64-1', '7b ff ff ff ff ff ff ff ff 01 02 03', 'cbor_truncated'],
    ['an array cut short', '81', 'cbor_truncated'],
    ['an array cut short inside', '81 81 81 81 81', 'cbor_truncated'],
    ['an array cut short by one', '82 00', 'cbor_truncated'],
    ['a map cut short', 'a1', 'cbor_truncated'],
    ['a map without its value', 'a1 01', 'cbor_truncated'],
    ['a map that lacks an entry', 'a2 01 02', 'cbor_truncated'],
    ['an array of 2^64-1', '9b ff ff ff ff ff ff ff ff 00', 'cbor_truncated'],
    ['a map of 2^64-1', 'bb ff ff ff ff ff ff ff ff 00', 'cbor_truncated'],
    ['reserved additional information 28', '1c', 'cbor_reserved'],
    ['reserved 29 of a byte string', '5d', 'cbor_reserved'],
    ['reserved 30 of a map', 'be', 'cbor_reserved'],
    ['reserved 28 of major type 7', 'fc', 'cbor_reserved'],
    ['reserved 30 of major type 7', 'fe', 'cbor_reserved'],
    ['a simple value in two bytes below 32', 'f8 18', 'cbor_simple_value'],
    ['a break outside', 'ff', 'cbor_indefinite_length'],
    ['a break in an array', '81 ff', 'cbor_indefinite_length'],
    ['a break for a value', 'a1 00 ff', 'cbor_indefinite_length'],
    ['an integer of indefinite length', '1f', 'cbor_indefinite_length'],
    ['a tag of indefinite length', 'df', 'cbor_tag'],
  ])('refuses %s', (_what, encoded, code) => {
    expectRefusal(code, () => decodeCbor(fromHex(encoded)));
  });
});

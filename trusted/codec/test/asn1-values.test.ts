// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  ASN1_TAG,
  type Asn1Element,
  type CodecErrorCode,
  childrenOf,
  contentOf,
  parseDer,
  readBoolean,
  readNamedBits,
  readNull,
  readOid,
  readSmallInteger,
} from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

const der = (hex: string): Asn1Element => parseDer(fromHex(hex));

describe('childrenOf and contentOf', () => {
  it('take an element of the tag named', () => {
    expect(childrenOf(der('3002 0500'), ASN1_TAG.sequence)).toHaveLength(1);
    expect(contentOf(der('0401aa'), ASN1_TAG.octetString).toString('hex')).toBe('aa');
    expect(contentOf(der('8001aa'), 0x80).toString('hex')).toBe('aa');
  });
  it.each<[string, () => unknown]>([
    ['children of another tag', () => childrenOf(der('3100'), ASN1_TAG.sequence)],
    ['children of a primitive', () => childrenOf(der('0400'), ASN1_TAG.octetString)],
    ['children of nothing', () => childrenOf(undefined, ASN1_TAG.sequence)],
    ['contents of another tag', () => contentOf(der('0c0161'), ASN1_TAG.octetString)],
    ['contents of something constructed', () => contentOf(der('3000'), ASN1_TAG.sequence)],
    ['contents of nothing', () => contentOf(undefined, ASN1_TAG.octetString)],
  ])('refuse %s', (_what, work) => {
    expectRefusal('asn1_unexpected_tag', work);
  });
});

describe('readBoolean', () => {
  it('takes 00 and FF', () => {
    expect(readBoolean(der('010100'))).toBe(false);
    expect(readBoolean(der('0101ff'))).toBe(true);
  });
  it.each(['010101', '0100', '0102ffff'])('refuses %s', (hex) => {
    expectRefusal('asn1_invalid_boolean', () => readBoolean(der(hex)));
  });
});

describe('readSmallInteger', () => {
  it.each([
    ['020100', 0],
    ['02017f', 127],
    ['02020080', 128],
    ['02020105', 261],
    ['02027fff', 32_767],
    ['02047fffffff', 2 ** 31 - 1],
  ])('%s is %i', (hex, value) => expect(readSmallInteger(der(hex))).toBe(value));
  it.each([
    ['nothing', '0200'],
    ['a negative number', '0201ff'],
    ['-128', '020180'],
    ['a leading zero too many', '0202007f'],
    ['five octets', '02050080000000'],
  ])('refuses %s', (_what, hex) => {
    expectRefusal('asn1_invalid_integer', () => readSmallInteger(der(hex)));
  });
});

describe('readOid', () => {
  it.each([
    ['0603551d13', '2.5.29.19'],
    ['06092a864886f70d010703', '1.2.840.113549.1.7.3'],
    ['0609608648016503040201', '2.16.840.1.101.3.4.2.1'],
    ['060127', '0.39'],
    ['060128', '1.0'],
    ['0603883703', '2.999.3'],
    ['0604 55818001', '2.5.16385'],
    [`0640 2a${'01'.repeat(63)}`, `1.2${'.1'.repeat(63)}`],
    ['0608 55040087ffffff7f', '2.5.4.0.2147483647'],
  ])('%s is %s', (hex, oid) => expect(readOid(der(hex))).toBe(oid));
  it.each([
    ['nothing', '0600'],
    ['a subidentifier without end', '0602 5581'],
    ['a subidentifier that ends in 80', '0602 5580'],
    ['a longer subidentifier that ends in 80', '0603 558180'],
    ['a leading 80', '0603 558001'],
    ['an 80 before all', '0602 8001'],
    ['a subidentifier of 2^31', '0606 558880808000'],
    ['65 octets', `0641 ${'01'.repeat(65)}`],
  ])('refuses %s', (_what, hex) => {
    expectRefusal('asn1_invalid_oid', () => readOid(der(hex)));
  });
});

describe('readNamedBits', () => {
  it.each<[string, number[]]>([
    ['03020780', [0]],
    ['030206c0', [0, 1]],
    ['03020106', [5, 6]],
    ['03020186', [0, 5, 6]],
    ['030307 0080', [8]],
    ['030100', []],
    ['030500 00000001', [31]],
  ])('%s', (hex, bits) => expect([...readNamedBits(der(hex))]).toEqual(bits));
  it.each([
    ['no octet of unused bits', '0300'],
    ['eight unused bits', '03020880'],
    ['unused bits of nothing', '030107'],
    ['an unused bit that is set', '03020781'],
    ['a zero at the end', '03020080'],
    ['a zero octet at the end', '0303078000'],
    ['many octets', '030600ffffffffff'],
  ])('refuses %s', (_what, hex) => {
    expectRefusal('asn1_invalid_bit_string', () => readNamedBits(der(hex)));
  });
});

describe('readNull', () => {
  it('takes an empty one', () => expect(readNull(der('0500'))).toBeUndefined());
  it.each<[string, CodecErrorCode]>([
    ['050100', 'asn1_invalid_null'],
    ['0400', 'asn1_unexpected_tag'],
  ])('refuses %s', (hex, code) => expectRefusal(code, () => readNull(der(hex))));
});

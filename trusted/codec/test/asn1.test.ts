// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type CodecErrorCode, parseBer, parseDer } from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

describe('parseDer', () => {
  it('gives tag, contents, whole element and children, as views', () => {
    const input = fromHex('30 07 020105 0402 aabb');
    const sequence = parseDer(input);
    expect(sequence.tag).toBe(0x30);
    expect(sequence.bytes.equals(input)).toBe(true);
    expect(sequence.children?.map(({ tag, content }) => [tag, content.toString('hex')])).toEqual([
      [2, '05'],
      [4, 'aabb'],
    ]);
    expect(sequence.children?.[1]?.bytes.toString('hex')).toBe('0402aabb');
    expect(sequence.children?.[1]?.content.buffer).toBe(input.buffer);
    expect(sequence.children?.[0]?.children).toBeNull();
  });
  it('tells an empty constructed element from a primitive one', () => {
    expect(parseDer(fromHex('3000')).children).toEqual([]);
    expect(parseDer(fromHex('0400')).children).toBeNull();
  });
  it.each([
    [127, '7f'],
    [128, '8180'],
    [255, '81ff'],
    [256, '820100'],
    [65_535, '82ffff'],
    [65_536, '83010000'],
  ])('takes the shortest length: %i', (length, octets) => {
    const input = Buffer.concat([Buffer.of(4), fromHex(octets), Buffer.alloc(length)]);
    expect(parseDer(input).content).toHaveLength(length);
  });
  it.each<[string, string, CodecErrorCode]>([
    ['nothing', '', 'asn1_truncated'],
    ['a tag alone', '30', 'asn1_truncated'],
    ['a length cut short', '3082 01', 'asn1_truncated'],
    ['contents cut short', '0402 aa', 'asn1_truncated'],
    ['a child longer than its parent', '3003 0402 aa', 'asn1_truncated'],
    ['a child whose header leaves its parent', '3001 04', 'asn1_truncated'],
    ['a child whose length is its parent’s sibling', '3005 3001 04 8105', 'asn1_truncated'],
    ['a child whose length is its parent’s sibling, in one octet', '3004 3001 04 80', 'asn1_truncated'],
    ['4 GiB', '0484 ffffffff', 'asn1_truncated'],
    ['a length of five octets', '0485 0100000000', 'asn1_length_form'],
    ['a length of 127 octets', `04ff ${'01'.repeat(127)}`, 'asn1_length_form'],
    ['127 in the long form', `04817f ${'00'.repeat(127)}`, 'asn1_length_form'],
    ['a length with a leading zero', `04820080 ${'00'.repeat(128)}`, 'asn1_length_form'],
    ['zero in the long form', '048100', 'asn1_length_form'],
    ['an indefinite length', '3080 0000', 'asn1_indefinite_length'],
    ['a primitive of indefinite length', '0480 0000', 'asn1_indefinite_length'],
    ['a tag number of more octets', '3f1f00', 'asn1_tag_form'],
    ['end-of-contents', '0000', 'asn1_end_of_contents'],
    ['end-of-contents inside', '3002 0000', 'asn1_end_of_contents'],
    ['a byte too many', '0500 00', 'asn1_trailing_bytes'],
  ])('refuses %s', (_what, hex, code) => {
    expectRefusal(code, () => parseDer(fromHex(hex)));
  });
});

describe('parseBer', () => {
  it('takes indefinite lengths, nested and empty', () => {
    const element = parseBer(fromHex('3080 a080 0401aa 0000 3080 0000 0500 0000'));
    expect(element.children?.map(({ tag }) => tag)).toEqual([0xa0, 0x30, 5]);
    expect(element.children?.[0]?.children?.[0]?.content.toString('hex')).toBe('aa');
    expect(element.children?.[0]?.content.toString('hex')).toBe('0401aa');
    expect(element.children?.[0]?.bytes.toString('hex')).toBe('a0800401aa0000');
    expect(element.bytes).toHaveLength(17);
  });
  it('takes an indefinite length inside of a definite one', () => {
    expect(parseBer(fromHex('3006 3080 0500 0000')).children?.[0]?.children).toHaveLength(1);
  });
  it.each<[string, string, CodecErrorCode]>([
    ['an end that is missing', '3080 0500', 'asn1_truncated'],
    ['half an end', '3080 0500 00', 'asn1_truncated'],
    ['an end beyond the parent', '3004 3080 0500 0000', 'asn1_truncated'],
    ['an end with a length', '3080 0001 00 0000', 'asn1_end_of_contents'],
    ['a primitive of indefinite length', '3080 0480 0000 0000', 'asn1_indefinite_length'],
    ['an end in a definite length', '3002 0000', 'asn1_end_of_contents'],
    ['a length that is not shortest', '308100', 'asn1_length_form'],
    ['a second end', '3080 0000 0000', 'asn1_trailing_bytes'],
  ])('refuses %s', (_what, hex, code) => {
    expectRefusal(code, () => parseBer(fromHex(hex)));
  });
});

describe('limits', () => {
  const nested = (depth: number): Buffer => {
    let bytes = fromHex('0500');
    for (let level = 0; level < depth; level += 1)
      bytes = Buffer.concat([Buffer.of(0x30, bytes.length), bytes]);
    return bytes;
  };
  it('of depth count constructed elements', () => {
    expect(parseDer(nested(16))).toBeDefined();
    expectRefusal('asn1_too_deep', () => parseDer(nested(17)));
    expectRefusal('asn1_too_deep', () => parseDer(nested(1), { maxDepth: 0 }));
    expectRefusal('asn1_too_deep', () => parseBer(Buffer.from('3080'.repeat(5000), 'hex')));
  });
  it('of items count every element', () => {
    expect(parseDer(fromHex('3004 0500 0500'), { maxItems: 3 })).toBeDefined();
    expectRefusal('asn1_too_many_items', () => parseDer(fromHex('3004 0500 0500'), { maxItems: 2 }));
  });
  it('of length are met first', () => {
    expect(parseDer(fromHex('0400'), { maxBytes: 2 })).toBeDefined();
    expectRefusal('asn1_too_large', () => parseDer(fromHex('ffffff'), { maxBytes: 2 }));
  });
});

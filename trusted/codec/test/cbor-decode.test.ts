// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type CodecErrorCode,
  type DecodedCbor,
  decodeCanonicalCbor,
  decodeCbor,
  MAX_MAP_ENTRIES,
} from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

const decodeHex = (hex: string): DecodedCbor => decodeCbor(fromHex(hex));

describe('integers', () => {
  it.each<[string, string, number | bigint]>([
    ['2^53-1', '1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['2^53', '1b0020000000000000', 2n ** 53n],
    ['-(2^53-1)', '3b001ffffffffffffe', -Number.MAX_SAFE_INTEGER],
    ['-2^53', '3b001fffffffffffff', -(2n ** 53n)],
    ['-2^53-1', '3b0020000000000000', -(2n ** 53n) - 1n],
    ['2^32-1', '1affffffff', 2 ** 32 - 1],
    ['2^32', '1b0000000100000000', 2 ** 32],
  ])('%s', (_name, hex, value) => {
    expect(decodeHex(hex)).toBe(value);
  });

  it.each([
    '1817',
    '190017',
    '1900ff',
    '1a0000ffff',
    '1b00000000ffffffff',
    '3817',
    '3900ff',
    '5800',
    '7801 61',
    '9800',
    'b800',
  ])('are refused in a longer form than need be: %s', (hex) =>
    expectRefusal('cbor_not_shortest', () => decodeHex(hex)),
  );
});

describe('strings', () => {
  it('of bytes are views of the input, at the right place also in a view', () => {
    const whole = fromHex('ffff 43 010203 ff');
    const bytes = decodeCbor(whole.subarray(2, 6));
    expect(bytes).toEqual(Buffer.of(1, 2, 3));
    expect((bytes as Buffer).buffer).toBe(whole.buffer);
    whole[3] = 9;
    expect(bytes).toEqual(Buffer.of(9, 2, 3));
  });
  it('of bytes come as Buffers from a plain Uint8Array', () => {
    expect(Buffer.isBuffer(decodeCbor(new Uint8Array([0x41, 7])))).toBe(true);
  });
  it('keep a byte order mark and a zero', () => {
    expect(decodeHex('64 efbbbf61')).toBe('\ufeffa');
    expect(decodeHex('61 00')).toBe('\0');
  });
  it.each([
    '61ff',
    '62c328',
    '63edA080',
    '62c080',
    '64f5808080',
    '61c3',
    '63e28228',
    '64f4908080',
    '63efbf'.concat('00'),
  ])('are refused where they are no UTF-8: %s', (hex) =>
    expectRefusal('cbor_invalid_utf8', () => decodeHex(hex)),
  );
});

describe('maps', () => {
  it('take any text for a key, as a key and nothing else', () => {
    const decoded = decodeHex('a2 69 5f5f70726f746f5f5f 01 6b 636f6e7374727563746f72 02') as ReadonlyMap<
      string,
      unknown
    >;
    expect([...decoded]).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    expect(Object.getPrototypeOf(decoded)).toBe(Map.prototype);
  });
  it('keep the order of the input', () => {
    expect([...(decodeHex('a3 6162 01 6161 02 03 03') as ReadonlyMap<string, unknown>).keys()]).toEqual([
      'b',
      'a',
      3,
    ]);
  });
  it('hold 1 and "1" apart', () => {
    expect(decodeHex('a2 01 01 6131 02')).toEqual(
      new Map<string | number, number>([
        [1, 1],
        ['1', 2],
      ]),
    );
  });
  it.each<[string, string, CodecErrorCode]>([
    ['a number twice', 'a2 01 01 01 02', 'cbor_duplicate_key'],
    ['a text twice', 'a3 6161 01 6162 02 6161 03', 'cbor_duplicate_key'],
    ['bytes for a key', 'a1 4161 01', 'cbor_key_type'],
    ['bytes for a key, before their length', 'a1 42 00', 'cbor_key_type'],
    ['an array for a key, before what is in it', 'a1 81 c0', 'cbor_key_type'],
    ['a map for a key, before what is in it', 'a1 a1 c0 00', 'cbor_key_type'],
    ['an array for a key', 'a1 80 01', 'cbor_key_type'],
    ['a map for a key', 'a1 a0 01', 'cbor_key_type'],
    ['true for a key', 'a1 f5 01', 'cbor_key_type'],
    ['null for a key', 'a1 f6 01', 'cbor_key_type'],
    ['2^53 for a key', 'a1 1b0020000000000000 01', 'cbor_key_type'],
    ['a tag for a key', 'a1 c0 01', 'cbor_tag'],
    ['a float for a key', 'a1 f90000 01', 'cbor_float'],
    ['a key that is not shortest', 'a1 1801 01', 'cbor_not_shortest'],
  ])('are refused with %s', (_what, hex, code) => {
    expectRefusal(code, () => decodeHex(hex));
  });
});

describe('the canonical form', () => {
  it.each([
    'a2 01 00 02 00',
    'a2 17 00 1818 00',
    'a3 0a 00 20 00 6161 00',
    'a2 6162 00 626161 00',
    'a2 60 00 6100 00',
  ])('takes keys in bytewise order of their encodings: %s', (hex) => {
    expect(decodeCanonicalCbor(fromHex(hex))).toBeInstanceOf(Map);
  });
  it.each([
    'a2 02 00 01 00',
    'a2 1818 00 17 00',
    'a2 20 00 0a 00',
    'a2 6161 00 20 00',
    'a2 626161 00 6162 00',
    '81 a2 02 00 01 00',
  ])('refuses others: %s', (hex) => {
    expect(decodeHex(hex)).toBeDefined();
    expectRefusal('cbor_key_order', () => decodeCanonicalCbor(fromHex(hex)));
  });
  it('says of a repeated key that it is repeated', () => {
    expectRefusal('cbor_duplicate_key', () => decodeCanonicalCbor(fromHex('a2 01 00 01 00')));
  });
});

describe('the end', () => {
  it.each(['0000', 'f6f6', '8000', '4100 00', 'a000'])('must be the end of the input: %s', (hex) => {
    expectRefusal('cbor_trailing_bytes', () => decodeHex(hex));
  });
});

describe('limits', () => {
  it('of length are met before anything is read', () => {
    expect(decodeCbor(fromHex('4401020304'), { maxBytes: 5 })).toHaveLength(4);
    expectRefusal('cbor_too_large', () => decodeCbor(fromHex('ffffffffffff'), { maxBytes: 5 }));
  });
  it('of depth count containers', () => {
    const nested = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x81), Buffer.of(0)]);
    expect(decodeCbor(nested(16))).toBeDefined();
    expectRefusal('cbor_too_deep', () => decodeCbor(nested(17)));
    expect(decodeCbor(Buffer.of(0), { maxDepth: 0 })).toBe(0);
    expectRefusal('cbor_too_deep', () => decodeCbor(Buffer.of(0x80), { maxDepth: 0 }));
    expectRefusal('cbor_too_deep', () => decodeCbor(fromHex('a1 00 a0'), { maxDepth: 1 }));
  });
  it('of items count containers, keys and values', () => {
    expect(decodeCbor(fromHex('82 a1 00 00 40'), { maxItems: 5 })).toBeDefined();
    expectRefusal('cbor_too_many_items', () => decodeCbor(fromHex('82 a1 00 00 40'), { maxItems: 4 }));
    expect(decodeCbor(fromHex('820000'), { maxItems: 3 })).toBeDefined();
    expectRefusal('cbor_too_many_items', () => decodeCbor(Buffer.of(0), { maxItems: 0 }));
  });
  it('of items are seen from a declared count, before an item is read', () => {
    const undecodable = Buffer.concat([fromHex('99 ffff'), Buffer.alloc(65_535, 0xff)]);
    expectRefusal('cbor_too_many_items', () => decodeCbor(undecodable));
  });
  it('of entries hold for each map', () => {
    const map = (count: number): Buffer => {
      const bytes = Buffer.alloc(3 + 6 * count);
      bytes[0] = 0xb9;
      bytes.writeUInt16BE(count, 1);
      for (let index = 0; index < count; index += 1) {
        bytes[3 + 6 * index] = 0x1a;
        bytes.writeUInt32BE(0x10000 + index, 4 + 6 * index);
      }
      return bytes;
    };
    expect((decodeCbor(map(MAX_MAP_ENTRIES)) as ReadonlyMap<number, unknown>).size).toBe(MAX_MAP_ENTRIES);
    expectRefusal('cbor_too_many_items', () => decodeCbor(map(MAX_MAP_ENTRIES + 1)));
  });
});

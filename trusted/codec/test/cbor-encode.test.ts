// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCanonicalCbor, encodeCbor } from '../src/index.ts';
import { codeOf, expectRefusal } from './support.ts';

const hexOf = (value: CborValue): string => encodeCbor(value).toString('hex');

describe('deterministic encoding (RFC 8949 section 4.2.1)', () => {
  it("orders keys as the RFC's own example does, as far as its keys are taken here", () => {
    const map = new Map<string | number, CborValue>(['aa', -1, 100, 'z', 10].map((key) => [key, null]));
    // 10 (0a), 100 (1864), -1 (20), "z" (617a), "aa" (626161)
    expect(hexOf(map)).toBe('a50af61864f620f6617af6626161f6');
  });
  it('orders keys by their bytes, and not by UTF-16: a surrogate is above U+E000', () => {
    // ee8080 61 and f0908080: four bytes each.
    const map = new Map(['\u{10000}', '\ue000a', 'aaab', 'aaaa'].map((key) => [key, null]));
    expect(hexOf(map)).toBe('a46461616161f66461616162f664ee808061f664f0908080f6');
  });
  it('orders any keys as their encodings are ordered', () => {
    const key = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', '\u00e9', '\u07ff', '\ue000', '\uffff', '\u{10000}') }),
      fc.integer({ min: -300, max: 300 }),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 12, selector: (one) => hexOf(one) }), (keys) => {
        const encoded = keys.map((one) => encodeCbor(one)).sort((a, b) => a.compare(b));
        const members = encoded.flatMap((bytes) => [bytes, Buffer.of(0xf6)]);
        expect(encodeCbor(new Map(keys.map((one) => [one, null]))).subarray(1)).toEqual(
          Buffer.concat(members),
        );
      }),
      { numRuns: 500 },
    );
  });
  it('is the same whatever the order of insertion', () => {
    const keys = ['b', 'a', 'aa', '', 'B', 1, -1, 1000, 24];
    fc.assert(
      fc.property(fc.shuffledSubarray(keys, { minLength: keys.length }), (shuffled) => {
        expect(hexOf(new Map(shuffled.map((key) => [key, 0])))).toBe(
          hexOf(new Map(keys.map((key) => [key, 0]))),
        );
      }),
    );
  });
  it('does not tell a bigint from a number of the same value', () => {
    expect(hexOf(5n)).toBe(hexOf(5));
    expect(hexOf(-1n)).toBe(hexOf(-1));
    expect(hexOf(2n ** 53n)).toBe('1b0020000000000000');
  });
  it.each<[CborValue, string]>([
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [2 ** 32 - 1, '1affffffff'],
    [2 ** 32, '1b0000000100000000'],
    [-256, '38ff'],
    [-257, '390100'],
    [Buffer.alloc(24, 1), `5818${'01'.repeat(24)}`],
    [Buffer.alloc(256, 1), `590100${'01'.repeat(256)}`],
  ])('takes the shortest head: %s', (value, hex) => expect(hexOf(value)).toBe(hex));
  it('writes -0 as 0', () => expect(hexOf(-0)).toBe('00'));
  it('takes any Uint8Array, and copies it', () => {
    const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const encoded = encodeCbor(bytes);
    bytes.fill(0);
    expect(encoded.toString('hex')).toBe('420203');
  });
});

describe('refusals', () => {
  const wrong = (value: unknown): CborValue => value as CborValue;
  it.each<[string, CborValue]>([
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['an unsafe number', 2 ** 53],
    ['an integer of 65 bits', 2n ** 64n],
    ['a negative integer of 65 bits', -(2n ** 64n) - 1n],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a key', new Map([['\udc00', 1]])],
    ['undefined', wrong(undefined)],
    ['undefined in an array', [wrong(undefined)]],
    ['a plain object', wrong({ a: 1 })],
    ['a function', wrong(() => 1)],
    ['a symbol', wrong(Symbol('s'))],
    ['a Date', wrong(new Date(0))],
    ['a Set', wrong(new Set([1]))],
    ['a bigint for a key', wrong(new Map([[1n, 1]]))],
    ['bytes for a key', wrong(new Map([[Buffer.of(1), 1]]))],
    ['a fraction for a key', new Map([[0.5, 1]])],
  ])('%s', (_what, value) => {
    expectRefusal('cbor_unencodable', () => encodeCbor(value));
  });

  it.each([1, 3])('a value that is another one when it is looked at again', (later) => {
    let looks = 0;
    class Changing extends Array<number> {
      override *[Symbol.iterator](): ArrayIterator<number> {
        looks += 1;
        for (let n = 0; n < (looks === 1 ? 2 : later); n++) yield n;
      }
    }
    expectRefusal('cbor_unencodable', () => encodeCbor(new Changing(2)));
  });

  it('nesting that the decoder would refuse, and cycles', () => {
    const nested = (depth: number): CborValue => (depth === 0 ? 0 : [nested(depth - 1)]);
    expect(codeOf(() => encodeCbor(nested(16)))).toBeNull();
    expectRefusal('cbor_too_deep', () => encodeCbor(nested(17)));
    const cycle: CborValue[] = [];
    cycle.push(cycle);
    expectRefusal('cbor_too_deep', () => encodeCbor(cycle));
    const map = new Map<string, CborValue>();
    map.set('self', map);
    expectRefusal('cbor_too_deep', () => encodeCbor(map));
  });
});

describe('round trip', () => {
  const text = fc.string({ unit: 'binary' });
  const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 6 },
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
      text,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 6 }),
      fc
        .array(fc.tuple(fc.oneof(text, fc.maxSafeInteger()), tie('value')), { maxLength: 6 })
        .map((entries) => new Map(entries)),
    ),
  }));
  /** A bigint that is safe comes back as a number, -0 as 0, a map's entries in canonical order, which toEqual ignores. */
  const normal = (given: CborValue): CborValue => {
    if (typeof given === 'bigint')
      return Number.isSafeInteger(Number(given)) && BigInt(Number(given)) === given ? Number(given) : given;
    if (typeof given === 'number') return given + 0;
    if (Array.isArray(given)) return given.map(normal);
    if (given instanceof Map)
      return new Map(
        [...given].map(([key, inner]) => [typeof key === 'number' ? key + 0 : key, normal(inner)]),
      );
    return given;
  };

  it('decode(encode(x)) is x', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeCanonicalCbor(encodeCbor(given))).toEqual(normal(given));
      }),
      { numRuns: 500 },
    );
  });
  it('encode(decode(y)) is y, for every y that the canonical decoder takes', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), (given, position, octet) => {
        const bytes = encodeCbor(given);
        bytes[position % bytes.length] = octet;
        if (codeOf(() => decodeCanonicalCbor(bytes)) === null) {
          expect(encodeCbor(decodeCanonicalCbor(bytes)).equals(bytes)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

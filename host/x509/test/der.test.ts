// SPDX-License-Identifier: Apache-2.0
/** The writer held against the strict reader of trusted/codec, and against encodings written out by hand. */
import {
  parseBer,
  parseDer,
  readBoolean,
  readNamedBits,
  readOid,
  readSmallInteger,
} from '@enclave-vault/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  berIndefinite,
  der,
  derBitString,
  derBoolean,
  derContext,
  derContextPrimitive,
  derInteger,
  derNamedBits,
  derNull,
  derOid,
  derSequence,
  derSetOf,
  derTime,
  encodeName,
} from '../src/index.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('elements', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216])(
    'have the shortest length: %i',
    (length) => {
      const content = Buffer.alloc(length, 1);
      expect(parseDer(der(4, content), { maxBytes: 2 ** 25 }).content.equals(content)).toBe(true);
    },
  );
  it('nest, definite and indefinite', () => {
    expect(
      hex(derSequence(derNull(), derContext(0, derBoolean(true)), derContextPrimitive(1, Buffer.of(7)))),
    ).toBe('300a0500a0030101ff810107');
    const indefinite = berIndefinite(0x30, berIndefinite(0xa0), derNull());
    expect(hex(indefinite)).toBe('3080a080000005000000');
    expect(parseBer(indefinite).children).toHaveLength(2);
  });
  it('of a set are sorted', () => {
    expect(hex(derSetOf(derInteger(300), derInteger(2), derInteger(1)))).toBe('310a0201010201020202012c');
  });
});

describe('values', () => {
  it('integers are what the reader reads', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (value) => readSmallInteger(parseDer(derInteger(value))) === value),
    );
  });
  it('integers of a magnitude are positive and shortest', () => {
    expect(hex(derInteger(Buffer.from('00008000', 'hex')))).toBe('0203008000');
    expect(hex(derInteger(Buffer.from('0000', 'hex')))).toBe('020100');
    expect(hex(derInteger(Buffer.alloc(0)))).toBe('020100');
  });
  it('object identifiers are what the reader reads', () => {
    const arc = fc.nat(2 ** 31 - 1);
    fc.assert(
      fc.property(
        fc.constantFrom('0.9', '1.2', '2.5', '2.999'),
        fc.array(arc, { maxLength: 8 }),
        (start, rest) => {
          const dotted = [start, ...rest].join('.');
          expect(readOid(parseDer(derOid(dotted)))).toBe(dotted);
        },
      ),
    );
  });
  it.each(['', '1', 'a.b', '1.2.x'])('an object identifier is not %j', (dotted) => {
    expect(() => derOid(dotted)).toThrow(expect.objectContaining({ code: 'invalid_oid' }));
  });
  it('named bits are what the reader reads', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(15)), (bits) => {
        expect(readNamedBits(parseDer(derNamedBits(bits)))).toEqual(new Set(bits));
      }),
    );
    expect(hex(derNamedBits([5]))).toBe('03020204');
    expect(hex(derNamedBits([]))).toBe('030100');
  });
  it('bit strings of octets have no unused bits', () =>
    expect(hex(derBitString(Buffer.of(1, 2)))).toBe('0303000102'));
  it('booleans', () =>
    expect([true, false].map((value) => readBoolean(parseDer(derBoolean(value))))).toEqual([true, false]));
  it.each([
    [Date.UTC(1999, 11, 31, 23, 59, 59), '170d3939313233313233353935395a'],
    [Date.UTC(2049, 11, 31, 23, 59, 59, 999), '170d3439313233313233353935395a'],
    [Date.UTC(2050, 0, 1), '180f32303530303130313030303030305a'],
  ])('time %i', (time, encoded) => expect(hex(derTime(time))).toBe(encoded));
  it.each([Number.NaN, Date.UTC(1949, 0, 1), 1e18])('a time is not %d', (time) => {
    expect(() => derTime(time)).toThrow(expect.objectContaining({ code: 'invalid_time' }));
  });
});

describe('names', () => {
  it('are sequences of one attribute each, countries printable', () => {
    expect(
      hex(
        encodeName([
          ['C', 'US'],
          ['CN', 'é'],
        ]),
      ),
    ).toBe('301a310b3009060355040613025553310b300906035504030c02c3a9');
  });
  it('are a common name where they are plain text', () => {
    expect(encodeName('x').equals(encodeName([['CN', 'x']]))).toBe(true);
  });
  it('have no lone surrogates', () => {
    expect(() => encodeName('\ud800')).toThrow(expect.objectContaining({ code: 'invalid_name' }));
  });
});

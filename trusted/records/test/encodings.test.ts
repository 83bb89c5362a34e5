// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode3, parseSealed } from '../src/encodings.ts';
import { encodingOf } from '../src/index.ts';
import { expectCode, NAMED, utf8 } from './support.ts';

test.each([
  ['', 1],
  ['04ab#cd', 1],
  [Buffer.from([4]), 2],
  [Buffer.from([3]), 3],
  [new Uint8Array([3, 4]), 3],
] as const)('encodingOf case %#', (value, encoding) => expect(encodingOf(value)).toBe(encoding));

test('bytes that begin otherwise announce nothing', () => {
  expectCode('unknown_encoding', () => encodingOf(Buffer.alloc(0)));
  for (let first = 0; first < 256; first++) {
    if (first !== 3 && first !== 4) expectCode('unknown_encoding', () => encodingOf(Buffer.from([first])));
  }
});

describe.each(NAMED)('taking apart, %s', (_, suite) => {
  const enc = Buffer.concat([Buffer.from([4]), Buffer.alloc(suite.encLength - 1, 0xab)]);
  const ciphertext = Buffer.alloc(40, 0xcd);
  const max = Buffer.alloc(64 * 1024 + 32 + 16, 1);
  const hexValue = (tail: Uint8Array): string =>
    `${enc.toString('hex')}#${Buffer.from(tail).toString('hex')}`;

  test('encoding 3: marker, u16, enc, ciphertext', () => {
    const value = encode3(0x0102, enc, ciphertext);
    expect(value).toEqual(Buffer.concat([Buffer.from([3, 1, 2]), enc, ciphertext]));
    expect(parseSealed(suite, value)).toEqual({ encoding: 3, seq: 0x0102, enc, ciphertext });
  });

  test('encodings 1 and 2 are one message of sequence number 0', () => {
    expect(parseSealed(suite, Buffer.concat([enc, ciphertext]))).toEqual({
      encoding: 2,
      seq: 0,
      enc,
      ciphertext,
    });
    const lower = hexValue(ciphertext);
    expect(parseSealed(suite, lower)).toEqual({ encoding: 1, seq: 0, enc, ciphertext });
    expect(parseSealed(suite, lower.toUpperCase())).toEqual({ encoding: 1, seq: 0, enc, ciphertext });
  });

  test('the longest value passes, one byte more does not', () => {
    const more = Buffer.concat([max, Buffer.from([0])]);
    for (const build of [
      (tail: Buffer) => encode3(0, enc, tail),
      (tail: Buffer) => Buffer.concat([enc, tail]),
      (tail: Buffer) => hexValue(tail),
    ]) {
      expect(parseSealed(suite, build(max))?.ciphertext.length).toBe(max.length);
      expect(parseSealed(suite, build(more))).toBeUndefined();
    }
  });

  test('shorter than enc and a tag: refused', () => {
    const tag = Buffer.alloc(16);
    for (const whole of [encode3(0, enc, tag), Buffer.concat([enc, tag])]) {
      expect(parseSealed(suite, whole)).toBeDefined();
      for (let length = 0; length < whole.length; length++) {
        expect(parseSealed(suite, whole.subarray(0, length))).toBeUndefined();
      }
    }
    const text = hexValue(tag);
    expect(parseSealed(suite, text)).toBeDefined();
    for (let length = 0; length < text.length; length++) {
      expect(parseSealed(suite, text.slice(0, length))).toBeUndefined();
    }
  });

  test.each([
    ['no separator', `${enc.toString('hex')}${ciphertext.toString('hex')}`],
    ['another separator', hexValue(ciphertext).replace('#', '/')],
    ['two separators', `${hexValue(ciphertext)}#`],
    ['separator elsewhere', `#${enc.toString('hex')}${ciphertext.toString('hex')}`],
    ['no hex digit in enc', hexValue(ciphertext).replace('ab', 'ag')],
    ['no hex digit in the ciphertext', `${hexValue(ciphertext).slice(0, -1)}x`],
    ['an odd digit', hexValue(ciphertext).slice(0, -1)],
    ['a space', ` ${hexValue(ciphertext)}`],
    ['a newline', `${hexValue(ciphertext)}\n`],
    ['a look-alike digit', `${hexValue(ciphertext).slice(0, -2)}１１`],
  ])('encoding 1 refused: %s', (_name, value) => expect(parseSealed(suite, value)).toBeUndefined());

  test('no input makes it throw', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 400 }));
    fc.assert(
      fc.property(any, (value) => {
        const parsed = parseSealed(suite, value);
        if (parsed !== undefined) expect(parsed.enc.length).toBe(suite.encLength);
      }),
      { numRuns: 200 },
    );
    expect(parseSealed(suite, utf8('{"json":true}'))).toBeUndefined();
  });
});

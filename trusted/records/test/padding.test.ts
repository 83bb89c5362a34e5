// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pad, unpad } from '../src/padding.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 120 });

test('what was padded comes back, in the next multiple of 32', () => {
  fc.assert(
    fc.property(text, (value) => {
      const padded = pad(value);
      const length = Buffer.byteLength(value);
      expect(padded.length % 32).toBe(0);
      expect(padded.length - length).toBeGreaterThanOrEqual(1);
      expect(padded.length - length).toBeLessThanOrEqual(32);
      expect(unpad(padded)?.toString('utf8')).toBe(value);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['', 32],
  ['a'.repeat(31), 32],
  ['a'.repeat(32), 64],
  ['a'.repeat(33), 64],
  ['é'.repeat(16), 64],
])('%j is padded to %i bytes', (value, length) => expect(pad(value).length).toBe(length));

test('two values of one bucket have the same length', () => {
  expect(pad('"a"').length).toBe(pad('"a much longer value."').length);
});

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

test.each([
  ['nothing', bytes()],
  ['no multiple of 32', bytes('a', [0x80], zeros(29))],
  ['one byte more', bytes('a', [0x80], zeros(31))],
  ['zeros alone', bytes(zeros(32))],
  ['no marker', bytes('a'.repeat(32))],
  ['another marker', bytes('a', [0x81], zeros(30))],
  ['something behind the marker', bytes('a', [0x80], zeros(29), [1])],
  ['a whole block too much', bytes('a', [0x80], zeros(30), zeros(32))],
  ['the marker one byte before the last block', bytes('a'.repeat(31), [0x80], zeros(32))],
])('refused: %s', (_, padded) => expect(unpad(padded)).toBeUndefined());

test('a value that ends like padding keeps its end', () => {
  const value = 'a\0\0';
  expect(unpad(pad(value))?.toString()).toBe(value);
  expect(unpad(bytes('a', [0x80, 0, 0x80], zeros(28)))).toEqual(bytes('a', [0x80, 0]));
});

test('padding stands in memory of its own, so that zeroing it touches nothing else', () => {
  const padded = pad('"secret"');
  expect(padded.buffer.byteLength).toBe(padded.length);
});

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Line, LineSplitter } from '../../src/http/lines.ts';

const LIMIT = 12;
const split = (chunks: readonly Uint8Array[], limit = LIMIT): Line[] => {
  const splitter = new LineSplitter(limit);
  const lines = chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))].map(own));
  return [...lines, ...[...splitter.end()].map(own)];
};
/** A line is good until the next chunk is given. */
const own = (line: Line): Line => (line === 'too_long' ? line : Buffer.from(line));

/** What the lines of a text are, said otherwise. */
function expected(bytes: Buffer): Line[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => line.length > LIMIT || /[^ \t\r]/.test(line))
    .map((line) => (line.length > LIMIT ? 'too_long' : Buffer.from(line, 'latin1')));
}

const byte = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(0x0a, 0x0d, 0x20, 0x09) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 255 }) },
);
const texts = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 });
const chunked = (text: Buffer, at: readonly number[]): Buffer[] => {
  const ends = [...at, text.length].filter((end) => end <= text.length).sort((a, b) => a - b);
  return ends.map((end, n) => text.subarray(ends[n - 1] ?? 0, end));
};

test('however a text is cut into chunks, its lines are the same', () => {
  fc.assert(
    fc.property(texts, cuts, (text, at) => {
      expect(split(chunked(text, at))).toEqual(expected(text));
      expect(split([...text].map((one) => Buffer.of(one)))).toEqual(expected(text));
    }),
    { numRuns: 500 },
  );
});

describe('a line', () => {
  const line = (length: number) => Buffer.from('x'.repeat(length));
  test('may be as long as the limit, and no longer', () => {
    expect(split([line(LIMIT)])).toEqual([line(LIMIT)]);
    expect(split([line(LIMIT), Buffer.from('\ny')])).toEqual([line(LIMIT), Buffer.from('y')]);
    expect(split([line(LIMIT + 1)])).toEqual(['too_long']);
    expect(split([line(LIMIT), Buffer.from('x'), Buffer.from('x\ny')])).toEqual([
      'too_long',
      Buffer.from('y'),
    ]);
  });

  test('that is too long is told of once, as soon as it is, and the next one counts anew', () => {
    const splitter = new LineSplitter(LIMIT);
    expect([...splitter.push(line(LIMIT))]).toEqual([]);
    expect([...splitter.push(line(1))]).toEqual(['too_long']);
    for (let n = 0; n < 10; n += 1) expect([...splitter.push(line(1_000))]).toEqual([]);
    expect([...splitter.push(Buffer.from('x\nab\n'))].map(String)).toEqual(['ab']);
    expect([...splitter.end()]).toEqual([]);
  });

  test('of blanks alone is none, and one with blanks about it keeps them', () => {
    expect(split([Buffer.from('\n\r\n  \n\t\n x \r\n\n')]).map(String)).toEqual([' x \r']);
    expect(split([Buffer.from(' ')])).toEqual([]);
    expect(split([Buffer.from(' '.repeat(LIMIT + 1))])).toEqual(['too_long']);
  });

  test('that comes byte by byte costs no more than its bytes, twice', () => {
    const limit = 1024 * 1024;
    const splitter = new LineSplitter(limit);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let n = 0; n < limit; n += 1) {
      for (const _ of splitter.push(Buffer.of(0x78))) throw new Error('there is no line yet');
      if (n % 65_536 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect([...splitter.end()].map((one) => one.length)).toEqual([limit]);
    // What was outgrown may still lie about; a buffer for each byte would be a hundred times as much.
    expect(most).toBeLessThan(8 * limit);
  });
});

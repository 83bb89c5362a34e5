// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Line, LineSplitter } from '../../src/http/lines.ts';

const LIMIT = 12;
const split = (chunks: readonly Uint8Array[], mostBlank?: number): Line[] => {
  const splitter = new LineSplitter(LIMIT, mostBlank);
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

describe('blank lines', () => {
  test('cost no more than a look at their bytes', () => {
    const splitter = new LineSplitter(LIMIT, Number.POSITIVE_INFINITY);
    for (const blank of ['\n', '\r\n', ' \t\n']) {
      const chunk = Buffer.from(`${blank.repeat(65_536)}x\n`);
      const cutting = vi.spyOn(chunk, 'subarray');
      expect([...splitter.push(chunk)].map(String)).toEqual(['x']);
      expect(cutting).toHaveBeenCalledTimes(1);
    }
  });

  test('may be a thousand in a row, however they come; one more is the end, and what came before it was told', () => {
    const thousand = Buffer.from('\n \r\n'.repeat(500));
    const x = Buffer.from('x\n');
    expect(split([thousand, x, thousand, x, thousand]).map(String)).toEqual(['x', 'x']);
    expect(split([...thousand].map((one) => Buffer.of(one)))).toEqual([]);
    const tooMany = expect.objectContaining({ name: 'ApiError', code: 'json_invalid' });
    for (const last of ['\n', ' \n', '\r\nx'])
      expect(() => split([thousand, Buffer.from(last)])).toThrow(tooMany);
    const splitter = new LineSplitter(LIMIT);
    const lines = splitter.push(Buffer.concat([x, thousand, Buffer.from('\n')]));
    expect(lines.next()).toEqual({ done: false, value: Buffer.from('x') });
    expect(() => lines.next()).toThrow(tooMany);
  });

  test('are counted since the last line, wherever chunks end', () => {
    const most = 3;
    const mostlyBlank = fc
      .array(fc.constantFrom('\n', '\n', '\r\n', ' ', 'x', 'x\n', '\t'.repeat(LIMIT)), { maxLength: 40 })
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(
      fc.property(mostlyBlank, cuts, (text, at) => {
        // What stands behind the last LF is no line yet.
        const whole = text.toString('latin1').split('\n').slice(0, -1);
        let row = 0;
        const tooMany = whole.some((line) => {
          row = line.length > LIMIT || /[^ \t\r]/.test(line) ? 0 : row + 1;
          return row > most;
        });
        for (const chunks of [chunked(text, at), [...text].map((one) => Buffer.of(one))]) {
          if (tooMany) expect(() => split(chunks, most)).toThrow();
          else expect(split(chunks, most)).toEqual(expected(text));
        }
      }),
      { numRuns: 500 },
    );
  });
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

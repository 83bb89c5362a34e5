// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { references } from '../src/references.ts';
import { hasMoreTokens } from '../src/tokens.ts';

/** How many there are, by asking. */
function tokens(source: string): number {
  let most = 0;
  while (hasMoreTokens(source, most)) most += 1;
  return most;
}

describe('tokens', () => {
  it.each([
    ['', 0],
    ['dob', 1],
    ['record.dob == "1985-12-10"', 6],
    ['size([1, 2.5, x]) >= 0x1F', 15],
    [`"a + b 'c' \\" d"`, 1],
    [`'''a "b" ''' + b"""c'd'"""`, 3],
    [`r'\\' + br"\\" + R'a'`, 5],
    [`bar'x' + y`, 4],
    ['"" + \'\'', 3],
    ['a &&\t!b\n', 5],
    ['"no end + a + b', 0],
    ['a + """no end" + b', 2],
    [`a + 'no end\n' + b`, 2],
    ['ä😀', 2],
  ])('%s: %i', (source, count) => {
    expect(tokens(source)).toBe(count);
  });

  it('are counted in a moment, whatever the source', () => {
    const parts = ['"', "'", '\\', 'r', 'b', '\n', 'a', '+', '"""', "'''", ' '].map((part) =>
      fc.constant(part),
    );
    const unit = fc.array(fc.oneof(...parts), { minLength: 1, maxLength: 8 }).map((some) => some.join(''));
    fc.assert(
      fc.property(unit, (some) => {
        const source = some.repeat(10_240 / some.length);
        const began = process.threadCpuUsage().user;
        hasMoreTokens(source, Number.POSITIVE_INFINITY);
        // Of processor time some 0.5 ms; a scan that begins anew at each quote takes 100 and more.
        expect(process.threadCpuUsage().user - began).toBeLessThan(60_000);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an expression', () => {
  it('with a thousand values, or of 10 KiB of text, is not of too many', () => {
    const values = Array.from({ length: 1_000 }, (_, n) => `"${n}"`);
    expect([...references(`city in [${values.join()}]`).fields]).toEqual(['city']);
    expect([...references(`city == "${'a, b. '.repeat(1_700)}"`).fields]).toEqual(['city']);
    expect([...references(`city == r'${'a\\ "b" '.repeat(1_200)}'`).fields]).toEqual(['city']);
  });
});

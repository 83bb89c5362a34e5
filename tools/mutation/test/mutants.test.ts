// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { keyOf, mutantsOf, type Report } from '../mutants.ts';

const SOURCE = ['if (a > 1) go();', 'const x = {', '  a: 1,', '};', '  if (a > 1) go();', 'b(a > 1, a > 1);'];

type Place = readonly [line: number, column: number];

function reported(source: readonly string[], ...places: readonly (readonly [Place, Place])[]): Report {
  const mutants = places.map(([[line, column], [endLine, endColumn]]) => ({
    mutatorName: 'Any',
    replacement: 'true',
    status: 'Survived',
    location: { start: { line, column }, end: { line: endLine, column: endColumn } },
  }));
  return { files: { 'a.ts': { source: source.join('\n'), mutants } } };
}

const first = (report: Report) => {
  const [mutant] = mutantsOf(report);
  if (mutant === undefined) throw new Error('no mutant');
  return mutant;
};

describe('a mutant', () => {
  test('is named by its text and its line', () => {
    expect(
      first(
        reported(SOURCE, [
          [1, 5],
          [1, 10],
        ]),
      ),
    ).toEqual({
      file: 'a.ts',
      operator: 'Any',
      original: 'a > 1',
      replacement: 'true',
      line: 'if (a > 1) go();',
      status: 'Survived',
      at: 1,
    });
  });

  test('of several lines is one text', () => {
    const mutant = first(
      reported(SOURCE, [
        [2, 11],
        [4, 2],
      ]),
    );
    expect(mutant).toMatchObject({ original: '{ a: 1, }', line: 'const x = {' });
  });

  test('at a place that is none has no text, and is not looked for for ever', () => {
    const mutant = first(
      reported(SOURCE, [
        [1, 10],
        [1, 5],
      ]),
    );
    expect(mutant).toMatchObject({ original: '', line: SOURCE[0] });
  });

  test('is known again when lines move, and when their indentation changes', () => {
    const moved = ['// new', '', `    ${SOURCE[0]}`, ...SOURCE.slice(1)];
    expect(
      keyOf(
        first(
          reported(moved, [
            [3, 9],
            [3, 14],
          ]),
        ),
      ),
    ).toBe(
      keyOf(
        first(
          reported(SOURCE, [
            [1, 5],
            [1, 10],
          ]),
        ),
      ),
    );
  });

  test('is another one than the same on another line, on an equal line, and beside it', () => {
    const places: readonly (readonly [Place, Place])[] = [
      [
        [1, 5],
        [1, 10],
      ],
      [
        [5, 7],
        [5, 12],
      ],
      [
        [6, 3],
        [6, 8],
      ],
      [
        [6, 10],
        [6, 15],
      ],
    ];
    const mutants = mutantsOf(reported(SOURCE, ...places.toReversed()));
    expect(mutants.map(({ at, nth }) => [at, nth])).toEqual([
      [1, undefined],
      [5, 2],
      [6, undefined],
      [6, 2],
    ]);
    expect(new Set(mutants.map(keyOf)).size).toBe(4);
  });
});

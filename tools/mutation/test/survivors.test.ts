// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Mutant } from '../mutants.ts';
import { chosen, PACKAGES, sourcesOf, testsOf } from '../packages.ts';
import { score, scoreOfExplained, settled, summed, total } from '../results.ts';
import { isMutated } from '../stryker.ts';
import { checkExplained, type Explained, judge, readExplained } from '../survivors.ts';

const root = join(import.meta.dirname, '../../..');

const mutant = (original: string, status: string): Mutant => ({
  file: 'a.ts',
  operator: 'Any',
  original,
  replacement: 'true',
  status,
  at: 1,
});
const explained = (original: string, change: Partial<Explained> = {}): Explained => ({
  file: 'a.ts',
  operator: 'Any',
  original,
  replacement: 'true',
  kind: 'equivalent',
  why: 'both ways lead to the same answer',
  ...change,
});

const RUN = [
  mutant('a', 'Killed'),
  mutant('b', 'Timeout'),
  mutant('c', 'Survived'),
  mutant('d', 'NoCoverage'),
  mutant('e', 'RuntimeError'),
];

describe('survivors', () => {
  test('are those that no test noticed or ran, and want a reason each', () => {
    const { unexplained, explained: known, stale } = judge(RUN, [explained('c'), explained('a')]);
    expect(unexplained.map(({ original }) => original)).toEqual(['d']);
    expect(known.map(({ original }) => original)).toEqual(['c']);
    // Of a mutant that a test kills by now, the reason is wrong.
    expect(stale.map(({ original }) => original)).toEqual(['a']);
  });

  test('are explained by the same operator and replacement only', () => {
    const others = [explained('c', { operator: 'Other' }), explained('c', { replacement: 'false' })];
    expect(judge(RUN, others).unexplained.map(({ original }) => original)).toEqual(['c', 'd']);
  });

  test.each([
    ['no kind', [explained('a', { kind: 'harmless' as Explained['kind'] })]],
    ['no reason', [explained('a', { why: ' ' })]],
    ['twice', [explained('a'), explained('a')]],
  ])('are not explained by an entry with %s', (_, list) => {
    expect(() => checkExplained(list)).toThrow(/^\["a\.ts"/);
  });

  test('of this repository are explained in due form, for files of their package', () => {
    for (const mutated of PACKAGES) {
      for (const { file } of readExplained(root, mutated)) expect(file).toContain(`${mutated.folder}/src/`);
    }
  });
});

describe('a score', () => {
  const result = summed(RUN, judge(RUN, [explained('c')]), 'abc');

  test('counts what failed and what did not end as noticed, and leaves out what did not load', () => {
    expect(result).toMatchObject({
      mutants: 4,
      killed: 1,
      timedOut: 1,
      survived: 1,
      uncovered: 1,
      explained: 1,
    });
    expect(score(result)).toBe(50);
    expect(scoreOfExplained(result)).toBeCloseTo(66.67, 2);
  });

  test('is settled when every survivor is explained', () => {
    const packages = { one: result, other: { ...result, explained: 2 } };
    const results = { stryker: '', packages };
    expect(['one', 'other', 'none'].map((folder) => settled(results, folder))).toEqual([false, true, false]);
  });

  test('of all is that of their sum', () => {
    expect(total([result, result])).toMatchObject({ mutants: 8, killed: 2, explained: 2 });
    expect(score(total([]))).toBe(100);
  });
});

describe('packages', () => {
  test('are mutated in part by globs, of which the last that means a file decides', () => {
    const globs = ['a/src/**/*.ts', '!a/src/main.ts'];
    expect(
      ['a/src/b.ts', 'a/src/c/d.ts', 'a/src/main.ts', 'b/src/a.ts'].map((file) => isMutated(file, globs)),
    ).toEqual([true, true, false, false]);
  });

  test('are found by folder or name, and a wrong name says which there are', () => {
    expect(chosen(['codec', 'verifier/eif']).map(({ folder }) => folder)).toEqual([
      'trusted/codec',
      'verifier/eif',
    ]);
    expect(chosen([])).toBe(PACKAGES);
    expect(() => chosen(['vault'])).toThrow('no package vault: trusted/codec');
  });

  test('are mutated but for what is out of reach, under tests that can notice', () => {
    const [enclave] = chosen(['enclave']);
    if (enclave === undefined) throw new Error('no package');
    expect(sourcesOf(enclave)).toEqual(
      expect.arrayContaining(['trusted/enclave/src/**/*.ts', '!trusted/enclave/src/main.ts']),
    );
    expect(testsOf(enclave)).toEqual({
      include: ['trusted/enclave/test/**/*.test.ts'],
      exclude: [
        'trusted/enclave/test/build/**',
        'trusted/enclave/test/e2e/**',
        'trusted/enclave/test/core/load.test.ts',
      ],
    });
  });
});

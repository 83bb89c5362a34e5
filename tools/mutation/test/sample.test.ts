// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PACKAGES } from '../packages.ts';
import { filesOf, rangeOf, sample } from '../sample.ts';

const root = join(import.meta.dirname, '../../..');
const files = PACKAGES.flatMap((mutated) =>
  filesOf(root, mutated).map(([file, length]) => [mutated, file, length] as const),
);
const SIZE = { windows: 6, lines: 15 };

describe('a sample of places', () => {
  test('is the same for the same commit, and another for another', () => {
    const ranges = (seed: string) => sample(files, seed, SIZE).map(rangeOf);
    expect(ranges('a')).toEqual(ranges('a'));
    expect(ranges('a')).toHaveLength(SIZE.windows);
    expect(ranges('b')).not.toEqual(ranges('a'));
  });

  test('takes every line in its turn, and none twice', () => {
    const all = sample(files, 'a', { windows: Number.POSITIVE_INFINITY, lines: 15 });
    for (const [, file, length] of files) {
      const lines = all
        .filter((window) => window.file === file)
        .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
      expect(lines.toSorted((a, b) => a - b)).toEqual(Array.from({ length }, (_, index) => index + 1));
    }
  });

  test('leaves out what no mutant reaches', () => {
    const names = files.map(([, file]) => file);
    expect(names).toContain('trusted/enclave/src/core/decrypt.ts');
    expect(names).not.toContain('trusted/enclave/src/main.ts');
  });
});

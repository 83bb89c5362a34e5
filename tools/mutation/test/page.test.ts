// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PACKAGES } from '../packages.ts';
import { mutationPage } from '../page.ts';
import type { Results } from '../results.ts';
import { readExplained } from '../survivors.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('docs/mutation.md', () => {
  test('is what the last results and the explanations say: npm run mutation -- --page writes it', () => {
    expect(read('docs/mutation.md')).toBe(mutationPage(root));
  });

  test('claims no more explanations than there are, for packages that are mutated', () => {
    const { packages } = JSON.parse(read('tests/mutation/results.json')) as Results;
    for (const [folder, { explained, survived, uncovered }] of Object.entries(packages)) {
      const mutated = PACKAGES.find((one) => one.folder === folder);
      if (mutated === undefined) throw new Error(`${folder} is not mutated`);
      expect(explained).toBeLessThanOrEqual(readExplained(root, mutated).length);
      expect(explained).toBeLessThanOrEqual(survived + uncovered);
    }
  });
});

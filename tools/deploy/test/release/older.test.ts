// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { compareVersions } from '../../src/release/older.ts';

/** In the order of Semantic Versioning 2.0.0, section 11, its own example among them. */
const IN_ORDER = [
  '0.9.10',
  '0.10.0',
  '1.0.0-0',
  '1.0.0-2',
  '1.0.0-11',
  '1.0.0-10000000000000000000000000000000',
  '1.0.0-10000000000000000000000000000001',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '2.0.0-x-y',
  '10.0.0',
];

test('versions are in the order that Semantic Versioning gives them', () => {
  for (const [i, a] of IN_ORDER.entries()) {
    for (const [j, b] of IN_ORDER.entries()) {
      expect(Math.sign(compareVersions(a, b)), `${a} and ${b}`).toBe(Math.sign(i - j));
    }
  }
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Sizes, sizeDifferences, sizeOf } from './support/sizes.ts';

/* That each bundle keeps its budget is a test where it is built: host/*, trusted/enclave/test/build. */

const size = { bytes: 1_000, files: 100, packages: 3 };
const budgets = { parent: size } as Sizes;

describe('the budget of a bundle', () => {
  it('has a margin of two in a hundred for bytes and files, and none for packages', () => {
    expect(sizeDifferences('parent', { bytes: 1_020, files: 98, packages: 3 }, budgets)).toEqual([]);
    const grown = sizeDifferences('parent', { bytes: 1_021, files: 103, packages: 4 }, budgets);
    expect(grown.map((line) => line.replace(/;.*/, ''))).toEqual([
      'parent: bytes grew from 1000 to 1021',
      'parent: files grew from 100 to 103',
      'parent: packages grew from 3 to 4',
    ]);
    expect(sizeDifferences('parent', { ...size, bytes: 979 }, budgets)[0]).toMatch(
      /^parent: 979 bytes in place of 1000/,
    );
  });

  it('counts files that have a part in it, and packages once', () => {
    const inputs = {
      'host/a.ts': 10,
      'host/left-out.ts': 0,
      'node_modules/one/a.js': 1,
      'node_modules/one/b.js': 1,
      'node_modules/@two/three/node_modules/four/c.js': 1,
    };
    expect(sizeOf(12, inputs)).toEqual({ bytes: 12, files: 4, packages: 2 });
  });
});

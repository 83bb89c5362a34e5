// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { problemTable } from '../src/problem-table.ts';

test('the documentation has the very table that answers are made of', async () => {
  await expect(problemTable()).toMatchFileSnapshot('../../../docs/problems.md');
});

// SPDX-License-Identifier: Apache-2.0
import { PROBLEMS } from '@enclave-vault/api';
import { FINDINGS, MEMBER_ERRORS, RESULT_ERRORS } from '@enclave-vault/vault';
import { expect, it } from 'vitest';
import { errorsPage } from '../errors-page.ts';

it('has a line with four cells for every problem, and one with three for every other code', () => {
  const rows = errorsPage()
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | '));
  for (const code of Object.keys(PROBLEMS))
    expect(rows.filter((cells) => cells[1] === `\`${code}\`` && cells.length === 4)).toHaveLength(1);
  const others = [MEMBER_ERRORS, RESULT_ERRORS, FINDINGS].flatMap((table) => Object.keys(table));
  for (const code of others)
    expect(rows.filter((cells) => cells[0] === `| \`${code}\`` && cells.length === 3)).toHaveLength(1);
  expect(errorsPage()).not.toMatch(/\| +\|/);
});

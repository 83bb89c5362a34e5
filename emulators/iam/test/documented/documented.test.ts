// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { evaluateRequest, explain, validatePolicy } from '../../src/index.ts';
import { ACCOUNT, to } from './row.ts';
import { DOCUMENTED } from './table.ts';

describe.each(Object.entries(Object.groupBy(DOCUMENTED, ({ source }) => source)))('%s', (_, rows) => {
  test.each(rows ?? [])('$what: $expected', ({ request, policies, expected }) => {
    const decision = evaluateRequest(request, policies);
    expect(decision.kind, explain(decision)).toBe(expected);
  });
});

test('IAM User Guide, "Principal": a wildcard for a part of a name is no principal, and the policy is refused', () => {
  const problems = validatePolicy(to(`arn:aws:iam::${ACCOUNT}:user/*`), 'resource');
  expect(problems.map(({ path }) => path)).toEqual(['Statement[0].Principal.AWS']);
});

test('the table has its rows, each once', () => {
  const names = DOCUMENTED.map(({ source, what }) => `${source}: ${what}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(250);
});

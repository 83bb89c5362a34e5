// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArnPattern } from '../../src/gateway/iam-arn.ts';

const USER = 'arn:aws:iam::111122223333:user/';

function matches(pattern: string, name: string): boolean {
  const read = readArnPattern(USER + pattern);
  if (typeof read === 'string') throw new Error(read);
  return read.matches(USER + name);
}

describe('patterns of ARNs', () => {
  test('a name that a pattern of many wildcards refuses is refused at once', () => {
    // Of processor time, in microseconds: a machine that is busy with other things counts for nothing.
    const began = process.threadCpuUsage().user;
    expect(matches('*a'.repeat(7), `${'a'.repeat(63)}b`)).toBe(false);
    expect(matches('*a'.repeat(7), 'a'.repeat(64))).toBe(true);
    expect(process.threadCpuUsage().user - began).toBeLessThan(1_000_000);
  });

  test('they agree with regular expressions', () => {
    const word = (alphabet: string[], maxLength: number) =>
      fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength }).map((all) => all.join(''));
    fc.assert(
      fc.property(word(['a', 'b', '*', '/'], 6), word(['a', 'b', '/', ':'], 8), (pattern, name) => {
        fc.pre(pattern.includes('*'));
        const expression = new RegExp(`^${pattern.replaceAll('*', '[^/:]*')}$`);
        expect(matches(pattern, name)).toBe(expression.test(name));
      }),
      { numRuns: 3000 },
    );
  });
});

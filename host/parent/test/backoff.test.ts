// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { Backoff } from '../src/backoff.ts';

test('doubles up to its ceiling, never below half of it, and forgets on reset', () => {
  const low = new Backoff({ baseMs: 200, maxMs: 3_000, random: () => 0 });
  expect([1, 2, 3, 4, 5, 6].map(() => low.next())).toEqual([100, 200, 400, 800, 1_500, 1_500]);
  const high = new Backoff({ baseMs: 200, maxMs: 3_000, random: () => 1 });
  expect([1, 2, 3, 4, 5, 6].map(() => high.next())).toEqual([200, 400, 800, 1_600, 3_000, 3_000]);
  high.reset();
  expect(high.next()).toBe(200);
});

test('a thousand failures do not overflow', () => {
  const backoff = new Backoff({ baseMs: 200, maxMs: 30_000, random: Math.random });
  for (let index = 0; index < 1_000; index += 1) backoff.next();
  expect(backoff.next()).toBeLessThanOrEqual(30_000);
});

// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Once } from '../../src/util/once.ts';

it('says so the first time, and again after a while', () => {
  const once = new Once(100, 3);
  expect([once.first('a', 0), once.first('a', 99), once.first('b', 99), once.first('a', 100)]).toEqual([
    ...[true, false, true, true],
  ]);
});

it('forgets the oldest of too many', () => {
  const once = new Once(100, 2);
  for (const key of ['a', 'b', 'c']) expect(once.first(key, 0)).toBe(true);
  expect([once.first('c', 1), once.first('b', 1), once.first('a', 1)]).toEqual([false, false, true]);
});

// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { collector } from '../../src/adapters/sweep.ts';

const { gc } = globalThis;
afterEach(() => {
  globalThis.gc = gc;
});

test('memory is swept when it is asked for, and not before', () => {
  const collect = vi.fn();
  globalThis.gc = collect as unknown as typeof gc;
  const sweep = collector();
  expect(collect).not.toHaveBeenCalled();
  expect(sweep()).toBeUndefined();
  expect(collect).toHaveBeenCalledExactlyOnceWith();
});

test('a program that may not sweep its memory does not begin', () => {
  globalThis.gc = undefined;
  expect(() => collector()).toThrow('no_collector');
});

// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';

afterEach(() => vi.useRealTimers());

test('the clock does not go back with the system’s', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const clock = systemClock();
  expect(clock.now()).toBe(1_000_000);
  vi.setSystemTime(999_000);
  expect(clock.now()).toBe(1_000_000);
  vi.setSystemTime(1_000_001);
  expect(clock.now()).toBe(1_000_001);
});

test('a step back by more than requests are fresh is told, a smaller one is not', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const told = vi.fn();
  const clock = systemClock(told);
  clock.now();
  vi.setSystemTime(1_000_000 - 60_000);
  expect(clock.now()).toBe(1_000_000);
  expect(told).not.toHaveBeenCalled();
  vi.setSystemTime(1_000_000 - 60_001);
  clock.now();
  expect(told).toHaveBeenCalledOnce();
});

test('what passes is told by a clock that nobody sets', () => {
  const clock = systemClock();
  const before = clock.elapsed();
  vi.useFakeTimers({ now: 0, toFake: ['Date'] });
  const after = clock.elapsed();
  expect(after - before).toBeGreaterThanOrEqual(0);
  expect(after - before).toBeLessThan(10_000);
});

test('what is put off happens once, unless it is cancelled', () => {
  vi.useFakeTimers();
  const clock = systemClock();
  const happened = vi.fn();
  const cancelled = vi.fn();
  clock.after(10, happened);
  clock.after(10, cancelled)();
  vi.advanceTimersByTime(100);
  expect([happened.mock.calls.length, cancelled.mock.calls.length]).toEqual([1, 0]);
});

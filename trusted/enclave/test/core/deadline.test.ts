// SPDX-License-Identifier: Apache-2.0
import { expect, test, vi } from 'vitest';
import { beforeDeadline } from '../../src/core/deadline.ts';
import type { Clock } from '../../src/ports.ts';

const NOW = 1_000_000;

/** A clock that stands at NOW, and does what is put off when it is told to. */
function stopped() {
  const put: { ms: number; action: () => void }[] = [];
  const cancelled = vi.fn();
  const clock: Clock = {
    now: () => NOW,
    elapsed: () => 0,
    after: (ms, action) => {
      put.push({ ms, action });
      return cancelled;
    },
  };
  return { clock, put, cancelled };
}
const late = () => new Error('late');

test('work that is done in time is its result, or its error, and nothing stays put off', async () => {
  const { clock, put, cancelled } = stopped();
  expect(await beforeDeadline(clock, NOW + 250, late, Promise.resolve('done'))).toBe('done');
  await expect(beforeDeadline(clock, NOW + 250, late, Promise.reject(new Error('failed')))).rejects.toThrow(
    'failed',
  );
  expect(put.map(({ ms }) => ms)).toEqual([250, 250]);
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(2), 60_000);
});

test('work that is not is given up at the deadline, which may be past already', async () => {
  const { clock, put } = stopped();
  const never = new Promise<never>(() => undefined);
  const waiting = [NOW + 1, NOW, NOW - 500].map((deadline) => beforeDeadline(clock, deadline, late, never));
  expect(put.map(({ ms }) => ms)).toEqual([1, 0, 0]);
  for (const { action } of put) action();
  await Promise.all(waiting.map((one) => expect(one).rejects.toThrow('late')));
});

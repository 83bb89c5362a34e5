// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** Moments at which requests come that know nothing of each other, so many a second on average (a Poisson process), in ms. */
export function* arrivals(
  from: number,
  perSecond: number,
  random: () => number = Math.random,
): Generator<number> {
  for (let at = from; ; ) {
    at -= (Math.log(1 - random()) * 1000) / perSecond;
    yield at;
  }
}

/**
 * Waits for a request's time.
 * @returns from when its latency counts: one that finds a free connection is sent then, if a timer's lateness after it was due, which is not the
 * vault's; one that comes too late for its time had to wait for others' answers, and that is
 */
export async function dueAt(due: number): Promise<number> {
  const early = due - performance.now();
  if (early <= 0) return due;
  await sleep(early);
  return performance.now();
}

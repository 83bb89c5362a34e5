// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

/** A longer timer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws {VaultError} `timed_out` when the deadline (milliseconds since the epoch) has passed */
export function checkDeadline(clock: Clock, deadline: number): void {
  if (clock.now() >= deadline * 1000) throw new VaultError('timed_out');
}

/**
 * Waits for `work`, but no longer than the deadline. The work itself goes on; what it ends with is dropped.
 * @throws {VaultError} `timed_out`
 */
export async function beforeDeadline<T>(clock: Clock, deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const left = Math.min(LONGEST_TIMER_MS, Math.max(0, deadline - clock.now() / 1000));
    timer = setTimeout(() => reject(new VaultError('timed_out')), left);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../ports.ts';

/**
 * Waits for `work`, but not beyond the deadline. The work itself is not stopped: whoever does it has a limit of its own.
 * @param deadline ms since the epoch
 * @throws what `late` makes, at the deadline
 */
export function beforeDeadline<T>(
  clock: Clock,
  deadline: number,
  late: () => Error,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, deadline - clock.now()), () => reject(late()));
    work.then(resolve, reject).finally(cancel);
  });
}

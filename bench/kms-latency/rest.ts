// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 250;
/** Looks one after the other that see no call: a KMS that takes 30 ms more would have been asked again. */
const QUIET = 4;
/** A minute: a pool of 2,000 pairs is full long before. */
const LOOKS = 240;

/**
 * Waits until a vault asks KMS for nothing more: the pool that its creates emptied is filled on the cores that the next vault is measured on.
 * @param calls of KMS since the look before; undefined where that is not known
 * @returns whether it came to rest, before it was given up
 */
export async function atRest(
  calls: () => number | undefined,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<boolean> {
  calls();
  for (let look = 0, quiet = 0; look < LOOKS; look += 1) {
    await pause(EVERY_MS);
    quiet = calls() === 0 ? quiet + 1 : 0;
    if (quiet === QUIET) return true;
  }
  return false;
}

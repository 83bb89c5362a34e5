// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { VaultError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Does again what was refused for want of room (`busy`), with longer and longer pauses, for as long as another try can
 * still be in time.
 * @param until milliseconds since the epoch
 * @throws {VaultError} `busy` when it stays so, or whatever else `work` throws
 */
export async function patiently<T>(clock: Clock, until: number, work: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== 'busy') throw error;
      // Spread, so that those who were refused together do not come together.
      const wait = pause * (0.5 + Math.random());
      if (clock.now() / 1000 + wait >= until) throw error;
      await sleep(wait);
    }
  }
}

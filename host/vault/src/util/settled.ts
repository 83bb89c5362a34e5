// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Tampered } from '../tampered.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 5;

/**
 * Does again what found items that do not belong together. Another process's write may fall between two reads, and a
 * query need not be a snapshot (DynamoDB's is not): then they agree the next time. Tampering stays.
 * @throws {Tampered}
 */
export async function settled<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Tampered) || attempt === ATTEMPTS) throw error;
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}

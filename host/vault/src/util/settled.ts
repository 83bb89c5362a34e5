// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { VaultError } from '../errors.ts';
import { Tampered } from '../tampered.ts';

/** Looks that find the same mismatch before it is taken for tampering, and looks in all. */
const LOOKS = 4;
const MOST_LOOKS = 24;
const FIRST_PAUSE_MS = 5;

/**
 * Does again what found items that do not belong together. Another process's write may fall between two reads, and a
 * query need not be a snapshot (DynamoDB's is not): then they agree the next time. Tampering stays.
 *
 * Where many write, the next look may fall between two other reads: `saw` is told the revision that a look goes by, and
 * looks are counted from where it last changed. Only writes of this vault change it.
 * @throws {Tampered}
 * @throws {VaultError} `audit_busy` when it does not come to rest
 */
export async function settled<T>(read: (saw: (revision: number) => void) => Promise<T>): Promise<T> {
  let looks = 0;
  let last: number | undefined;
  for (let total = 1; ; total += 1) {
    let seen = last;
    try {
      return await read((revision) => {
        seen = revision;
      });
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      looks = seen === last ? looks + 1 : 1;
      last = seen;
      if (looks === LOOKS) throw error;
      if (total === MOST_LOOKS) throw new VaultError('audit_busy', { cause: error });
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (looks - 1) * (0.5 + Math.random()));
  }
}

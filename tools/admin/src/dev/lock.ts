// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AdminError } from '../errors.ts';

/**
 * Holds a data folder for one vault. The lock is SQLite's own on a file of no content, so the kernel
 * gives it back however the holder ends: no stale lock files to remove by hand.
 * @throws {AdminError} data_in_use
 */
export function lockData(dir: string): { readonly file: string; release(): void } {
  const file = join(dir, 'lock');
  // Created here so that it is never readable by others, not even for a moment.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch {
    db.close();
    throw new AdminError(
      'data_in_use',
      `another vault is running on ${dir}: stop it first, or choose another --data`,
    );
  }
  return { file, release: () => db.close() };
}

// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup } from 'node:sqlite';
import { StoreError } from '@enclave-vault/vault';
import { openDatabase } from './database.ts';
import { asStoreError } from './sqlite-errors.ts';

/** Pages of one step, 4 MB: between two, progress is told and an interruption seen. */
const STEP = 1_024;

export interface BackupOptions {
  /** Called while it goes on. */
  readonly progress?: (donePages: number, allPages: number) => void;
}

/**
 * Copies a store's database while it is used, as it was at one moment: the call's first. The copy is whole and durable when this resolves,
 * and has its name only then.
 *
 * One read transaction is held from the first page to the last. Without it SQLite begins anew whenever another process has written
 * (https://www.sqlite.org/c3ref/backup_finish.html, "restarted"), and of a store that is written to all the time there would be no copy.
 * Meanwhile writers go on; what they write stays in the write-ahead log until the copy is done.
 * @param target a file that is not there
 * @throws {StoreError} `not_a_vault`, `wrong_version`, `corrupt`, `unavailable`
 */
export async function backupDatabase(
  path: string,
  target: string,
  { progress }: BackupOptions = {},
): Promise<void> {
  // Opening makes a database where there is none.
  if (!existsSync(path)) throw new StoreError('unavailable', 'there is no database');
  const part = `${target}.part`;
  const made: string[] = [];
  const database = openDatabase(path);
  try {
    for (const file of [target, part]) {
      // For its owner only from the beginning: nobody else has it open when it is filled.
      closeSync(openSync(file, 'wx', 0o600));
      made.push(file);
    }
    database.exec('BEGIN');
    // A transaction reads as of its first statement.
    database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
    await backup(database, part, {
      rate: STEP,
      progress: ({ totalPages, remainingPages }) => progress?.(totalPages - remainingPages, totalPages),
    });
    sync(part);
    renameSync(part, target);
    sync(dirname(target));
  } catch (error) {
    for (const file of made) rmSync(file, { force: true });
    throw asStoreError(error);
  } finally {
    database.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

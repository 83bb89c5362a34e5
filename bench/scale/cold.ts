// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';

/**
 * Has the system forget what it keeps of a database's files in memory (posix_fadvise DONTNEED, by GNU dd): the next reads come from the
 * disk. What the vault's process keeps itself, 16 MB of SQLite's pages, stays; and a virtual machine's host may keep all of it.
 * @returns false where there is no such dd
 */
export function evict(database: string): boolean {
  return [database, `${database}-wal`]
    .filter((file) => existsSync(file))
    .every((file) => {
      // What was not written yet would stay.
      const handle = openSync(file, 'r+');
      fsyncSync(handle);
      closeSync(handle);
      return spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']).status === 0;
    });
}

// SPDX-License-Identifier: Apache-2.0
import {
  type BigIntStats,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** In a run folder: which data folder's lock its vault holds. */
const MARK = 'of';

/**
 * Marks a run folder as of the vault that holds a lock, and removes those that vaults on the same data left behind when they were killed. The
 * kernel gives the lock to one process at a time, so while we hold it, whoever wrote the same mark is dead: no process id has to be
 * believed, which may be another's by now. The mark is the file's identity and not its path: a copied data folder has another.
 * @param run ours, from mkdtemp
 * @param lock a file whose lock the caller holds
 * @returns the folders that were removed
 */
export function takeOver(run: string, lock: string): readonly string[] {
  const mark = markOf(statSync(lock, { bigint: true }));
  writeFileSync(join(run, MARK), mark, { mode: 0o600, flag: 'wx' });
  const [beside, prefix] = [dirname(run), basename(run).slice(0, -RANDOM)];
  const names = readdirSync(beside).filter(
    (name) => name.startsWith(prefix) && name.length === prefix.length + RANDOM,
  );
  const left = names.map((name) => join(beside, name)).filter((path) => path !== run && isLeft(path, mark));
  for (const path of left) rmSync(path, { recursive: true, force: true });
  return left;
}

/** Characters that mkdtemp(3) appends. */
const RANDOM = 6;

const markOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}\n`;

/** Whether only this user can have made the folder, and with our mark: anybody may put something of that name beside ours. */
function isLeft(path: string, mark: string): boolean {
  try {
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & 0o077) !== 0) return false;
    return readFileSync(join(path, MARK), 'utf8') === mark;
  } catch {
    return false;
  }
}

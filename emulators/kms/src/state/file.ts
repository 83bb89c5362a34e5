// SPDX-License-Identifier: Apache-2.0
import { open, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../errors.ts';

/**
 * Reads a private file whole.
 * @returns null when there is none
 * @throws {StartError} state_exposed when others may read it, state_unreadable when we may not
 */
export async function readPrivateFile(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new StartError('state_exposed', 'the KMS state file is open to other users: chmod 600 it');
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof StartError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return null;
    throw new StartError('state_unreadable', `the KMS state file cannot be read (${String(code)})`);
  }
}

/**
 * Replaces a file so that a crash at any moment leaves either the old bytes or the new ones, and a return means that
 * the new ones are on the disk: temporary file in the same folder, fsync, rename, fsync of the folder (rename(2)).
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    // A temporary file left by a crash keeps its mode.
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

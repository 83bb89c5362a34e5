// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs';
import { AdminError } from '../errors.ts';

/**
 * Opens a file that this user alone may read: through no link, which may lead to another's, and none that was put there for us to fill.
 * Whoever may write to the folder could have made it before us, between two runs of a job, or given it a second name.
 * @param flags as for open(2)
 * @returns its descriptor
 * @throws {AdminError} `file_unwritable`
 */
export function openOwn(path: string, flags: number): number {
  let file: number | undefined;
  try {
    // Not waiting: a pipe that nobody reads would hold the command up.
    file = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
    const found = fstatSync(file);
    if (!found.isFile() || found.uid !== process.geteuid?.() || found.nlink > 1)
      throw new AdminError('file_unwritable', `${path} is another user's, has another name, or is no file`);
    fchmodSync(file, 0o600);
    return file;
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw unwritable(path, error);
  }
}

/** @param error of the system, by whose code it is named; one that is for people already stays as it is */
export function unwritable(path: string, error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new AdminError('file_unwritable', `${path} cannot be written: ${code}`);
}

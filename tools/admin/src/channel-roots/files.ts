// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ChannelRoot, readChannelRoots, type Side } from '@enclave-vault/channel';
import { AdminError } from '../errors.ts';

/** Roots in a file, none where there is no file. @throws {AdminError} channel_root_other for any other contents */
export async function rootsIn(file: string, side: Side): Promise<readonly ChannelRoot[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new AdminError('file_unreadable', `${file} cannot be read`);
  }
  try {
    return readChannelRoots(text, side);
  } catch {
    throw new AdminError('channel_root_other', `${file} has something else than roots of the ${side} side`);
  }
}

/** All of it or nothing. Roots are public. */
export async function writeRoots(file: string, roots: readonly string[]): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, roots.join(''), { mode: 0o644 });
    await rename(temporary, file);
  } catch {
    throw new AdminError('file_unwritable', `${file} cannot be written`);
  }
}

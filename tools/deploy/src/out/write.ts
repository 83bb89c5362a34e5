// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeployError } from '../errors.ts';

/** Each file whole or not at all. @throws {DeployError} `output_unwritable` */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    // In a folder that others write to as well, a name that can be guessed may be a link of theirs by now.
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, content, { flag: 'wx' });
      await rename(temporary, path);
    } catch {
      throw new DeployError('output_unwritable', `${path} cannot be written`);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import { openSync } from 'node:fs';

/** Opens a file for reading, by its descriptor; of a log that begins a new file there is none under the name for a moment. */
export function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

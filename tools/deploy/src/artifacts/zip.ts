// SPDX-License-Identifier: Apache-2.0
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { DeployError } from '../errors.ts';

/** The earliest time that a zip file can hold: the same files are the same bytes, whenever they are packed. */
const TIME = new Date(1980, 0, 1);
/** Lambda takes 250 MB unpacked; ours are a hundredth of it. */
const MAX_UNPACKED = 64 * 1024 * 1024;

/**
 * A released zip with files added, the same bytes for the same input. What is signed afterwards is code and settings together: who may
 * change a function's settings must have them signed.
 * @throws {DeployError} `release_refused` when the zip cannot be read or has one of the files already
 */
export function zipWith(released: Uint8Array, files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const entries = unpack(released);
  for (const name of Object.keys(files)) {
    if (entries[name] !== undefined)
      throw new DeployError('release_refused', `the release has a ${name} of its own`);
  }
  return zipOf({ ...entries, ...files });
}

/** A zip file, the same bytes for the same files. */
export function zipOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const packed: Zippable = {};
  for (const name of Object.keys(files).sort()) {
    const content = files[name] ?? '';
    // Readable by the function's user, which is not the one that unpacks: rw-r--r--.
    packed[name] = [Buffer.from(content as Uint8Array), { mtime: TIME, os: 3, attrs: 0o100644 << 16 }];
  }
  return Buffer.from(zipSync(packed, { level: 9 }));
}

function unpack(zip: Uint8Array): Record<string, Uint8Array> {
  let size = 0;
  try {
    return unzipSync(zip, {
      filter: ({ originalSize }) => {
        size += originalSize;
        if (size > MAX_UNPACKED) throw new RangeError();
        return true;
      },
    });
  } catch {
    throw new DeployError('release_refused', 'a zip file of the release cannot be read');
  }
}

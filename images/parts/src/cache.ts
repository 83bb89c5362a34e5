// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from './errors.ts';

/** Which bytes an input must be. */
export interface Pinned {
  /** For messages: name and version. */
  readonly label: string;
  readonly algorithm: 'sha256' | 'sha512';
  /** Lower-case hex. */
  readonly digest: string;
}

/**
 * An input by its digest: from the folder of those fetched before, or fetched and kept there. Either way its digest is
 * checked, so neither the folder nor the place it is fetched from need be trusted.
 *
 * @throws ImageError `input_changed` when what was fetched is something else, and what `fetch` throws
 */
export async function pinnedInput(
  folder: string,
  { label, algorithm, digest }: Pinned,
  fetch: () => Promise<Buffer>,
): Promise<Buffer> {
  const path = join(folder, `${algorithm}-${digest.slice(0, 40)}`);
  const kept = await readFile(path).catch(() => null);
  if (kept !== null && createHash(algorithm).update(kept).digest('hex') === digest) return kept;
  const fetched = await fetch();
  if (createHash(algorithm).update(fetched).digest('hex') !== digest) {
    throw new ImageError(
      'input_changed',
      `${label}: the bytes fetched are not those that are pinned. Do not use them before you know why.`,
    );
  }
  await mkdir(folder, { recursive: true });
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, fetched);
  await rename(partial, path);
  return fetched;
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Metafile } from 'esbuild';

/** Hex. */
export const sha384 = (bytes: Uint8Array): string => createHash('sha384').update(bytes).digest('hex');

/** Files that a bundle is made of, with the bytes each of them has in it. */
export function bytesByFile(metafile: Metafile): Record<string, number> {
  return Object.fromEntries(
    Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const),
    ),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Architecture, nativeFile } from './addons.ts';
import { BuildError } from './errors.ts';
import { sha384 } from './measure.ts';

/** koffi.node of one architecture. */
export interface NativePart {
  readonly architecture: Architecture;
  /** Below the image's folder. */
  readonly file: string;
  readonly sha384: string;
  /** Where it was written; null: npm has not installed it here. */
  readonly path: string | null;
  /** Length. */
  readonly bytes: number;
}

const ARCHITECTURES: readonly Architecture[] = ['x64', 'arm64'];

/** @throws BuildError `native_changed` when an addon's bytes are not those that were reviewed */
export async function writeNative(directory: string): Promise<NativePart[]> {
  const parts: NativePart[] = [];
  for (const architecture of ARCHITECTURES) {
    const file = `${architecture}/koffi.node`;
    const path = join(directory, file);
    const source = nativeFile(architecture);
    const bytes = source.read();
    if (bytes === null) {
      await rm(path, { force: true });
      parts.push({ architecture, file, sha384: source.sha384, path: null, bytes: source.bytes });
      continue;
    }
    if (sha384(bytes) !== source.sha384) throw new BuildError('native_changed', [file]);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    parts.push({ architecture, file, sha384: source.sha384, path, bytes: source.bytes });
  }
  return parts;
}

/** SHA-384 in hex of the addon that was reviewed. */
export function nativeDigest(architecture: Architecture): string {
  return nativeFile(architecture).sha384;
}

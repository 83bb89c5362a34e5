// SPDX-License-Identifier: Apache-2.0
/** For builds: where koffi's prebuilt addons are, and which bytes they must be. Not part of any program. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type Architecture = 'x64' | 'arm64';

/** The addon of one architecture. */
export interface NativeFile {
  readonly path: string;
  /** Hex SHA-384 that the file must have. */
  readonly sha384: string;
}

/**
 * Of koffi 3.3.4 for glibc. npm checks the packages against the lockfile; this pins the very file that goes into the image, so that
 * another one is a change that a reviewer sees.
 */
const DIGESTS: Readonly<Record<Architecture, string>> = {
  x64: '6147650455bab91af7233f0cf0f08d7fcf0b2293f6632e64f78bc166e726457f37957e8ca5a16c622646b7b17afe05b8',
  arm64: '3eb6e1c67993042aa24fb339388ee446b0c260a9f8f2072960598f6e158cb123681ba3aca84cd5c848cf61f8f37db189',
};

/** @returns null where npm left the package out: it installs that of its own machine, others with `--cpu`. */
export function nativeFile(architecture: Architecture): NativeFile | null {
  // Beside the package that names it as optional: there is no module to resolve, only a file.
  const packages = join(dirname(createRequire(import.meta.url).resolve('koffi')), '../@koromix');
  const path = join(packages, `koffi-linux-${architecture}`, `linux_${architecture}`, 'koffi.node');
  return existsSync(path) ? { path, sha384: DIGESTS[architecture] } : null;
}

/** @returns the addon's bytes. @throws Error `native_changed` when they are not those that were reviewed */
export function readNativeFile({ path, sha384 }: NativeFile): Buffer {
  const bytes = readFileSync(path);
  if (createHash('sha384').update(bytes).digest('hex') !== sha384) throw new Error('native_changed');
  return bytes;
}

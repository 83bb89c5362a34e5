// SPDX-License-Identifier: Apache-2.0
/** Where koffi's prebuilt addons are, and which bytes they must be. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type Architecture = 'x64' | 'arm64';

/** The addon of one architecture. */
export interface NativeFile {
  /** null where npm left the package out: it installs that of its own machine, others with `--cpu`. */
  readonly path: string | null;
  /** Hex SHA-384 and length that the file must have. Whoever puts it into something checks the digest. */
  readonly sha384: string;
  readonly bytes: number;
  read(): Buffer | null;
}

/**
 * Of koffi 3.3.4 for glibc. npm checks the packages against the lockfile; this pins the very file that goes into the image, so that
 * another one is a change that a reviewer sees.
 */
const PINS: Readonly<Record<Architecture, { readonly sha384: string; readonly bytes: number }>> = {
  x64: {
    sha384:
      '6147650455bab91af7233f0cf0f08d7fcf0b2293f6632e64f78bc166e726457f37957e8ca5a16c622646b7b17afe05b8',
    bytes: 1_142_176,
  },
  arm64: {
    sha384:
      '3eb6e1c67993042aa24fb339388ee446b0c260a9f8f2072960598f6e158cb123681ba3aca84cd5c848cf61f8f37db189',
    bytes: 1_164_416,
  },
};

/** The addon of one architecture, wherever npm put it. */
export function nativeFile(architecture: Architecture): NativeFile {
  // Beside the package that names it as optional: there is no module to resolve, only a file.
  const packages = join(dirname(createRequire(import.meta.url).resolve('koffi')), '../@koromix');
  const path = join(packages, `koffi-linux-${architecture}`, `linux_${architecture}`, 'koffi.node');
  const there = existsSync(path);
  return {
    path: there ? path : null,
    ...PINS[architecture],
    read: () => (there ? readFileSync(path) : null),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BomComponent, type Entry, ImageError, tree } from '@enclave-vault/image-parts';
import { type Architecture, type Platform, platformOf } from './src/architecture.ts';
import { ADDON, type Component, fetchRuntime, NODE } from './src/runtime.ts';
import { bundledComponents } from './src/sbom.ts';

export { type Entry, ImageError, type ImageErrorCode, tar } from '@enclave-vault/image-parts';
export { ARCHITECTURES, type Architecture, ownArchitecture } from './src/architecture.ts';
export { cpio } from './src/cpio.ts';

/** Everything that the enclave's processes can see of a file system. */
export interface Rootfs {
  readonly architecture: Architecture;
  /** In the order of the archives: `tar(entries, time)` and `cpio(entries, time)` write them. */
  readonly entries: readonly Entry[];
  /** Command line of the program, paths from the image's root. */
  readonly entrypoint: readonly string[];
  /** What came from others as it is. */
  readonly components: readonly Component[];
  /** What is in the program. */
  readonly bundled: readonly BomComponent[];
}

export interface RootfsOptions {
  readonly architecture: Architecture;
  /** Folder with the program as built for Nitro: `enclave.mjs` and `image.json`. */
  readonly program: string;
  /** Folder that keeps what was fetched; default .cache/enclave-image of the repository. */
  readonly cache?: string;
}

const PROGRAM = 'app/enclave.mjs';
const CACHE = join(import.meta.dirname, '../../.cache/enclave-image');
/** Where the enclave's init, which Nitro brings, mounts its file systems: they must exist. */
const MOUNT_POINTS = ['dev', 'proc', 'run', 'sys', 'tmp'];
const EXECUTABLE = /^(?:bin\/node|lib(?:64)?\/ld-linux[^/]*)$/;

/**
 * Puts the root file system of the enclave together: Node, the shared libraries that it and the addon need, the addon, the
 * program. Nothing else is in it: no shell, no package manager, no configuration, no link, no setuid file. The same sources and pins give
 * the same bytes, on any machine.
 *
 * @throws ImageError
 */
export async function assembleRootfs({
  architecture,
  program,
  cache = CACHE,
}: RootfsOptions): Promise<Rootfs> {
  const platform = platformOf(architecture);
  // What was built here before what must be fetched: a program that is missing is found at once.
  const bundle = await programFile(program, 'enclave.mjs');
  const { nodeFlags, addon } = parseImage(await programFile(program, 'image.json'), platform);
  const runtime = await fetchRuntime(platform, cache);
  // The lockfile pins it as well; this is what the program was reviewed with.
  if (
    createHash('sha384')
      .update(runtime.files.get(ADDON) ?? '')
      .digest('hex') !== addon
  ) {
    throw new ImageError('input_changed', 'koffi.node is not the one that the program was built for');
  }
  const files = [...runtime.files, [PROGRAM, bundle] as const];
  return {
    architecture,
    entries: tree([
      ...MOUNT_POINTS.map((path) => ({ path, mode: 0o755, data: null }) as const),
      ...files.map(([path, data]) => ({ path, mode: EXECUTABLE.test(path) ? 0o755 : 0o644, data }) as const),
    ]),
    entrypoint: [`/${NODE}`, ...nodeFlags, `/${PROGRAM}`],
    components: runtime.components,
    bundled: bundledComponents(bundle),
  };
}

async function programFile(folder: string, name: string): Promise<Buffer> {
  return readFile(join(folder, name)).catch((cause: unknown) => {
    throw new ImageError('program_incomplete', `${folder} has no ${name}: run \`npm run build\` first`, {
      cause,
    });
  });
}

/** What the build of the program says about it: flags of Node, and the SHA-384 of its addon. */
function parseImage(manifest: Buffer, { node }: Platform): { nodeFlags: readonly string[]; addon: string } {
  const { v, nodeFlags, native } = JSON.parse(manifest.toString('utf8')) as {
    readonly v?: unknown;
    readonly nodeFlags?: unknown;
    readonly native?: Readonly<Record<string, { readonly sha384?: unknown } | undefined>>;
  };
  const addon = native?.[node]?.sha384;
  const isFlag = (flag: unknown): flag is string =>
    typeof flag === 'string' && /^--[a-z][\x21-\x7e]*$/.test(flag);
  if (v !== 1 || !Array.isArray(nodeFlags) || !nodeFlags.every(isFlag) || typeof addon !== 'string') {
    throw new ImageError('program_incomplete', 'image.json is not of a program for Nitro');
  }
  return { nodeFlags, addon };
}

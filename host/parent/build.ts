// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type NativePart, writeNative } from '@enclave-vault/enclave/build/native';
import { parentArchive } from './build/archive.ts';
import { type Bundle, bundleParent } from './build/bundle.ts';

export interface ParentBuild {
  readonly directory: string;
  readonly bytes: number;
  /** Hex digest of parent.mjs. */
  readonly sha384: string;
  /** The addon for each architecture, in a folder of its name. */
  readonly native: readonly NativePart[];
  /** What the bundler read, and what of it is in the file. */
  readonly metafile: Bundle['metafile'];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the parent for an instance: `parent.mjs`, and the addon for vsock of each architecture in `x64/` and `arm64/`. The one of this machine's
 * architecture also lies beside the bundle, where it is looked for: the folder runs here as it is.
 * @param outDir made if need be; files of the same names are replaced
 */
export async function buildParent(outDir: string): Promise<ParentBuild> {
  const directory = resolve(outDir);
  const { code, metafile } = await bundleParent(await realpath(ROOT));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'parent.mjs'), code);
  const native = await writeNative(directory);
  const own = native.find(({ architecture }) => architecture === process.arch);
  if (own?.path != null) await copyFile(own.path, join(directory, 'koffi.node'));
  const sha384 = createHash('sha384').update(code).digest('hex');
  return { directory, bytes: code.length, sha384, native, metafile };
}

/** The folder. */
async function report(outDir: string): Promise<void> {
  const { directory, bytes, sha384, native } = await buildParent(outDir);
  process.stdout.write(`${directory}: parent.mjs, ${bytes} bytes, SHA-384 ${sha384}\n`);
  const missing = native.filter(({ path }) => path === null).map(({ architecture }) => architecture);
  if (missing.length > 0) process.stdout.write(`${directory}: without koffi.node of ${missing.join(', ')}\n`);
}

/** `--archive`: what an aarch64 instance gets, as one file. */
async function writeArchive(outDir: string): Promise<void> {
  const directory = resolve(outDir);
  const time = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
  const { bytes, sha256, files } = await parentArchive({ root: await realpath(ROOT), time });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'parent.tar.gz'), bytes);
  const lines = files.map((file) => `  ${file.sha256}  ${file.path}\n`).join('');
  process.stdout.write(`${directory}: parent.tar.gz, ${bytes.length} bytes, SHA-256 ${sha256}\n${lines}`);
}

if (import.meta.main) {
  const {
    values: { archive },
    positionals: [outDir = 'dist/parent'],
  } = parseArgs({ allowPositionals: true, options: { archive: { type: 'boolean', default: false } } });
  if (archive) await writeArchive(outDir);
  else await report(outDir);
}

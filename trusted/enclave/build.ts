// SPDX-License-Identifier: Apache-2.0
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build/bundle.ts';
import { NITRO_NODE_FLAGS, NODE_FLAGS } from './build/flags.ts';
import { bytesByFile, sha384 } from './build/measure.ts';
import { type NativePart, writeNative } from './build/native.ts';

/** An enclave image for a hypervisor that launches programs: a folder with `enclave.mjs` and `image.json`. */
export interface EnclaveImage {
  readonly directory: string;
  readonly name: string;
  readonly nodeFlags: readonly string[];
  /** Hex digest of enclave.mjs. */
  readonly sha384: string;
  /** Files that the bundle is made of, by path below the repository, with the bytes each of them has in it. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** What an image for AWS Nitro Enclaves puts beside Node: `enclave.mjs`, and beside it `koffi.node` of its architecture. */
export interface NitroEnclaveImage extends EnclaveImage {
  readonly native: readonly NativePart[];
}

const NAME = 'enclave-vault';
const ENTRY = 'enclave.mjs';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the enclave program, reproducibly: same sources, same bytes, in whatever folder.
 * @param outDir made if need be; files of the same names are replaced
 * @throws BuildError when the bundle contains what it may not
 */
export async function buildEnclave(outDir: string): Promise<EnclaveImage> {
  const image = { v: 1, name: NAME, nodeFlags: NODE_FLAGS };
  return write(outDir, 'trusted/enclave/src/main.ts', image, false);
}

/**
 * Builds the program for AWS Nitro Enclaves, as reproducibly. koffi.node is in a folder for each architecture, `x64` and `arm64`; one that npm has not
 * installed here is left out and its path null, while image.json has the digests of both.
 * @throws BuildError also `native_changed`
 */
export async function buildNitroEnclave(outDir: string): Promise<NitroEnclaveImage> {
  const native = await writeNative(resolve(outDir));
  const image = {
    v: 1,
    name: NAME,
    entry: ENTRY,
    nodeFlags: NITRO_NODE_FLAGS,
    native: Object.fromEntries(
      native.map(({ architecture, file, sha384 }) => [architecture, { file, sha384 }]),
    ),
  };
  return { ...(await write(outDir, 'trusted/enclave/src/main-nitro.ts', image, true)), native };
}

async function write(
  outDir: string,
  entry: string,
  image: Pick<EnclaveImage, 'name' | 'nodeFlags'>,
  native: boolean,
): Promise<EnclaveImage> {
  const { code, metafile } = await bundle(await realpath(ROOT), entry, native);
  const directory = resolve(outDir);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, ENTRY), code);
  await writeFile(join(directory, 'image.json'), `${JSON.stringify(image, null, 2)}\n`);
  const { name, nodeFlags } = image;
  return { directory, name, nodeFlags, sha384: sha384(code), inputs: bytesByFile(metafile) };
}

if (import.meta.main) {
  // `npm start` builds first: what it says on a person's first screen should be of the vault.
  const words = process.argv.slice(2);
  const say = (line: string) => words.includes('--quiet') || process.stdout.write(line);
  const [out = 'dist/enclave'] = words.filter((word) => word !== '--quiet');
  const { native, ...nitro } = await buildNitroEnclave(`${out}-nitro`);
  for (const { directory, sha384, inputs } of [await buildEnclave(out), nitro]) {
    const bytes = Object.values(inputs).reduce((sum, size) => sum + size, 0);
    const files = Object.keys(inputs).length;
    say(`${directory}: ${files} files, ${bytes} bytes, SHA-384 ${sha384}\n`);
  }
  const missing = native.filter(({ path }) => path === null).map(({ architecture }) => architecture);
  if (missing.length > 0)
    say(
      `${nitro.directory}: without koffi.node of ${missing.join(', ')}, which only an enclave on AWS needs\n`,
    );
}

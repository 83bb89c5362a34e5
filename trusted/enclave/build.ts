// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build/bundle.ts';
import { NODE_FLAGS } from './build/flags.ts';

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

const NAME = 'enclave-vault';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the enclave program, reproducibly: same sources, same bytes, in whatever folder.
 * @param outDir made if need be; files of the same names are replaced
 * @throws BuildError when the bundle contains what it may not
 */
export async function buildEnclave(outDir: string): Promise<EnclaveImage> {
  const { code, metafile } = await bundle(await realpath(ROOT), 'trusted/enclave/src/main.ts');
  const directory = resolve(outDir);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'enclave.mjs'), code);
  const image = { v: 1, name: NAME, nodeFlags: NODE_FLAGS };
  await writeFile(join(directory, 'image.json'), `${JSON.stringify(image, null, 2)}\n`);
  const inputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const),
  );
  return {
    directory,
    name: NAME,
    nodeFlags: NODE_FLAGS,
    sha384: createHash('sha384').update(code).digest('hex'),
    inputs: Object.fromEntries(inputs),
  };
}

if (import.meta.main) {
  const { directory, sha384, inputs } = await buildEnclave(process.argv[2] ?? 'dist/enclave');
  const bytes = Object.values(inputs).reduce((sum, size) => sum + size, 0);
  process.stdout.write(
    `${directory}: ${Object.keys(inputs).length} files, ${bytes} bytes, SHA-384 ${sha384}\n`,
  );
}

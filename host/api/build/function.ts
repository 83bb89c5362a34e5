// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A small function of the vault, in one file. */
export interface FunctionSource {
  /** Its main module, below the repository. */
  readonly entry: string;
  /** Largest size of the file. */
  readonly budget: number;
}

export interface BuiltFunction {
  /** Holds `index.mjs` and nothing else: what is zipped. */
  readonly directory: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Bundles a function into one ES module for Lambda's nodejs24.x: same sources, same bytes, in whatever folder. */
export async function bundleFunction(entry: string): Promise<Uint8Array> {
  const root = await realpath(fileURLToPath(new URL('../../..', import.meta.url)));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: 'index.mjs',
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    charset: 'utf8',
    legalComments: 'none',
    // The machine's own settings are none of its business.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('the bundler made no file');
  return file.contents;
}

/**
 * Builds a function, reproducibly.
 * @param outDir made anew
 * @throws when the file is larger than its budget
 */
export async function buildFunction(
  { entry, budget }: FunctionSource,
  outDir: string,
): Promise<BuiltFunction> {
  const code = await bundleFunction(entry);
  if (code.length > budget) throw new Error(`the function has ${code.length} bytes; its budget is ${budget}`);
  const directory = resolve(outDir);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'index.mjs'), code);
  return { directory, bytes: code.length, sha256: createHash('sha256').update(code).digest('hex') };
}

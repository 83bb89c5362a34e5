// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

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
  /** What the bundler read, and what of it is in the file. */
  readonly metafile: Metafile;
}

/** Bundles a function into one ES module for Lambda's nodejs24.x: same sources, same bytes, in whatever folder. */
export async function bundleFunction(entry: string): Promise<Uint8Array> {
  return (await bundle(entry)).code;
}

async function bundle(entry: string): Promise<{ readonly code: Uint8Array; readonly metafile: Metafile }> {
  const root = await realpath(fileURLToPath(new URL('../../..', import.meta.url)));
  const { outputFiles, metafile } = await build({
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
    metafile: true,
    // The machine's own settings are none of its business.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('the bundler made no file');
  return { code: file.contents, metafile };
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
  const { code, metafile } = await bundle(entry);
  if (code.length > budget) throw new Error(`the function has ${code.length} bytes; its budget is ${budget}`);
  const directory = resolve(outDir);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'index.mjs'), code);
  const sha256 = createHash('sha256').update(code).digest('hex');
  return { directory, bytes: code.length, sha256, metafile };
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleLambda, type LambdaBundle } from './build/bundle.ts';

/** Minified, with the AWS SDK. Every byte is read and compiled at a cold start. */
export const MAX_BUNDLE_BYTES = 1_500_000;

export interface BuiltLambda {
  /** Holds `index.mjs` and nothing else: what is zipped. */
  readonly directory: string;
  readonly bytes: number;
  readonly gzipped: number;
  readonly sha256: string;
  /** What the bundler read, and what of it is in the file. */
  readonly metafile: LambdaBundle['metafile'];
}

/**
 * Builds the function, reproducibly. Its source map goes beside the folder, for whoever reads a stack trace.
 * @param outDir made anew
 * @throws when the file is larger than its budget
 */
export async function buildLambda(outDir: string): Promise<BuiltLambda> {
  const { code, map, metafile } = await bundleLambda();
  if (code.length > MAX_BUNDLE_BYTES) {
    throw new Error(`the function has ${code.length} bytes; its budget is ${MAX_BUNDLE_BYTES}`);
  }
  const directory = resolve(outDir);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'index.mjs'), code);
  await writeFile(`${directory}.map`, map);
  const sha256 = createHash('sha256').update(code).digest('hex');
  return { directory, bytes: code.length, gzipped: gzipSync(code).length, sha256, metafile };
}

if (import.meta.main) {
  const { directory, bytes, gzipped, sha256 } = await buildLambda(process.argv[2] ?? 'dist/lambda');
  process.stdout.write(`${directory}: index.mjs, ${bytes} bytes (${gzipped} gzipped), SHA-256 ${sha256}\n`);
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Minified, with the AWS SDK's KMS client. */
export const MAX_BUNDLE_BYTES = 600_000;

export type CanaryName = 'canary-inside' | 'canary-outside';

export interface BuiltCanary {
  /** Holds `index.mjs` and nothing else: what is zipped. */
  readonly directory: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What the bundler read, and what of it is in the file. */
  readonly metafile: Metafile;
}

/** CommonJS packages in an ES module ask for Node's own modules by a function that ES modules do not have. */
const REQUIRE = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

/** A canary's file for Lambda's nodejs24.x: same sources, same bytes, in whatever folder. */
export async function bundleCanary(name: CanaryName): Promise<Uint8Array> {
  return (await bundle(name)).code;
}

async function bundle(name: CanaryName): Promise<{ readonly code: Uint8Array; readonly metafile: Metafile }> {
  const root = await realpath(fileURLToPath(new URL('..', import.meta.url)));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`canary/src/${name.slice('canary-'.length)}.ts`],
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
    banner: { js: REQUIRE },
    // The machine's own settings are none of its business.
    tsconfigRaw: '{}',
    logLevel: 'silent',
    plugins: [environmentCredentials(join(root, 'canary'))],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('the bundler made no file');
  return { code: file.contents, metafile };
}

/**
 * Builds a canary, reproducibly.
 * @param outDir made anew
 * @throws when the file is larger than its budget
 */
export async function buildCanary(name: CanaryName, outDir: string): Promise<BuiltCanary> {
  const { code, metafile } = await bundle(name);
  if (code.length > MAX_BUNDLE_BYTES)
    throw new Error(`${name} has ${code.length} bytes; its budget is ${MAX_BUNDLE_BYTES}`);
  const directory = resolve(outDir);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'index.mjs'), code);
  const sha256 = createHash('sha256').update(code).digest('hex');
  return { directory, bytes: code.length, sha256, metafile };
}

/** Lambda gives credentials by the environment; the SDK's other ways to them stay out of the file. */
function environmentCredentials(resolveDir: string): Plugin {
  return {
    name: 'environment-credentials',
    setup: (building) => {
      const filter = /^@aws-sdk\/credential-provider-node$/;
      building.onResolve({ filter }, ({ path }) => ({ path, namespace: 'environment' }));
      building.onLoad({ filter: /.*/, namespace: 'environment' }, () => ({
        contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
        resolveDir,
      }));
    },
  };
}

if (import.meta.main) {
  const out = process.argv[2] ?? 'dist';
  for (const name of ['canary-inside', 'canary-outside'] as const) {
    const { directory, bytes, sha256 } = await buildCanary(name, join(out, name));
    process.stdout.write(`${directory}: index.mjs, ${bytes} bytes, SHA-256 ${sha256}\n`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { omit } from './omit.ts';

export interface LambdaBundle {
  readonly code: Uint8Array;
  /** Source map, with paths below the repository. Not a part of what is deployed. */
  readonly map: Uint8Array;
  readonly metafile: Metafile;
}

export interface LambdaBundleOptions {
  /** Leave the AWS SDK to the one that Lambda's runtime brings, of whatever version. */
  readonly externalSdk?: boolean;
}

/** CommonJS packages in an ES module ask for Node's own modules by a function that ES modules do not have. */
const REQUIRE = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

/** Bundles the function into one ES module for Lambda's nodejs24.x: same sources, same bytes, in whatever folder. */
export async function bundleLambda({ externalSdk = false }: LambdaBundleOptions = {}): Promise<LambdaBundle> {
  const root = await realpath(fileURLToPath(new URL('../../..', import.meta.url)));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['host/api/src/lambda/main.ts'],
    outfile: 'index.mjs',
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Modules before CommonJS: what nobody uses of the SDK is left out.
    mainFields: ['module', 'main'],
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    banner: { js: REQUIRE },
    // The machine's own settings are none of its business.
    tsconfigRaw: '{}',
    logLevel: 'silent',
    plugins: [omit(join(root, 'host/api'))],
    ...(externalSdk ? { external: ['@aws-sdk/*', '@smithy/*'] } : {}),
  });
  const file = (name: string) => {
    const found = outputFiles.find(({ path }) => path.endsWith(name));
    if (found === undefined) throw new Error(`the bundler made no ${name}`);
    return found.contents;
  };
  return { code: file('index.mjs'), map: file('index.mjs.map'), metafile };
}

// SPDX-License-Identifier: Apache-2.0
import { build, type Metafile } from 'esbuild';

export interface Bundle {
  readonly code: Uint8Array;
  readonly metafile: Metafile;
}

/** A CommonJS dependency asks for built-in modules by `require`, which a module does not have. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles the parent into one ES module for Node 24, dependencies included: an instance needs no node_modules. The bytes depend on the
 * sources only, as those of the enclave's program do.
 * @param root folder of the repository, without symbolic links
 */
export async function bundleParent(root: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['host/parent/src/main.ts'],
    outfile: 'parent.mjs',
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // `bundled`: the addon lies beside the bundle. `module` is the default that naming any replaces.
    conditions: ['bundled', 'module'],
    charset: 'utf8',
    legalComments: 'inline',
    banner: { js: REQUIRE },
    sourcemap: false,
    metafile: true,
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('no bundle');
  return { code: output.contents, metafile };
}

// SPDX-License-Identifier: Apache-2.0
import { build, type Metafile } from 'esbuild';
import { problems } from './check.ts';
import { BuildError } from './errors.ts';

export interface Bundle {
  readonly code: Uint8Array;
  readonly metafile: Metafile;
}

/**
 * Bundles a program into one ES module for Node 24 and checks what is in it. The bytes depend on the sources only: all paths in the output
 * are relative to `root`, wherever that is. Names and layout are kept: what is measured should be readable.
 * @param root folder of the repository, without symbolic links
 * @param entry path of the program below it
 * @param native it may load an addon that lies beside it
 * @throws BuildError `forbidden` with the reasons
 */
export async function bundle(root: string, entry: string, native = false): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: 'enclave.mjs',
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // `bundled`: a bundle looks for nothing in node_modules. `module` is the default that naming any replaces.
    conditions: ['bundled', 'module'],
    charset: 'utf8',
    legalComments: 'inline',
    sourcemap: false,
    metafile: true,
    // A library asks the environment about itself. There is none, and none is read.
    define: { 'process.env': '{}' },
    // The machine's own settings are none of its business.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined || outputFiles.length !== 1) throw new BuildError('not_one_file', []);
  const found = problems(metafile, output.text, native);
  if (found.length > 0) throw new BuildError('forbidden', found);
  return { code: output.contents, metafile };
}

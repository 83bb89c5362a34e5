// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnclave, buildNitroEnclave, type NitroEnclaveImage } from '@enclave-vault/enclave/build';
import { build } from 'esbuild';
import { GUEST, ROOT } from './folders.ts';

/** Programs of the guest by the name of their bundle. */
const PROGRAMS: Readonly<Record<string, string>> = {
  main: `${GUEST}/main.ts`,
  'nsm-service': `${GUEST}/nsm-service.ts`,
  parent: `${ROOT}host/parent/src/main.ts`,
  api: `${ROOT}host/api/src/main.ts`,
};

export interface Bundles {
  /** Of the guest's programs, and koffi.node beside them. */
  readonly guest: string;
  readonly nitro: NitroEnclaveImage;
  /** The same program for unix sockets, to compare with. */
  readonly local: string;
}

/** Everything that runs in the machine, in files of its own: the machine has no node_modules. */
export async function buildBundles(folder: string): Promise<Bundles> {
  const guest = join(folder, 'guest');
  await mkdir(guest, { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(PROGRAMS).map(([out, source]) => ({ in: source, out })),
    outdir: guest,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['bundled', 'module'],
    alias: { '@fastify/swagger-ui': `${ROOT}tests/vm/host/no-pages.ts` },
    // Packages in CommonJS ask for built-in modules at run time.
    banner: {
      js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
    },
    logLevel: 'error',
  });
  const [nitro, local] = await Promise.all([
    buildNitroEnclave(join(folder, 'nitro')),
    buildEnclave(join(folder, 'local')),
  ]);
  const addon = nitro.native.find(({ architecture }) => architecture === process.arch)?.path ?? null;
  if (addon === null) throw new Error('npm has not installed koffi for this architecture');
  await copyFile(addon, join(guest, 'koffi.node'));
  return { guest, nitro, local: local.directory };
}

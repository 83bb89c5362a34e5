// SPDX-License-Identifier: Apache-2.0
/** `npm run sbom -- [FOLDER]`: the bills of materials of every part that is made of the sources, dist/sbom by default. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { BUILDERS, buildParts } from './parts.ts';
import { billOf } from './sbom.ts';

const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
const folder = resolve(process.env.INIT_CWD ?? '.', process.argv[2] ?? 'dist/sbom');
await mkdir(folder, { recursive: true });
for (const [part, built] of await buildParts(BUILDERS)) {
  await writeFile(join(folder, `${part}.cdx.json`), billOf(part, built, version));
  process.stdout.write(`${part}.cdx.json: ${built.components?.length ?? 0} packages\n`);
}
process.stdout.write(`${folder}: the enclave image has its own, made with it (npm run image)\n`);

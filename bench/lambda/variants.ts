// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleLambda } from '../../host/api/build/bundle.ts';

export interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly gzipped: number;
}

/** The function with the SDK in its file, and without it: then Node finds the SDK's packages as npm installed them. */
export async function makeVariants(): Promise<Variant[]> {
  const built = [
    { name: 'SDK in the file', folder: 'with-sdk', externalSdk: false },
    { name: 'SDK of the runtime', folder: 'without-sdk', externalSdk: true },
  ];
  return await Promise.all(
    built.map(async ({ name, folder, externalSdk }) => {
      const { code } = await bundleLambda({ externalSdk });
      // Below the repository, so that node_modules is found.
      const directory = join(import.meta.dirname, '../../dist/bench-lambda', folder);
      mkdirSync(directory, { recursive: true });
      const file = join(directory, 'index.mjs');
      writeFileSync(file, code);
      return { name, file, bytes: code.length, gzipped: gzipSync(code).length };
    }),
  );
}

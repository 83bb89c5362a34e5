// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildLambda } from '@enclave-vault/api/build/lambda';
import { buildEnclave, buildNitroEnclave } from '@enclave-vault/enclave/build';
import { buildAuthorizer } from '../../../host/authorizer/build.ts';
import { buildParent } from '../../../host/parent/build.ts';
import { buildSmoke } from '../../../host/smoke/build.ts';
import { inputsOf, type Size, type Sizes, sizeOf } from './sizes.ts';

/** Builds everything, and says how large it is. */
export async function buildAll(): Promise<Sizes> {
  const folder = mkdtempSync(join(tmpdir(), 'ev-sizes-'));
  const image = async (build: typeof buildEnclave, name: string): Promise<Size> => {
    const { directory, inputs } = await build(join(folder, name));
    return sizeOf(readFileSync(join(directory, 'enclave.mjs')).length, inputs);
  };
  const bundle = async (build: typeof buildSmoke | typeof buildParent, name: string): Promise<Size> => {
    const { bytes, metafile } = await build(join(folder, name));
    return sizeOf(bytes, inputsOf(metafile));
  };
  try {
    return {
      enclave: await image(buildEnclave, 'enclave'),
      'enclave-nitro': await image(buildNitroEnclave, 'enclave-nitro'),
      parent: await bundle(buildParent, 'parent'),
      lambda: await bundle(buildLambda, 'lambda'),
      authorizer: await bundle(buildAuthorizer, 'authorizer'),
      smoke: await bundle(buildSmoke, 'smoke'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

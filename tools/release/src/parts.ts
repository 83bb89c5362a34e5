// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLambda } from '@enclave-vault/api/build/lambda';
import { buildAuthorizer } from '@enclave-vault/authorizer/build';
import { buildCanary } from '@enclave-vault/canary/build';
import { zipOf } from '@enclave-vault/deploy/zip';
import {
  type BomComponent,
  type BundleInputs,
  bundledPackages,
  inputsOf,
  npmComponent,
} from '@enclave-vault/image-parts';
import { parentArchive } from '@enclave-vault/parent/build/archive';
import type { Part } from '@enclave-vault/release';
import { buildSmoke } from '@enclave-vault/smoke/build';
import { ReleaseToolError } from './errors.ts';

/** Parts that are made of the sources. The image is not: it is given, since it is signed elsewhere. */
export type SourcePart = Exclude<Part, 'image'>;

export interface BuiltPart {
  /** Name of its file in the release. */
  readonly path: string;
  readonly bytes: Buffer;
  /** What it is made of. */
  readonly components?: readonly BomComponent[];
}

export type Builders = Readonly<Record<SourcePart, () => Promise<BuiltPart>>>;

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The same sources and lockfile give the same bytes, on any machine. */
export const BUILDERS: Builders = {
  api: () => lambda('api', buildLambda),
  authorizer: () => lambda('authorizer', buildAuthorizer),
  smoke: () => lambda('smoke', buildSmoke),
  'canary-inside': () => lambda('canary-inside', (folder) => buildCanary('canary-inside', folder)),
  'canary-outside': () => lambda('canary-outside', (folder) => buildCanary('canary-outside', folder)),
  parent: async () => {
    const { bytes, metafile, packages } = await parentArchive({ root: await realpath(ROOT) });
    const whole = packages.map(({ name, file }) => npmComponent(name, [file]));
    return { path: 'parent.tar.gz', bytes, components: [...bundledPackages(inputsOf(metafile)), ...whole] };
  },
};

const SOURCE_PARTS = Object.keys(BUILDERS) as readonly SourcePart[];

/**
 * Builds all, one after the other: a bundler uses every core that there is.
 * @throws {ReleaseToolError} `build_failed`
 */
export async function buildParts(builders: Builders): Promise<ReadonlyMap<SourcePart, BuiltPart>> {
  const built = new Map<SourcePart, BuiltPart>();
  for (const part of SOURCE_PARTS) {
    try {
      built.set(part, await builders[part]());
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : 'unknown';
      throw new ReleaseToolError('build_failed', `${part} cannot be built: ${why}`, { cause });
    }
  }
  return built;
}

/** A function is one file, `index.mjs`: what else its builder leaves stays out of the zip. */
async function lambda(
  name: string,
  build: (folder: string) => Promise<{ readonly directory: string; readonly metafile: BundleInputs }>,
): Promise<BuiltPart> {
  const work = await mkdtemp(join(tmpdir(), 'enclave-vault-release-'));
  try {
    const { directory, metafile } = await build(join(work, name));
    const code = await readFile(join(directory, 'index.mjs'));
    const components = bundledPackages(inputsOf(metafile));
    return { path: `${name}.zip`, bytes: zipOf({ 'index.mjs': code }), components };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

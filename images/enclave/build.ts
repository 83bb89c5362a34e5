// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run image -- [ARCHITECTURE…]`: what a container builder needs to make the enclave's image, in dist/enclave-image/ARCHITECTURE:
 * `rootfs.tar`, the Dockerfile and `sbom.cdx.json`. SOURCE_DATE_EPOCH is the time of all files in the image, 0 by default.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assembleRootfs, type Rootfs, tar } from './rootfs.ts';
import { ARCHITECTURES, platformOf } from './src/architecture.ts';
import { dockerfileFor } from './src/dockerfile.ts';
import { ImageError } from './src/errors.ts';
import { sbom } from './src/sbom.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Writes an image's context for a container builder. @returns hex SHA-256 of rootfs.tar. @throws ImageError */
export async function writeContext(rootfs: Rootfs, folder: string, time: number): Promise<string> {
  const dockerfile = dockerfileFor(rootfs.entrypoint);
  const archive = tar(rootfs.entries, time);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rootfs.tar'), archive);
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  const platform = platformOf(rootfs.architecture);
  await writeFile(join(folder, 'sbom.cdx.json'), sbom(platform, rootfs.entries, rootfs.components));
  return createHash('sha256').update(archive).digest('hex');
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const time = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
  try {
    for (const name of asked.length === 0 ? ARCHITECTURES : asked) {
      const { architecture } = platformOf(name);
      const rootfs = await assembleRootfs({ architecture, program: join(ROOT, 'dist/enclave-nitro') });
      const digest = await writeContext(rootfs, join(ROOT, 'dist/enclave-image', architecture), time);
      const bytes = rootfs.entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
      process.stdout.write(
        `dist/enclave-image/${architecture}: ${(bytes / 1e6).toFixed(1)} MB, rootfs.tar SHA-256 ${digest}\n`,
      );
    }
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run image -- [ARCHITECTURE…] [--blobs DIR]`: the enclave's image in dist/enclave-image/ARCHITECTURE, for a container builder
 * (`rootfs.tar`, Dockerfile) and with a list of its parts (`sbom.cdx.json`). With the folder of nitro-cli's init, the ramdisks for eif_build as well.
 * SOURCE_DATE_EPOCH is the time of all files in the image, 0 by default.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ImageError } from '@enclave-vault/image-parts';
import { assembleRootfs, type Rootfs, tar } from './rootfs.ts';
import { ARCHITECTURES, platformOf } from './src/architecture.ts';
import { dockerfileFor } from './src/dockerfile.ts';
import { applicationRamdisk, bootRamdisk, pcr2Of } from './src/ramdisks.ts';
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
  const bill = sbom(platform, rootfs.entries, rootfs.components, rootfs.bundled);
  await writeFile(join(folder, 'sbom.cdx.json'), bill);
  return createHash('sha256').update(archive).digest('hex');
}

/**
 * Writes the two ramdisks of an enclave image file, boot.cpio and application.cpio.
 *
 * @param blobs folder with `init`, and `nsm.ko` where the kernel needs it
 * @throws ImageError `input_unavailable`
 */
export async function writeRamdisks(
  rootfs: Rootfs,
  folder: string,
  time: number,
  blobs: string,
): Promise<void> {
  const init = await readFile(join(blobs, 'init')).catch((cause: unknown) => {
    throw new ImageError('input_unavailable', `${blobs} has no init: nitro-cli brings one`, { cause });
  });
  const driver = await readFile(join(blobs, 'nsm.ko')).catch(() => null);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'boot.cpio'), bootRamdisk(init, driver, time));
  await writeFile(join(folder, 'application.cpio'), applicationRamdisk(rootfs, time));
}

async function main(args: string[], time: number): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { blobs: { type: 'string' } },
  });
  for (const name of positionals.length === 0 ? ARCHITECTURES : positionals) {
    const { architecture } = platformOf(name);
    const rootfs = await assembleRootfs({ architecture, program: join(ROOT, 'dist/enclave-nitro') });
    const folder = join(ROOT, 'dist/enclave-image', architecture);
    const digest = await writeContext(rootfs, folder, time);
    if (values.blobs !== undefined) {
      await writeRamdisks(rootfs, folder, time, resolve(process.env.INIT_CWD ?? '.', values.blobs));
    }
    const bytes = rootfs.entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    const lines = [
      `dist/enclave-image/${architecture}: ${(bytes / 1e6).toFixed(1)} MB`,
      `  SHA-256 of rootfs.tar ${digest}`,
      `  PCR2 by eif_build     ${pcr2Of(applicationRamdisk(rootfs, time))}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2), Number(process.env.SOURCE_DATE_EPOCH ?? 0));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

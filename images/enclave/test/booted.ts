// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackKernel } from '../../../tests/vm/host/kernel.ts';
import { boot } from '../../../tests/vm/host/machine.ts';

const KERNELS = join(import.meta.dirname, '../../../.cache/vm');
const LIMIT_MS = 180_000;

/** Fetches Debian's kernel unless tests/heavy/vm.sh has. @returns false where that cannot be */
export function prepareKernel(): boolean {
  mkdirSync(KERNELS, { recursive: true });
  if (readdirSync(KERNELS).some((name) => /^linux-image-.*\.deb$/.test(name))) return true;
  const depends =
    spawnSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], { encoding: 'utf8' }).stdout ?? '';
  const name = /Depends: (\S+)/.exec(depends)?.[1];
  return (
    name !== undefined &&
    spawnSync('apt-get', ['download', name], { cwd: KERNELS, stdio: 'ignore' }).status === 0
  );
}

/** Compiles the stand-in for AWS's init into a folder as nitro-cli's is laid out. */
export function writeInit(blobs: string): void {
  const source = join(import.meta.dirname, 'init.c');
  execFileSync('cc', ['-static', '-O1', '-Wall', '-o', join(blobs, 'init'), source]);
}

/** Boots a kernel with the ramdisks one after the other, as an enclave does. @returns the lines of its console */
export async function booted(folder: string): Promise<readonly string[]> {
  const ramdisk = join(folder, 'ramdisks');
  writeFileSync(
    ramdisk,
    Buffer.concat(['boot.cpio', 'application.cpio'].map((file) => readFileSync(join(folder, file)))),
  );
  const lines: string[] = [];
  const { timedOut } = await boot(unpackKernel(KERNELS).image, ramdisk, LIMIT_MS, (line) => lines.push(line));
  return timedOut ? [...lines, 'the machine did not end by itself'] : lines;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Boots a machine with vsock and a Nitro Secure Module's device, and runs the enclave, its parent and KMS in it: `tests/heavy/vm.sh`. Prints
 * what the machine's checks say, and `N passed, N failed`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assembleRootfs, ownArchitecture } from '../../images/enclave/rootfs.ts';
import { buildBundles } from './host/bundles.ts';
import { CACHE } from './host/folders.ts';
import { unpackKernel } from './host/kernel.ts';
import { boot, packInitramfs } from './host/machine.ts';
import { layOut } from './host/root-files.ts';

const LIMIT_MS = Number(process.env.VM_LIMIT_S ?? 1_500) * 1000;

mkdirSync(CACHE, { recursive: true });
const kernel = unpackKernel(CACHE);
const bundles = await buildBundles(join(CACHE, 'bundles'));
const root = join(CACHE, 'root');
const architecture = ownArchitecture();
if (architecture === null) throw new Error('no image for this architecture');
layOut(root, kernel, bundles, await assembleRootfs({ architecture, program: bundles.nitro.directory }));
const initramfs = join(CACHE, 'initramfs.cpio');
packInitramfs(root, initramfs);

let counted: string | null = null;
const { accelerated, ms, timedOut } = await boot(kernel.image, initramfs, LIMIT_MS, (line) => {
  if (/^\d+ passed, \d+ failed$/.test(line)) counted = line;
  else console.log(line);
});
console.log(
  `Linux ${kernel.version}, ${accelerated ? 'KVM' : 'emulated'}: ${Math.round(ms / 100) / 10} s from start to power-off`,
);
if (timedOut) console.log('the machine did not end by itself');
console.log(counted ?? '0 passed, 1 failed');
process.exitCode = counted === null || timedOut || !/ 0 failed$/.test(counted) ? 1 : 0;

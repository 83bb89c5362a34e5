// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Rootfs } from '../../../images/enclave/rootfs.ts';
import type { Bundles } from './bundles.ts';
import { GUEST } from './folders.ts';
import type { Kernel } from './kernel.ts';

/** Shared libraries of a program and the dynamic loader, by the paths that it looks for them. */
function libraries(program: string): string[] {
  const printed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...printed.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/**
 * Lays out the guest's first file system in `root`: busybox, Node with its libraries, kernel modules and bundles; and below /enclave the root file
 * system of the enclave image as it is released (images/enclave), in which the program runs.
 */
export function layOut(root: string, kernel: Kernel, bundles: Bundles, image: Rootfs): void {
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['proc', 'sys', 'dev', 'tmp', 'bin', 'modules', 'guest', 'etc', 'enclave'])
    mkdirSync(join(root, folder), { recursive: true });
  const node = realpathSync(process.execPath);
  const addon = join(bundles.guest, 'koffi.node');
  for (const file of new Set([...libraries(node), ...libraries(addon)])) copy(file, join(root, file));
  copy(node, join(root, 'bin/node'));
  copy('/bin/busybox', join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/sh'));
  for (const module of kernel.modules) copy(module.path, join(root, 'modules', module.name));
  cpSync(bundles.guest, join(root, 'guest'), { recursive: true });
  cpSync(bundles.local, join(root, 'guest/local'), { recursive: true });
  layOutEnclave(join(root, 'enclave'), image);
  writeFileSync(join(root, 'guest/entrypoint.json'), JSON.stringify(image.entrypoint));
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  // An image that this machine's nitro-cli has no use for.
  writeFileSync(join(root, 'guest/enclave.eif'), '');
  for (const [from, to] of [
    ['init.sh', 'init'],
    ['nitro-cli.sh', 'guest/nitro-cli'],
  ] as const) {
    copy(join(GUEST, from), join(root, to));
    chmodSync(join(root, to), 0o755);
  }
}

function layOutEnclave(folder: string, { entries }: Rootfs): void {
  for (const { path, mode, data } of entries) {
    const target = join(folder, path);
    if (data === null) mkdirSync(target, { recursive: true });
    else writeFileSync(target, data);
    chmodSync(target, mode);
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, { mode: 0 });
}

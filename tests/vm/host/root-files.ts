// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bundles } from './bundles.ts';
import { GUEST } from './folders.ts';
import type { Kernel } from './kernel.ts';

/** Shared libraries of a program and the dynamic loader, by the paths that it looks for them. */
function libraries(program: string): string[] {
  const printed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...printed.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/**
 * Lays out the guest's first file system in `root`: busybox, Node with its libraries, kernel modules and bundles; and below /enclave and /local the two
 * enclaves' own ones, which have nothing but Node and their program. Files that are there twice are linked: they take memory once.
 */
export function layOut(root: string, kernel: Kernel, bundles: Bundles): void {
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['proc', 'sys', 'dev', 'tmp', 'bin', 'modules', 'guest', 'enclave/dev', 'enclave/app'])
    mkdirSync(join(root, folder), { recursive: true });
  const node = realpathSync(process.execPath);
  const addon = join(bundles.guest, 'koffi.node');
  for (const file of [...new Set([...libraries(node), ...libraries(addon)])]) {
    copy(file, join(root, file));
    link(join(root, file), join(root, 'enclave', file));
  }
  copy(node, join(root, 'bin/node'));
  link(join(root, 'bin/node'), join(root, 'enclave/bin/node'));
  copy('/bin/busybox', join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/sh'));
  for (const module of kernel.modules) copy(module.path, join(root, 'modules', module.name));
  cpSync(bundles.guest, join(root, 'guest'), { recursive: true });
  copy(join(bundles.nitro.directory, 'enclave.mjs'), join(root, 'enclave/app/enclave.mjs'));
  link(join(root, 'guest/koffi.node'), join(root, 'enclave/app/koffi.node'));
  copy(join(bundles.nitro.directory, 'image.json'), join(root, 'guest/nitro-image.json'));
  cpSync(bundles.local, join(root, 'guest/local'), { recursive: true });
  copy(join(GUEST, 'init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, { mode: 0 });
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to)) linkSync(from, to);
}

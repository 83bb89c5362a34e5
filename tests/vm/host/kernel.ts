// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Kernel {
  readonly image: string;
  readonly version: string;
  readonly modules: readonly { readonly name: string; readonly path: string }[];
}

const MODULES: Readonly<Record<string, string>> = {
  'fuse.ko': 'kernel/fs/fuse/fuse.ko',
  'cuse.ko': 'kernel/fs/fuse/cuse.ko',
  'vsock.ko': 'kernel/net/vmw_vsock/vsock.ko',
  'vmw_vsock_virtio_transport_common.ko': 'kernel/net/vmw_vsock/vmw_vsock_virtio_transport_common.ko',
  'vsock_loopback.ko': 'kernel/net/vmw_vsock/vsock_loopback.ko',
};

/** Unpacks Debian's kernel package, which is not installed anywhere. @throws Error when it lacks a module */
export function unpackKernel(cache: string): Kernel {
  const packages = readdirSync(cache).filter((name) => /^linux-image-.*-cloud-amd64_.*\.deb$/.test(name));
  const name = packages.sort().at(-1);
  if (name === undefined) throw new Error('no kernel package: tests/heavy/vm.sh fetches it');
  const folder = join(cache, name.replace(/\.deb$/, ''));
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('dpkg-deb', ['-x', join(cache, name), folder]);
  }
  const version = readdirSync(join(folder, 'lib/modules'))[0] ?? '';
  const modules = Object.entries(MODULES).map(([module, path]) => ({
    name: module,
    path: join(folder, 'lib/modules', version, path),
  }));
  for (const { path } of modules) if (!existsSync(path)) throw new Error(`no such module: ${path}`);
  return { image: join(folder, 'boot', `vmlinuz-${version}`), version, modules };
}

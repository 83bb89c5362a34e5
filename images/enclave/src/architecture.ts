// SPDX-License-Identifier: Apache-2.0
import { ImageError } from '@enclave-vault/image-parts';

/** As the kernel and nitro-cli name them. */
export type Architecture = 'x86_64' | 'aarch64';

export interface Platform {
  readonly architecture: Architecture;
  /** As Debian names it. */
  readonly debian: 'amd64' | 'arm64';
  /** As Node and npm name it. */
  readonly node: 'x64' | 'arm64';
  /** e_machine of its ELF files. */
  readonly machine: number;
  /** Folder of its shared libraries, which glibc's loader searches without any configuration. */
  readonly libraries: string;
}

const PLATFORMS: Readonly<Record<Architecture, Platform>> = {
  x86_64: {
    architecture: 'x86_64',
    debian: 'amd64',
    node: 'x64',
    machine: 62,
    libraries: 'lib/x86_64-linux-gnu',
  },
  aarch64: {
    architecture: 'aarch64',
    debian: 'arm64',
    node: 'arm64',
    machine: 183,
    libraries: 'lib/aarch64-linux-gnu',
  },
};

export const ARCHITECTURES = Object.keys(PLATFORMS) as readonly Architecture[];

/** @throws ImageError `architecture_unknown` */
export function platformOf(architecture: string): Platform {
  if (!Object.hasOwn(PLATFORMS, architecture)) {
    throw new ImageError('architecture_unknown', `the architecture is one of ${ARCHITECTURES.join(', ')}`);
  }
  return PLATFORMS[architecture as Architecture];
}

/** That of this machine; null where it is neither. */
export function ownArchitecture(): Architecture | null {
  return process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : null;
}

// SPDX-License-Identifier: Apache-2.0

import { ImageError, type Member, type NpmPin, npmPackage, npmPin } from '@enclave-vault/image-parts';
import type { Platform } from './architecture.ts';
import { debianPackage } from './debian.ts';
import { type ElfFile, readElf } from './elf.ts';
import { debianPins } from './pins.ts';

/** Something the image is made of: what an SBOM lists. */
export interface Component {
  readonly name: string;
  readonly version: string;
  /** Package URL (purl). */
  readonly purl: string;
  readonly digest: { readonly algorithm: 'SHA-256' | 'SHA-512'; readonly hex: string };
  /** Paths in the image of the files taken from it. */
  readonly files: readonly string[];
  /** SPDX expression. */
  readonly licence: string;
}

/** The part of the image that is not ours. */
export interface Runtime {
  /** Contents by path in the image. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly components: readonly Component[];
}

export const NODE = 'bin/node';
export const ADDON = 'app/koffi.node';

/** Of the Debian packages, as SPDX expressions. */
const LICENCES: Readonly<Record<string, string>> = {
  libc6: 'LGPL-2.1-or-later',
  'libgcc-s1': 'GPL-3.0-or-later WITH GCC-exception-3.1',
  'libstdc++6': 'GPL-3.0-or-later WITH GCC-exception-3.1',
};

/** Longest chain of links in a package. */
const MAX_LINKS = 8;

/**
 * Fetches Node, koffi's addon and the shared libraries that these two need: no more, no less. Which ones follows from the ELF files
 * themselves, and each must come from a pinned package.
 *
 * @throws ImageError `input_*`, `library_missing`, `library_unused`, `wrong_machine`, `tool_missing`, `mirror_unknown`
 */
export async function fetchRuntime(platform: Platform, cache: string): Promise<Runtime> {
  const node = npmPin(`node-linux-${platform.node}`);
  const koffi = npmPin(`@koromix/koffi-linux-${platform.node}`);
  const [nodeFiles, koffiFiles, ...debianFiles] = await Promise.all([
    npmPackage(cache, node),
    npmPackage(cache, koffi),
    ...debianPins(platform).map(async (pin) => debianPackage(cache, pin)),
  ]);
  const programs = new Map([
    [NODE, contents(nodeFiles, 'bin/node')],
    [ADDON, contents(koffiFiles, `linux_${platform.node}/koffi.node`)],
  ]);
  const libraries = librariesOf(programs, debianFiles, platform);
  return {
    files: new Map([...programs, ...libraries.map(({ path, data }) => [path, data] as const)]),
    components: [
      npmComponent(node, [NODE]),
      npmComponent(koffi, [ADDON]),
      ...debianPins(platform).map(({ name, version, sha256 }, index) => ({
        name,
        version,
        purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${platform.debian}`,
        digest: { algorithm: 'SHA-256' as const, hex: sha256 },
        files: libraries.filter((library) => library.from === index).map(({ path }) => path),
        licence: LICENCES[name] ?? 'NOASSERTION',
      })),
    ],
  };
}

export interface Library {
  readonly path: string;
  readonly data: Buffer;
  /** Index of its package. */
  readonly from: number;
}

/** All that the programs are linked with, directly or not, under the names that the loader looks for. */
export function librariesOf(
  programs: ReadonlyMap<string, Buffer>,
  packages: readonly ReadonlyMap<string, Member>[],
  platform: Platform,
): readonly Library[] {
  const found = new Map<string, Library>();
  const loaders = new Set<string>();
  const waiting: ElfFile[] = [...programs.values()].map(readElf);
  for (let elf = waiting.pop(); elf !== undefined; elf = waiting.pop()) {
    if (elf.machine !== platform.machine) {
      throw new ImageError('wrong_machine', `a file of the image is not for ${platform.architecture}`);
    }
    if (elf.interpreter !== null) loaders.add(elf.interpreter.replace(/^\//, ''));
    for (const name of elf.needed) {
      if (found.has(name)) continue;
      const library = findLibrary(name, packages, platform);
      found.set(name, library);
      waiting.push(readElf(library.data));
    }
  }
  // The loader is a library too (libc and libstdc++ name it), but the kernel looks for it elsewhere.
  const libraries = [...found].map(([name, library]) => {
    const loader = [...loaders].find((path) => path.endsWith(`/${name}`));
    return loader === undefined ? library : { ...library, path: loader };
  });
  for (const path of loaders) {
    if (!libraries.some((library) => library.path === path)) {
      throw new ImageError('library_missing', `no pinned package has the loader ${path}`);
    }
  }
  packages.forEach((_, index) => {
    if (!libraries.some(({ from }) => from === index)) {
      throw new ImageError('library_unused', `a pinned package (number ${index + 1}) is not needed`);
    }
  });
  return libraries;
}

function findLibrary(
  name: string,
  packages: readonly ReadonlyMap<string, Member>[],
  platform: Platform,
): Library {
  for (const [from, files] of packages.entries()) {
    for (const folder of [platform.libraries, `usr/${platform.libraries}`]) {
      if (files.has(`${folder}/${name}`)) {
        return { path: `${platform.libraries}/${name}`, data: contents(files, `${folder}/${name}`), from };
      }
    }
  }
  throw new ImageError('library_missing', `no pinned package has ${name}`);
}

/** Of a file, or of the one that a link leads to in the same package. */
function contents(files: ReadonlyMap<string, Member>, path: string): Buffer {
  let [at, member] = [path, files.get(path)];
  for (let links = 0; member !== undefined && 'link' in member && links < MAX_LINKS; links++) {
    at = new URL(member.link, `file:///${at}`).pathname.slice(1);
    member = files.get(at);
  }
  if (member === undefined || 'link' in member)
    throw new ImageError('input_malformed', `a package has no ${path}`);
  return member.data;
}

/** A package of the lockfile. */
export function npmComponent(
  { name, version, sha512, licence }: NpmPin,
  files: readonly string[],
): Component {
  return {
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    digest: { algorithm: 'SHA-512', hex: Buffer.from(sha512, 'base64').toString('hex') },
    files,
    licence,
  };
}

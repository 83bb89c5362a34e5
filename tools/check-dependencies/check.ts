// SPDX-License-Identifier: Apache-2.0

/** Licences that may be in the tree, as SPDX ids. MPL-2.0 only where `docs/dependencies.md` says so, and never at run time. */
const PERMISSIVE = [
  'MIT',
  'MIT-0',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'BlueOak-1.0.0',
  'PSF-2.0',
];
const DEVELOPMENT_ONLY = ['MPL-2.0'];

export interface Manifest {
  readonly name: string;
  readonly groups: readonly Readonly<Record<string, string>>[];
}

export interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
}

/** True for `MIT`, `(MIT OR X)` and `(MIT AND ISC)` where every part that binds us is on the list. */
function allowed(licence: string, list: readonly string[]): boolean {
  const parts = licence.replace(/[()]/g, '').split(/ AND /);
  return parts.every((part) => part.split(/ OR /).some((id) => list.includes(id.trim())));
}

/**
 * What is wrong with the dependencies, a line each: a direct one without a line in the page, or not at the version the page
 * says; a range instead of a version; a licence that is not on the list; an address in the lockfile.
 */
export function problems(
  manifests: readonly Manifest[],
  lock: Readonly<Record<string, LockedPackage>>,
  page: string,
): string[] {
  const found: string[] = [];
  for (const { name, groups } of manifests)
    for (const [dependency, version] of groups.flatMap((group) => Object.entries(group))) {
      if (dependency.startsWith('@enclave-vault/')) continue;
      if (!/^\d+\.\d+\.\d+/.test(version)) found.push(`${name}: ${dependency} has no exact version`);
      if (!new RegExp(`\\| .*${quoted(dependency)}[ ,][^|]*${quoted(version)}`).test(page))
        found.push(`${name}: ${dependency} ${version} has no line in docs/dependencies.md`);
    }
  for (const [path, entry] of Object.entries(lock)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const list = entry.dev ? [...PERMISSIVE, ...DEVELOPMENT_ONLY] : PERMISSIVE;
    if (!allowed(entry.license ?? 'none', list)) found.push(`${path}: licence ${entry.license ?? 'none'}`);
    if (entry.resolved?.startsWith('http')) found.push(`${path}: the lockfile records an address`);
  }
  return found;
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** A package of a lockfile (npm's documentation, "package-lock.json", `packages`), as far as it is looked at. */
export interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
  readonly [group: string]: unknown;
}

export interface Lockfile {
  readonly lockfileVersion?: number;
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/** What is known and accepted, each with its reason. One that nothing needs any more is a problem itself. */
export interface Explained {
  /** Packages with an install script, which `ignore-scripts` keeps from running. */
  readonly installScripts: Readonly<Record<string, string>>;
  /** Packages whose archive brings others: their digest covers these, which have none of their own. */
  readonly bundlers: Readonly<Record<string, string>>;
  /** Packages that others ask for under another name, by path: what is imported there is not what it is called. */
  readonly aliases: Readonly<Record<string, string>>;
}

const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
/** One digest, whole: the base64 of 64 bytes (W3C, Subresource Integrity). */
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/**
 * What is wrong with a lockfile, a line each: a package without a SHA-512, one from elsewhere than the registry, under another name than
 * its own, with an install script or brought by another without a reason; a workspace whose package.json says otherwise.
 * @param manifests package.json files by folder, '' for the root
 */
export function lockfileProblems(
  lock: Lockfile,
  manifests: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  { installScripts, bundlers, aliases }: Explained,
): string[] {
  const found: string[] = [];
  const scripts = new Set<string>();
  const brought = new Set<string>();
  const renamed = new Set<string>();
  if (lock.lockfileVersion !== 3) found.push(`the lockfile is of version ${lock.lockfileVersion}, not 3`);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/')) {
      found.push(...differences(path, entry, manifests.get(path)));
      continue;
    }
    const say = (what: string): void => void found.push(`${path}: ${what}`);
    if (entry.link) {
      // Workspaces are the only links: a folder that has a package.json of ours.
      if (!manifests.has(entry.resolved ?? '')) say(`links to ${entry.resolved}, which is no workspace`);
      continue;
    }
    if (entry.hasInstallScript) {
      if (installScripts[nameOf(path)] === undefined) say('has an install script that nobody explained');
      scripts.add(nameOf(path));
    }
    if (entry.resolved !== undefined) say('the lockfile records an address');
    if (entry.name !== undefined && entry.name !== nameOf(path)) {
      if (aliases[path] === undefined) say(`is ${entry.name} under another name`);
      renamed.add(path);
    }
    if (!EXACT.test(entry.version ?? '')) say(`has no exact version: ${entry.version}`);
    if (entry.inBundle) {
      const bundler = nameOf(path.slice(0, path.lastIndexOf('/node_modules/')));
      if (bundlers[bundler] === undefined) say(`is brought by ${bundler}, and nobody explained that`);
      brought.add(bundler);
    } else if (!SHA512.test(entry.integrity ?? '')) say('has no SHA-512');
  }
  for (const folder of manifests.keys()) {
    if (lock.packages[folder] === undefined) found.push(`${folder}/package.json: not in the lockfile`);
  }
  for (const name of Object.keys(installScripts)) {
    if (!scripts.has(name)) found.push(`${name}: explained, and has no install script`);
  }
  for (const name of Object.keys(bundlers)) {
    if (!brought.has(name)) found.push(`${name}: explained, and brings no other package`);
  }
  for (const path of Object.keys(aliases)) {
    if (!renamed.has(path)) found.push(`${path}: explained, and has its own name`);
  }
  return found;
}

/**
 * Lockfiles that npm would go by and nobody looks at: npm-shrinkwrap.json, which it prefers to package-lock.json (npm's documentation,
 * "npm-shrinkwrap.json"), and those of folders that are not known.
 * @param files paths of the repository
 * @param folders whose package-lock.json is looked at, '' for the root
 */
export function strayLockfiles(files: readonly string[], folders: readonly string[]): string[] {
  const known = new Set(folders.map((folder) => posix.join(folder, 'package-lock.json')));
  return files
    .filter((file) => LOCKFILES.has(posix.basename(file)) && !known.has(file))
    .map((file) => `${file}: a lockfile that nobody looks at`);
}

const LOCKFILES: ReadonlySet<string> = new Set([
  ...['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'],
]);

/** Between a workspace and its entry: what npm would install is not what package.json says. */
function differences(path: string, entry: LockEntry, manifest?: Readonly<Record<string, unknown>>): string[] {
  const where = path === '' ? 'package.json' : `${path}/package.json`;
  if (manifest === undefined) return [`${where}: in the lockfile, and not there`];
  const found = ['name', 'version', ...GROUPS]
    .filter((member) => !isDeepStrictEqual(present(entry[member]), present(manifest[member])))
    // npm leaves the name out where the folder has it.
    .filter((member) => member !== 'name' || entry.name !== undefined)
    .map((member) => `${where}: ${member} is not what the lockfile has`);
  for (const group of GROUPS) {
    for (const [name, spec] of Object.entries((manifest[group] ?? {}) as Record<string, unknown>)) {
      if (!EXACT.test(String(spec))) found.push(`${where}: ${name} is ${spec}, and no exact version`);
    }
  }
  return found;
}

/** npm leaves a group out that has nothing in it. */
function present(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value;
}

/** Of the package that a path ends with. */
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Member, readTar } from './archives.ts';
import { pinnedInput } from './cache.ts';
import { ImageError } from './errors.ts';

const run = promisify(execFile);
const unzip = promisify(gunzip);
const FETCH_TIMEOUT_MS = 300_000;
const LOCKFILE = join(import.meta.dirname, '../../../package-lock.json');

/** An npm package, as pinned in the repository's lockfile. */
export interface NpmPin {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package's archive in base64. */
  readonly sha512: string;
  /** SPDX expression. */
  readonly licence: string;
}

/**
 * What the lockfile says of a package.
 *
 * @throws ImageError `input_not_pinned`
 */
export function npmPin(name: string): NpmPin {
  const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly version?: string; readonly integrity?: string; readonly license?: string }>
    >;
  };
  const { version, integrity, license } = lock.packages[`node_modules/${name}`] ?? {};
  const sha512 = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity ?? '')?.[1];
  if (version === undefined || sha512 === undefined) {
    throw new ImageError('input_not_pinned', `package-lock.json has no version and SHA-512 of ${name}`);
  }
  return { name, version, sha512, licence: license ?? 'NOASSERTION' };
}

/**
 * The files of a package of the lockfile by path, the folder `package/` left out. Also those of other machines' packages,
 * which `npm ci` does not install.
 *
 * @param folder where archives are kept
 * @throws ImageError `input_unavailable`, `input_changed`, `input_malformed`
 */
export async function npmPackage(
  folder: string,
  { name, version, sha512 }: NpmPin,
): Promise<ReadonlyMap<string, Member>> {
  const label = `${name} ${version}`;
  const digest = Buffer.from(sha512, 'base64').toString('hex');
  const archive = await pinnedInput(folder, { label, algorithm: 'sha512', digest }, async () =>
    pack(folder, label, `${name}@${version}`),
  );
  const bytes = await unzip(archive).catch((cause: unknown) => {
    throw new ImageError('input_malformed', `${label} cannot be unpacked`, { cause });
  });
  return new Map([...readTar(bytes)].map(([path, member]) => [path.replace(/^package\//, ''), member]));
}

/** By npm itself: it knows the registry, its credentials and its own cache. */
async function pack(folder: string, label: string, spec: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, 'npm-'));
  try {
    await run(
      'npm',
      ['pack', spec, '--ignore-scripts', '--prefer-offline', '--pack-destination', temporary],
      {
        cwd: temporary,
        timeout: FETCH_TIMEOUT_MS,
      },
    );
    const [file] = await readdir(temporary);
    if (file === undefined) throw new Error('npm wrote nothing');
    return await readFile(join(temporary, file));
  } catch (cause) {
    throw new ImageError('input_unavailable', `npm cannot fetch ${label}`, { cause });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

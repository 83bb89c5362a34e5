// SPDX-License-Identifier: Apache-2.0
import { execFile, spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ImageError, type Member, pinnedInput, readAr, readTar } from '@enclave-vault/image-parts';
import type { DebianPin } from './pins.ts';

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 120_000;

/**
 * Debian's main archive: the environment's DEBIAN_MIRROR, or else the mirror that this machine's apt is set up with.
 *
 * @returns an http or https URL that ends with a slash
 * @throws ImageError `mirror_unknown`
 */
export async function debianMirror(): Promise<string> {
  const given = process.env.DEBIAN_MIRROR;
  if (given !== undefined) return given.endsWith('/') ? given : `${given}/`;
  // Prints what it would fetch, and fetches nothing. Unlike the indexes it is there before the first update, too.
  const asked = ['update', '--print-uris', '-o', 'Debug::NoLocking=true'];
  const { stdout } = await run('apt-get', asked).catch(() => ({ stdout: '' }));
  // Others have folders of that name, but no updates of a release.
  const site = /^'(https?:\/\/[^']+\/debian)\/dists\/[\w-]+-updates\/InRelease'/m.exec(stdout)?.[1];
  if (site === undefined) {
    throw new ImageError(
      'mirror_unknown',
      'apt knows no Debian mirror here: set DEBIAN_MIRROR to the URL of one, whose path ends in /debian as a rule',
    );
  }
  return `${site}/`;
}

/**
 * The files of a pinned package by path.
 *
 * @param folder where archives are kept
 * @throws ImageError `input_unavailable`, `input_changed`, `input_malformed`, `tool_missing`, `mirror_unknown`
 */
export async function debianPackage(
  folder: string,
  { name, version, path, sha256 }: DebianPin,
): Promise<ReadonlyMap<string, Member>> {
  const label = `${name} ${version}`;
  const archive = await pinnedInput(folder, { label, algorithm: 'sha256', digest: sha256 }, async () =>
    download(label, new URL(encodeURI(path).replaceAll('+', '%2B'), await debianMirror())),
  );
  const data = readAr(archive).get('data.tar.xz');
  if (data === undefined) throw new ImageError('input_malformed', `${label} has no data.tar.xz`);
  return readTar(await unxz(data));
}

async function download(label: string, url: URL): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    throw new Error(`status ${response.status}`);
  } catch (cause) {
    throw new ImageError(
      'input_unavailable',
      `${label} cannot be fetched from the mirror. Debian takes old versions away with each point release: ` +
        '`npm run image:pins` renews the pins (which changes the measurements), or point DEBIAN_MIRROR to a snapshot.',
      { cause },
    );
  }
}

/** Node has no xz of its own. */
async function unxz(bytes: Buffer): Promise<Buffer> {
  const child = spawn('xz', ['--decompress', '--stdout', '--memlimit=256MiB'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // Its end says it better than a broken pipe.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new ImageError('tool_missing', 'xz is needed to unpack Debian packages', { cause })),
    );
    child.once('close', resolve);
  });
  child.stdin.end(bytes);
  const [output, status] = await Promise.all([buffer(child.stdout), ended]);
  if (status !== 0) throw new ImageError('input_malformed', 'a Debian package cannot be unpacked');
  return output;
}

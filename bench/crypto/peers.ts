// SPDX-License-Identifier: Apache-2.0
/** Candidates in other languages: child processes that measure themselves when they are asked, so that all take turns in one run. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { preparePython } from '../../tests/interop/hpke/python-peer.ts';
import type { Subject } from './subject.ts';

/** What a peer does in one round, by name: `bench/peers/rust/src/main.rs` says what each is. */
export type PeerWork =
  | 'open-shared'
  | 'open-each'
  | 'seal-shared'
  | 'seal-each'
  | 'ecdh'
  | 'read-key'
  | 'generate';

/** A peer's answer to one line takes no longer: 100 fields in the slowest one are under a second. */
const ANSWER_MS = 120_000;
/** aws-lc is some hundred files of C and assembly. */
const BUILD_MS = 1_800_000;

const PEERS = join(import.meta.dirname, '../peers');
const CACHE = join(import.meta.dirname, '../../.cache/bench');

export interface Peer {
  readonly name: string;
  /** Of the packages that it is made of. */
  readonly version: string;
  load(subject: Subject): Promise<void>;
  /** Milliseconds of each of so many rounds. */
  run(work: PeerWork, rounds: number): Promise<number[]>;
  /** Rounds that so many threads did together in so many milliseconds. */
  rate(work: PeerWork, threads: number, ms: number): Promise<number>;
  close(): void;
}

export interface Missing {
  readonly name: string;
  readonly missing: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function start(name: string, version: string, command: string, args: readonly string[]): Peer {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = (): Error => new Error(`${name} gave no answer`);
  child.on('error', () => undefined);
  // Who has ended does not read: its missing answer says so.
  child.stdin.on('error', () => undefined);
  async function ask(line: string): Promise<string> {
    child.stdin.write(`${line}\n`);
    const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS);
    const { value, done } = await lines.next();
    clearTimeout(timer);
    if (done === true) throw failed();
    return value;
  }
  return {
    name,
    version,
    load: async ({ suite, scalar, point, info, text, aads, shared, each }) => {
      const words = [
        ...[scalar, point, info, text].map(hex),
        String(aads.length),
        ...[...aads, shared.enc, ...shared.sealed].map(hex),
        ...each.flatMap(({ enc, sealed }) => [hex(enc), hex(sealed)]),
      ];
      if ((await ask(['load', suite.name, ...words].join(' '))) !== 'ok') throw failed();
    },
    run: async (work, rounds) => {
      const times = (await ask(`run ${work} ${rounds}`)).split(' ').map((ns) => Number(ns) / 1e6);
      if (times.length !== rounds || !times.every((ms) => ms > 0)) throw failed();
      return times;
    },
    rate: async (work, threads, ms) => Number(await ask(`rate ${work} ${threads} ${ms}`)),
    close: () => {
      child.stdin.end();
    },
  };
}

/** hpke-py in a virtual environment, which is made at the first time. */
export function startPython(): Peer | Missing {
  const name = 'hpke-py';
  const prepared = preparePython();
  if ('missing' in prepared) return { name, missing: prepared.missing };
  const show =
    "import importlib.metadata as m; from cryptography.hazmat.backends.openssl import backend as b; print(m.version('hpke'), 'on cryptography', m.version('cryptography'), 'with', b.openssl_version_text())";
  const { stdout } = spawnSync(prepared.python, ['-c', show], { encoding: 'utf8' });
  return start(name, stdout.trim(), prepared.python, [join(PEERS, 'hpke_peer.py')]);
}

/** rustls' HPKE, built at the first time by the cargo that is there. */
export function startRust(): Peer | Missing {
  const name = 'rustls on aws-lc-rs';
  const manifest = join(PEERS, 'rust/Cargo.toml');
  const run = (args: readonly string[]) =>
    spawnSync('cargo', args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: BUILD_MS }).status === 0;
  if (!run(['--version'])) return { name, missing: 'no cargo' };
  const target = join(CACHE, 'rust');
  const build = [
    'build',
    '--release',
    '--quiet',
    '--locked',
    '--manifest-path',
    manifest,
    '--target-dir',
    target,
  ];
  if (!run(build)) return { name, missing: 'cargo could not build bench/peers/rust: it needs a C compiler' };
  const locked = readFileSync(join(PEERS, 'rust/Cargo.lock'), 'utf8');
  const version = (crate: string): string =>
    new RegExp(`name = "${crate}"\nversion = "([^"]+)"`).exec(locked)?.[1] ?? 'unknown';
  const versions = `rustls ${version('rustls')}, aws-lc-rs ${version('aws-lc-rs')}, aws-lc-sys ${version('aws-lc-sys')}`;
  return start(name, versions, join(target, 'release/hpke-peer'), []);
}

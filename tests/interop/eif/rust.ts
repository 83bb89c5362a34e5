// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CACHE = `${ROOT}.cache/eif-interop`;
const PEER = fileURLToPath(new URL('peer/', import.meta.url));
const EIF_BUILD = '0.2.1';
/** What the openssl crate is built with, on Debian. */
const NATIVE = ['gcc', 'libc6-dev', 'libssl-dev', 'pkg-config'];

/** AWS's tool for building images, and our program around a later version of its library. */
export interface Tools {
  readonly eifBuild: string;
  readonly peer: string;
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 900_000, cwd: CACHE }).status === 0;
}

/** Both from crates.io, in pinned versions with their lockfiles, built at the first time; or what lacks. */
export function prepareRust(): Tools | { readonly missing: string } {
  mkdirSync(CACHE, { recursive: true });
  if (!run('cargo', ['--version'])) return { missing: 'no cargo' };
  if (!run('pkg-config', ['--exists', 'openssl']) || !run('cc', ['--version'])) {
    run('apt-get', ['install', '--yes', '--no-install-recommends', ...NATIVE]);
  }
  const installed = `${CACHE}/eif_build-${EIF_BUILD}`;
  const eifBuild = `${installed}/bin/eif_build`;
  const target = ['--target-dir', `${CACHE}/target`];
  if (!existsSync(eifBuild)) {
    const args = ['install', '--quiet', '--locked', '--root', installed, ...target, `eif_build@${EIF_BUILD}`];
    if (!run('cargo', args)) return { missing: 'cargo could not build eif_build' };
  }
  const peer = `${CACHE}/target/debug/eif-peer`;
  // Looks at the sources and does nothing when it is up to date.
  const args = ['build', '--quiet', '--locked', '--manifest-path', `${PEER}Cargo.toml`, ...target];
  if (!run('cargo', args)) return { missing: "cargo could not build AWS's image format library" };
  return { eifBuild, peer };
}

// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VENV = join(import.meta.dirname, '../../../.cache/infra');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** Says for which requirements the environment was made. */
const MARK = join(VENV, 'requirements.sha256');

const run = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 600_000 }).status === 0;

/** Folder of the commands of a virtual environment with what requirements.txt pins, made where it is not there; or what lacks. */
export function preparePython(): { readonly bin: string } | { readonly missing: string } {
  const bin = join(VENV, 'bin');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === wanted) return { bin };
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])) {
    return { missing: 'no python3 of 3.10 or later' };
  }
  mkdirSync(VENV, { recursive: true });
  if (!run('python3', ['-m', 'venv', VENV])) return { missing: 'python3 has no venv module, or no pip' };
  if (!run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS])) {
    return { missing: 'pip could not install requirements.txt' };
  }
  writeFileSync(MARK, wanted);
  return { bin };
}

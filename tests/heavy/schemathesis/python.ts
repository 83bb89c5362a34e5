// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const VENV = join(ROOT, '.cache/schemathesis');

const run = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 300_000 }).status === 0;

/** Schemathesis' command in a virtual environment of its own, made at the first time, or what lacks. */
export function prepareSchemathesis(): { readonly command: string } | { readonly missing: string } {
  const command = join(VENV, 'bin/st');
  if (existsSync(command) && run(command, ['--version'])) return { command };
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']))
    return { missing: 'no python3 of 3.10 or later' };
  mkdirSync(VENV, { recursive: true });
  if (!run('python3', ['-m', 'venv', VENV])) return { missing: 'python3 has no venv module, or no pip' };
  const requirements = join(import.meta.dirname, 'requirements.txt');
  if (!run(join(VENV, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements]))
    return { missing: 'pip could not install requirements.txt' };
  return { command };
}

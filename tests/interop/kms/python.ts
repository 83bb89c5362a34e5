// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VENV = `${ROOT}.cache/interop-kms/venv`;
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 300_000 }).status === 0;
}

/** The interpreter of a virtual environment with boto3 and the AWS CLI in it, made at the first time, or what lacks. */
export function preparePython(): { readonly python: string } | { readonly missing: string } {
  const python = `${VENV}/bin/python`;
  if (!run('openssl', ['version'])) return { missing: 'no openssl' };
  if (existsSync(python) && run(python, ['-c', 'import boto3, awscli'])) return { python };
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])) {
    return { missing: 'no python3 of 3.10 or later' };
  }
  mkdirSync(`${ROOT}.cache/interop-kms`, { recursive: true });
  if (!run('python3', ['-m', 'venv', VENV])) return { missing: 'python3 has no venv module, or no pip' };
  if (!run(python, ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS])) {
    return { missing: 'pip could not install requirements.txt' };
  }
  return { python };
}

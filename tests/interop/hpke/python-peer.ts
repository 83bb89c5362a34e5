// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VENV = `${ROOT}.cache/hpke-py`;
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Answer = { readonly [key: string]: Json };

/** A Python process that answers one JSON object a line. */
export interface PythonPeer {
  ask(request: Answer): Promise<Answer>;
  close(): void;
}

function run(command: string, args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'], timeout: 180_000 });
  return status === 0;
}

/** The interpreter of a virtual environment that has hpke-py in it, or why there is none. */
export function preparePython(): { python: string } | { missing: string } {
  const python = `${VENV}/bin/python`;
  if (existsSync(python) && run(python, ['-c', 'import hpke.hpke'])) return { python };
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])) {
    return { missing: 'no python3 of 3.9 or later' };
  }
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  if (!run('python3', ['-m', 'venv', VENV])) return { missing: 'python3 has no venv module, or no pip' };
  if (!run(python, ['-m', 'pip', 'install', '--quiet', '-r', here('requirements.txt')])) {
    return { missing: 'pip could not install requirements.txt' };
  }
  return { python };
}

/** Starts peer.py, installing what it needs under .cache/ at the first time. */
export function startPythonPeer(): PythonPeer | { missing: string } {
  const prepared = preparePython();
  if ('missing' in prepared) return prepared;
  const child = spawn(prepared.python, [here('peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the Python peer ended');
      return JSON.parse(value) as Answer;
    },
    close: () => {
      child.stdin.end();
    },
  };
}

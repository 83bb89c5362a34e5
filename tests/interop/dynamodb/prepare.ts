// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, '.cache/dynamodb');
const JARS = join(CACHE, 'dynamodb-local-2.6.1');
const VENV = join(CACHE, 'moto-5.2.5');
const READY_MS = 60_000;

/** A command that runs, or what lacks for it. */
export type Prepared =
  | { readonly command: string; readonly args: readonly string[] }
  | { readonly missing: string };

function run(command: string, args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 });
  return status === 0;
}

/** DynamoDB Local with its libraries in .cache/, by Maven. @param port where it will listen */
export function prepareDynamoDbLocal(port: number): Prepared {
  // Only its library of SQLite is native, and built for these.
  if (process.arch !== 'x64') return { missing: `DynamoDB Local has no library for ${process.arch}` };
  const { stderr = '' } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  if (version < 17) return { missing: 'no java of 17 or later' };
  const done = join(JARS, '.complete');
  if (!existsSync(done)) {
    if (spawnSync('mvn', ['-v'], { stdio: 'ignore' }).status !== 0) return { missing: 'no mvn' };
    rmSync(JARS, { recursive: true, force: true });
    const pom = join(import.meta.dirname, 'pom.xml');
    const copy = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`];
    if (!run('mvn', copy)) return { missing: 'mvn could not fetch DynamoDB Local' };
    writeFileSync(done, '');
  }
  const args = [`-Djava.library.path=${JARS}`, '-cp', join(JARS, '*')];
  const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  return { command: 'java', args: [...args, main, '-inMemory', '-sharedDb', '-port', String(port)] };
}

/** moto's server in a virtual environment in .cache/, by pip. @param port where it will listen */
export function prepareMoto(port: number): Prepared {
  const python = join(VENV, 'bin/python');
  if (!existsSync(python) || !run(python, ['-c', 'import moto.server, flask'])) {
    if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])) {
      return { missing: 'no python3 of 3.10 or later' };
    }
    mkdirSync(CACHE, { recursive: true });
    if (!run('python3', ['-m', 'venv', '--clear', VENV]))
      return { missing: 'python3 has no venv, or no pip' };
    const requirements = join(import.meta.dirname, 'requirements.txt');
    if (!run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements])) {
      return { missing: 'pip could not install requirements.txt' };
    }
  }
  const program = join(import.meta.dirname, 'moto_server.py');
  return { command: python, args: [program, '-H', '127.0.0.1', '-p', String(port)] };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a server and waits until it answers. */
export async function startPeer(prepared: Prepared, port: number): Promise<ChildProcess> {
  if ('missing' in prepared) throw new Error(prepared.missing);
  const child = spawn(prepared.command, prepared.args, { stdio: 'ignore', cwd: CACHE });
  for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`${prepared.command} ended with ${child.exitCode}`);
    // Any answer will do: it has no credentials to be answered well.
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return child;
  }
  child.kill('SIGKILL');
  throw new Error(`${prepared.command} did not answer within ${READY_MS / 1000} s`);
}

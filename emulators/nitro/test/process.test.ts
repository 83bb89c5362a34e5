// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnclaveDescription } from '../src/descriptions.ts';
import { probeAbilities } from '../src/sandbox/probe.ts';
import { findTools } from '../src/sandbox/tools.ts';
import {
  httpOver,
  INSTANCE,
  isAlive,
  type Logged,
  PROBE_IMAGE,
  probe,
  ROLE,
  until,
} from './sandbox/probe.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const HOLDER = fileURLToPath(new URL('./holder.ts', import.meta.url));
const tools = findTools();
const abilities = await probeAbilities(tools);

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evn-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function run(file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function firstLine<T>({ stdout }: ChildProcess): Promise<T> {
  if (stdout === null) throw new Error('no output');
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string];
  return JSON.parse(line) as T;
}

function startMain(config: object) {
  const child = run(process.execPath, [MAIN]);
  const logged: Logged[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => logged.push(JSON.parse(line) as Logged));
  }
  child.stdin?.write(`${JSON.stringify(config)}\n`);
  return { child, logged };
}

const config = () => ({
  stateFile: join(folder, 'state.json'),
  runDirectory: join(folder, 'run'),
  controlSocket: join(folder, 'control.sock'),
  roleArn: ROLE,
  instanceId: INSTANCE,
  node: process.execPath,
});

async function post(path: string, body: object): Promise<EnclaveDescription> {
  const answer = await httpOver(join(folder, 'control.sock'), 'POST', path, JSON.stringify(body));
  return JSON.parse(answer.body.toString()) as EnclaveDescription;
}

describe('the process', () => {
  test('starts, runs an enclave, and ends it on SIGTERM with exit 0', async () => {
    const { child, logged } = startMain(config());
    const ready = await firstLine<{ event: string; rootCertificate: string }>(child);
    expect(ready).toMatchObject({
      event: 'ready',
      rootCertificate: expect.stringContaining('BEGIN CERTIFICATE'),
    });
    const enclave = await post('/run-enclave', { image: PROBE_IMAGE, cpu_count: 1, memory_mib: 128 });
    expect(isAlive(enclave.ProcessID)).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(isAlive(enclave.ProcessID)).toBe(false);
    expect(logged.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['development_root', 'enclave_started', 'stopping']),
    );
    const state = await readFile(join(folder, 'state.json'), 'utf8');
    const { root } = JSON.parse(state) as { root: { certificate: string; key: string } };
    expect(root.certificate).toBe(ready.rootCertificate);
    expect(JSON.stringify(logged)).not.toContain('PRIVATE KEY');
  });

  test('ends when its standard input does', async () => {
    const { child } = startMain({ ...config(), stateFile: null });
    await firstLine(child);
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a bad configuration is exit 2 and one line that says where', async () => {
    const { child, logged } = startMain({ ...config(), roleArn: 'nobody' });
    expect(await once(child, 'exit')).toEqual([2, null]);
    await until(() => logged.length > 0);
    expect(logged).toMatchObject([{ level: 'error', code: 'config_invalid', message: /roleArn/ }]);
  });
});

/** Starts a hypervisor with an enclave, kills it with a signal that it cannot handle, and waits for the enclave. */
async function killHypervisor(command: readonly string[], toolPath?: string[]): Promise<EnclaveDescription> {
  const argument = JSON.stringify({ runDirectory: join(folder, 'run'), toolPath });
  const [file = '', ...args] = [...command, process.execPath, HOLDER, argument];
  const child = run(file, args);
  const enclave = await firstLine<EnclaveDescription>(child);
  expect(await probe(enclave, 'about')).toMatchObject({ value: { env: {} } });
  expect(isAlive(enclave.ProcessID)).toBe(true);
  child.kill('SIGKILL');
  await until(() => !isAlive(enclave.ProcessID));
  return enclave;
}

async function only(...names: (keyof typeof tools)[]): Promise<string[]> {
  for (const name of names) await symlink(tools[name] ?? `/no/${name}`, join(folder, name));
  return [folder];
}

describe('kill -9 of the hypervisor ends its enclaves', () => {
  test('in all namespaces there are', async () => {
    const { Isolation } = await killHypervisor([]);
    expect(Isolation).toEqual(expect.arrayContaining([...abilities.namespaces]));
  });

  test.runIf(abilities.setpriv)('without namespaces', async () => {
    await killHypervisor([], await only('sh', 'env', 'true', 'setpriv'));
  });

  test('without util-linux', async () => {
    await killHypervisor([], await only('sh', 'env', 'true'));
  });
});

const asNobody = [tools.setpriv ?? '', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

/** Only root becomes another user, and that one must be able to read this checkout. */
function canBeNobody(): boolean {
  try {
    execFileSync(asNobody[0] ?? '', [
      ...asNobody.slice(1),
      'test',
      '-r',
      HOLDER,
      '-a',
      '-x',
      process.execPath,
    ]);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

describe.runIf(canBeNobody())('of a user without privileges', () => {
  beforeEach(async () => chmod(folder, 0o777));

  test('it launches into the same namespaces, where the kernel allows them', async () => {
    const { Isolation } = await killHypervisor(asNobody);
    expect(Isolation).toEqual(
      expect.arrayContaining(['no_capabilities', 'no_new_privileges', 'no_core_dumps']),
    );
    const allowed = execFileSync(asNobody[0] ?? '', [
      ...asNobody.slice(1),
      ...['sh', '-c', 'unshare --user --map-root-user --mount true && echo yes || echo no'],
    ]);
    expect(Isolation.includes('private_root')).toBe(allowed.toString().trim() === 'yes');
  });

  test('without namespaces, no other process of that user can look into the enclave', async () => {
    const { Isolation } = await killHypervisor(asNobody, await only('sh', 'env', 'true', 'setpriv'));
    expect(Isolation).toContain('not_dumpable');
  });
});

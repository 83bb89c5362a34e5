// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFIGURATION, FIXED, until } from './harness.ts';
import { StandInHypervisor } from './stand-ins.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let standIn: StandInHypervisor;
beforeEach(async () => {
  standIn = await StandInHypervisor.start();
});
afterEach(() => standIn.close());

const config = () => ({
  listen: `unix:${join(standIn.folder, 'parent.sock')}`,
  hypervisor: { kind: 'emulated', socket: standIn.control },
  image: '/images/vault',
  enclaves: { count: 1 },
  enclave: { configuration: CONFIGURATION.toString('base64') },
  kms: { host: '127.0.0.1', port: 9 },
  credentials: { kind: 'static', ...FIXED },
  drainSeconds: 1,
});

function start(line: string) {
  const child = spawn(process.execPath, [MAIN], { env: {}, stdio: 'pipe' });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (out.stdout += data));
  child.stderr.on('data', (data) => (out.stderr += data));
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${line}\n`);
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, out, exit };
}

test.each(['SIGTERM', 'SIGINT', 'end of stdin'])('starts, is ready, and ends in order on %s', async (how) => {
  const { child, out, exit } = start(JSON.stringify(config()));
  await until(() => out.stdout.includes('\n'));
  expect(JSON.parse(out.stdout)).toEqual({ event: 'ready', socket: join(standIn.folder, 'parent.sock') });
  await until(() => out.stderr.includes('enclave_healthy'));
  if (how === 'end of stdin') child.stdin.end();
  else child.kill(how as NodeJS.Signals);
  expect(await exit).toBe(0);
  expect(standIn.enclaves.size).toBe(0);
  expect(existsSync(join(standIn.folder, 'parent.sock'))).toBe(false);
  for (const line of out.stderr.trim().split('\n')) {
    expect(JSON.parse(line)).toMatchObject({ process: 'enclave-vault-parent', level: 'info' });
  }
  expect(out.stderr + out.stdout).not.toContain(FIXED.secretAccessKey);
});

test.each([
  ['not JSON', '{'],
  ['a missing member', JSON.stringify({ listen: 'x' })],
  ['credentials that no enclave takes', 'credentials'],
  ['an unknown member', 'unknown'],
])('exits 2 with one line for %s', async (_what, line) => {
  const full =
    line === 'credentials'
      ? JSON.stringify({
          ...config(),
          credentials: { ...config().credentials, secretAccessKey: 'with\nnewline' },
        })
      : line === 'unknown'
        ? JSON.stringify({ ...config(), proxy: '*' })
        : line;
  const { out, exit } = start(full);
  expect(await exit).toBe(2);
  expect(JSON.parse(out.stderr)).toMatchObject({ level: 'error', event: 'config_invalid' });
  expect(out.stderr).not.toContain('newline');
});

test('replaces its enclaves on SIGHUP', async () => {
  const { child, out, exit } = start(JSON.stringify(config()));
  await until(() => out.stdout.includes('\n') && out.stderr.includes('enclave_healthy'));
  child.kill('SIGHUP');
  await until(() => out.stderr.includes('enclave_replaced'));
  expect(standIn.launched).toHaveLength(2);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

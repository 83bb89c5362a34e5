// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseParentRequest } from '@enclave-vault/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IMDS_MARK, Imds } from '../../../tests/support/imds/imds.ts';
import { HttpClient } from '../src/http-client.ts';
import { CONFIGURATION, until } from './harness.ts';
import { StandInHypervisor } from './stand-ins.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let standIn: StandInHypervisor;
let imds: Imds;
beforeEach(async () => {
  standIn = await StandInHypervisor.start();
  imds = await Imds.start();
});
afterEach(async () => {
  await standIn.close();
  await imds.close();
});

/** As the unit starts it: a file, the environment over it, no standard input. */
function start() {
  const path = join(standIn.folder, 'parent.json');
  const file = {
    listen: `unix:${join(standIn.folder, 'parent.sock')}`,
    health: 'http://127.0.0.1:0',
    hypervisor: { kind: 'emulated', socket: standIn.control },
    image: '/images/vault',
    enclave: { configuration: CONFIGURATION.toString('base64') },
    drainSeconds: 1,
  };
  writeFileSync(path, JSON.stringify(file));
  const env = { ENCLAVE_VAULT_CREDENTIALS_ENDPOINT: imds.url };
  const child = spawn(process.execPath, [MAIN, '--config', path], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (out.stdout += data));
  child.stderr.on('data', (data) => (out.stderr += data));
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, out, exit };
}

test('carries the credentials of the metadata service to the enclave, through outages, and into nothing else', async () => {
  const { child, out, exit } = start();
  await until(() => out.stdout.includes('\n') && out.stderr.includes('enclave_healthy'));
  const { healthPort } = JSON.parse(out.stdout) as { healthPort: number };
  const client = new HttpClient({ unix: join(standIn.folder, 'parent.sock') });
  const ask = (method: 'GET' | 'POST', path: string) =>
    client.request({ method, path, body: Buffer.from('sealed'), timeoutMs: 5_000, maxBytes: 1024 * 1024 });
  expect((await ask('POST', '/decrypt')).status).toBe(200);
  const sent = standIn.launched[0]?.seen.find(({ path }) => path === '/v1/decrypt')?.body;
  const { credentials } = parseParentRequest(sent ?? Buffer.alloc(0));
  expect(credentials).toMatchObject({
    accessKeyId: imds.issued[0]?.AccessKeyId,
    secretAccessKey: imds.issued[0]?.SecretAccessKey,
    sessionToken: imds.issued[0]?.Token,
  });

  imds.down = true;
  expect((await ask('POST', '/decrypt')).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${healthPort}/health`)).status).toBe(200);
  const shown = (await ask('GET', '/enclaves')).body.toString();
  expect(JSON.parse(shown).instance).toMatchObject({ instanceId: 'i-0123456789abcdef0' });

  client.close();
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  for (const text of [out.stderr, out.stdout, shown]) {
    expect(text).not.toContain(IMDS_MARK);
    for (const { AccessKeyId } of imds.issued) expect(text).not.toContain(AccessKeyId);
  }
});

test('starts without credentials, tells the balancer, and serves as soon as there are some', async () => {
  imds.role = null;
  const { child, out, exit } = start();
  await until(() => out.stdout.includes('\n') && out.stderr.includes('enclave_healthy'));
  const { healthPort } = JSON.parse(out.stdout) as { healthPort: number };
  const health = () => fetch(`http://127.0.0.1:${healthPort}/health`).then(({ status }) => status);
  expect(await health()).toBe(503);
  expect(out.stderr).toContain('"cause":"status 404"');
  imds.role = 'enclave-vault-parent';
  await until(() => out.stderr.includes('credentials_renewed'));
  expect(await health()).toBe(200);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

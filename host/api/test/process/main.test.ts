// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE0000000A1', secretAccessKey: 'marked-secret-of-the-api' };
const REGION = 'eu-central-1';

let kms: KmsEmulator;
let key: string;
let folder: string;
interface Started {
  child: ChildProcessWithoutNullStreams;
  out: { stdout: string; stderr: string };
  exit: Promise<number | null>;
}
const running: Started[] = [];

beforeAll(async () => {
  kms = await startKmsEmulator({
    region: REGION,
    account: '111122223333',
    stateFile: null,
    attestationRoots: [],
    principals: [
      {
        arn: 'arn:aws:iam::111122223333:role/api',
        ...CREDENTIALS,
        identityPolicies: [
          { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
        ],
      },
    ],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
  });
  const client = new KMSClient({
    region: REGION,
    endpoint: endpoint(),
    // A copy: the SDK adds a member of its own.
    credentials: { ...CREDENTIALS },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  });
  key = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
  client.destroy();
});
afterAll(() => kms.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evm-'));
});
afterEach(async () => {
  for (const { child, exit } of running.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
  rmSync(folder, { recursive: true });
});

const endpoint = () => `https://127.0.0.1:${kms.endpoints[0]?.port}`;
const adminKeyFile = () => join(folder, 'admin.key');
const config = (more: object = {}) => ({
  port: 0,
  region: REGION,
  store: { path: join(folder, 'vault.sqlite') },
  audit: { path: join(folder, 'audit.log') },
  keys: { vault: key, request: key, integrity: key },
  kms: { endpoint: endpoint(), ca: kms.ca },
  credentials: CREDENTIALS,
  parent: `unix:${join(folder, 'parent.sock')}`,
  bootstrap: { adminKeyFile: adminKeyFile() },
  ...more,
});

function start(value: object | string): Started {
  const child = spawn(process.execPath, [MAIN], { env: {}, stdio: 'pipe' });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (out.stdout += data));
  child.stderr.on('data', (data) => (out.stderr += data));
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const one = { child, out, exit };
  running.push(one);
  return one;
}

async function until(check: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!check()) {
    if (Date.now() > end) throw new Error('did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function ready(value: object) {
  const one = start(value);
  await until(() => one.out.stdout.includes('\n') || one.child.exitCode !== null);
  if (one.out.stdout === '') throw new Error(one.out.stderr);
  const line = JSON.parse(one.out.stdout) as { url: string; vault: string };
  const call = async (
    method: string,
    path: string,
    body?: object,
    token = readFileSync(adminKeyFile(), 'utf8').trim(),
  ) => {
    const response = await fetch(line.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      json: (await response.json()) as Record<string, string>,
    };
  };
  return { ...one, line, call };
}

test('starts, makes the first key once, works, and ends in order; what it kept is there next time', async () => {
  const first = await ready(config());
  expect(first.line).toMatchObject({ event: 'ready', vault: 'open' });
  expect(statSync(adminKeyFile()).mode & 0o777).toBe(0o600);
  const token = readFileSync(adminKeyFile(), 'utf8').trim();
  const { status, json } = await first.call('POST', '/v1/vaults', { email: 'marked-value@example.com' });
  expect(status).toBe(201);
  const asked = { fields: ['email'], reason: 'a test' };
  const decrypt = await first.call('POST', `/v1/vaults/${json.id}/decrypt`, asked);
  expect([decrypt.status, decrypt.json.code]).toEqual([503, 'enclave_unavailable']);
  const health = await first.call('GET', '/health');
  expect(health).toMatchObject({
    status: 503,
    json: {
      parts: {
        vault: { ok: true },
        store: { ok: true },
        enclave: { ok: false, reason: 'parent_unreachable' },
      },
    },
  });
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);

  rmSync(adminKeyFile());
  const again = await ready(config());
  expect(existsSync(adminKeyFile())).toBe(false);
  const presence = await again.call('GET', `/v1/vaults/${json.id}?fields=email`, undefined, token);
  expect(presence.json).toEqual({ email: true });
  again.child.stdin.end();
  expect(await again.exit).toBe(0);

  const other = start(config({ schema: { version: 2, fields: { note: { type: 'text' } } } }));
  expect(await other.exit).toBe(2);
  expect(other.out.stderr).toContain('schema_orphans_fields');

  const said = [first, again, other].map(({ out }) => out.stdout + out.stderr).join('');
  for (const secret of [token, CREDENTIALS.secretAccessKey, 'marked-value'])
    expect(said).not.toContain(secret);
  for (const line of said
    .trim()
    .split('\n')
    .filter((text) => !text.includes('"ready"'))) {
    expect(JSON.parse(line)).toMatchObject({ process: 'enclave-vault-api' });
  }
});

test('makes the first key again when the start that made it died before it was written; finishes what is under way', async () => {
  const first = await ready(config());
  const lost = readFileSync(adminKeyFile(), 'utf8');
  first.child.kill('SIGKILL');
  await first.exit;
  rmSync(adminKeyFile());
  writeFileSync(`${adminKeyFile()}.pending`, '');
  const { line, child, exit, call, out } = await ready(config());
  expect(readFileSync(adminKeyFile(), 'utf8')).not.toBe(lost);
  expect((await call('GET', '/v1/keys')).status).toBe(200);
  expect(existsSync(`${adminKeyFile()}.pending`)).toBe(false);

  const { hostname, port } = new URL(line.url);
  const socket = net.connect(Number(port), hostname);
  const body = '{"city":"Rome"}';
  socket.write(
    `POST /v1/vaults HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${readFileSync(adminKeyFile(), 'utf8').trim()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  // It is under way when the server asks for its body.
  await until(() => answer.includes('100 Continue'));
  child.kill('SIGTERM');
  await until(() => out.stderr.includes('"stopping"'));
  socket.write(body);
  expect(await exit).toBe(0);
  expect(answer).toMatch(/^HTTP\/1\.1 100 .*HTTP\/1\.1 201 /s);
});

test('listens while KMS is away, says so, and opens when it is back', async () => {
  let away = true;
  const relay = net.createServer((socket) => {
    socket.on('error', () => undefined);
    if (away) return void socket.destroy();
    const outer = net.connect(kms.endpoints[0]?.port ?? 0, '127.0.0.1');
    outer.on('error', () => undefined);
    socket.pipe(outer).pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as net.AddressInfo;

  const waiting = await ready(config({ kms: { ...config().kms, endpoint: `https://127.0.0.1:${port}` } }));
  expect(waiting.line.vault).toBe('opening');
  const refused = await waiting.call('POST', '/v1/vaults', {}, 'evk_01HV1XW70Q03PHK892JFQAY0Z5_x');
  expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([
    503,
    'starting',
    '1',
  ]);
  expect((await waiting.call('GET', '/health', undefined, 'x')).json).toMatchObject({
    parts: { vault: { ok: false, reason: 'kms_unavailable' } },
  });
  away = false;
  await until(() => waiting.out.stderr.includes('vault_open'));
  expect((await waiting.call('POST', '/v1/vaults', {})).status).toBe(201);
  waiting.child.kill('SIGTERM');
  expect(await waiting.exit).toBe(0);
  await new Promise((resolve) => relay.close(resolve));
});

test.each<[string, () => object | string, RegExp]>([
  ['a file that is no database', () => config({ store: { path: notADatabase() } }), /store/],
  ['a port in use', () => config({ port: kms.endpoints[0]?.port }), /port is in use/],
])('exits 2 with one line for %s', async (_what, value, message) => {
  const { out, exit } = start(value());
  expect(await exit).toBe(2);
  const lines = out.stderr.trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    event: 'config_invalid',
    message: expect.stringMatching(message),
  });
  expect(out.stderr).not.toContain(CREDENTIALS.secretAccessKey);
});

function notADatabase(): string {
  const path = join(folder, 'text');
  writeFileSync(path, 'This is a text of some length and no database at all. '.repeat(20));
  chmodSync(path, 0o600);
  return path;
}

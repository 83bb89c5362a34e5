// SPDX-License-Identifier: Apache-2.0
/**
 * API and parent as on AWS: two processes that know each other by what KMS lets their roles sign. Beside the vault of
 * `enclave-vault dev`, whose KMS and keys they use, with a hypervisor of the same root.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { createChannelRoot, openChannelIdentity, SERVER_NAME, type Side } from '@enclave-vault/channel';
import { createKmsSigner } from '@enclave-vault/channel/kms';
import { channelKeyPolicy } from '@enclave-vault/policies';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Child } from '../../tools/admin/src/dev/child.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { type ProcessName, processSpec } from '../../tools/admin/src/dev/processes.ts';
import { GlassVault, IMAGE, ROOT } from '../support/glass-vault.ts';
import { callApi } from '../support/local-vault.ts';

/** What a private key begins with: in PEM, and on P-384 in base64 and in DER (PKCS #8). */
const KEY_MARKS = [
  'PRIVATE KEY',
  'MIG2AgEAMBAGByqGSM49AgEGBSuBBAAi',
  Buffer.from('020100301006072a8648ce3d0201', 'hex').toString('latin1'),
];
const folder = mkdtempSync(join(tmpdir(), 'ev-ch-'));
const logged: Record<string, unknown>[] = [];
const children: Child[] = [];
let vault: GlassVault;
let keys: Record<Side, string>;
let roots: Record<Side, string>;
let parent: Child;
let port: number;
let url: string;

async function start(name: ProcessName, config: unknown) {
  const onLog = (line: Record<string, unknown>) => {
    logged.push({ ...line, of: name });
    return false;
  };
  const child = new Child(processSpec(ROOT, name, () => config, onLog));
  children.unshift(child);
  return { child, ready: await child.ready };
}

const inside = () => `https://127.0.0.1:${vault.vault.kms.inside}`;

function signer(side: Side, role: 'api' | 'instance' | 'deployment' | 'admin') {
  const credentials = vault.vault.principals[role];
  const { ca } = vault.vault.kms;
  return createKmsSigner({ keyArn: keys[side], region: LOCAL.region, endpoint: inside(), ca, credentials });
}

const parentConfig = (at: number) => ({
  listen: `https://127.0.0.1:${at}`,
  hypervisor: { kind: 'emulated', socket: join(folder, 'h.sock') },
  image: IMAGE,
  enclaves: { count: 1, cpuCount: 2, memoryMib: 512 },
  enclave: { configuration: vault.vault.configuration().toString('base64') },
  kms: { host: '127.0.0.1', port: vault.vault.kms.inside },
  credentials: { kind: 'static', ...vault.vault.principals.instance },
  channel: {
    key: keys.server,
    serverRoot: roots.server,
    clientRoot: roots.client,
    endpoint: inside(),
    ca: vault.vault.kms.ca,
  },
  drainSeconds: 3,
});

beforeAll(async () => {
  vault = await GlassVault.start();
  const deployment = vault.kms('deployment', 'outside');
  const newKey = async (side: Side) => {
    const Policy = JSON.stringify(channelKeyPolicy(LOCAL, side));
    const made = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY', Policy });
    return (await deployment.send(made)).KeyMetadata?.Arn ?? '';
  };
  keys = { server: await newKey('server'), client: await newKey('client') };
  const rootOf = async (side: Side) =>
    createChannelRoot({ publicKey: await signer(side, 'admin').publicKey(), side });
  roots = { server: await rootOf('server'), client: await rootOf('client') };

  copyFileSync(vault.files.hypervisor, join(folder, 'h.json'));
  await start('hypervisor', {
    stateFile: join(folder, 'h.json'),
    runDirectory: join(folder, 'e'),
    controlSocket: join(folder, 'h.sock'),
    roleArn: LOCAL.roles.instance,
    instanceId: 'i-0e0c1a5e000000002',
    node: process.execPath,
  });
  const started = await start('parent', parentConfig(0));
  parent = started.child;
  port = Number(started.ready.port);
  const api = await start('api', {
    host: '127.0.0.1',
    port: 0,
    region: LOCAL.region,
    store: { kind: 'sqlite', path: join(folder, 'vault.db') },
    audit: { kind: 'file', path: join(folder, 'heads.log') },
    keys: vault.keys,
    kms: { endpoint: inside(), ca: vault.vault.kms.ca },
    credentials: vault.vault.principals.api,
    parent: `https://127.0.0.1:${port}`,
    channel: { key: keys.client, clientRoot: roots.client, serverRoot: roots.server },
    bootstrap: { adminKeyFile: join(folder, 'admin.key') },
  });
  url = String(api.ready.url);
}, 60_000);

afterAll(async () => {
  for (const child of children) await child.stop();
  await vault?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const call = (method: string, path: string, body?: unknown) => {
  const key = readFileSync(join(folder, 'admin.key'), 'utf8').trim();
  return callApi(url, method, path, body, { key });
};
async function decrypted(id: string) {
  return call('POST', `/v1/vaults/${id}/decrypt`, { fields: ['first_name'], reason: 'test' });
}
/** Until a call gives 200, for ten seconds. */
async function serving(id: string) {
  for (let turn = 0; turn < 100; turn += 1) {
    const answer = await decrypted(id);
    if (answer.status === 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return decrypted(id);
}

test('the API decrypts through a parent that it reaches by mutual TLS, no key of which touches a disk', async () => {
  const { id } = (await call('POST', '/v1/vaults', { first_name: 'Ada' })).json;
  const answer = await serving(String(id));
  expect([answer.status, answer.json.data]).toEqual([200, { first_name: 'Ada' }]);
  const issued = logged.filter(({ event }) => event === 'channel_identity_issued');
  expect(issued.map(({ of, side }) => [of, side]).toSorted()).toEqual([
    ['api', 'client'],
    ['parent', 'server'],
  ]);
  // The hypervisor's state has the development root's key, and says so; the channel's keys are in no file and no line.
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'h.json')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(written.length).toBeGreaterThan(2);
  for (const mark of KEY_MARKS) expect([...written, JSON.stringify(logged)].join('\n')).not.toContain(mark);
});

test('each role signs for its own side alone; those who look after keys sign for none', async () => {
  const digest = Buffer.alloc(48, 1);
  const denied = { code: 'kms_denied', message: 'Sign: AccessDeniedException' };
  expect(await signer('server', 'instance').sign(digest)).toBeInstanceOf(Uint8Array);
  expect(await signer('client', 'api').sign(digest)).toBeInstanceOf(Uint8Array);
  await expect(signer('server', 'api').sign(digest)).rejects.toMatchObject(denied);
  await expect(signer('client', 'instance').sign(digest)).rejects.toMatchObject(denied);
  for (const side of ['server', 'client'] as const) {
    for (const role of ['deployment', 'admin'] as const) {
      await expect(signer(side, role).sign(digest)).rejects.toMatchObject(denied);
    }
  }
});

test('a parent’s own credentials, and none, do not open its port', async () => {
  const identity = await openChannelIdentity({
    side: 'server',
    sign: signer('server', 'instance').sign,
    roots: roots.server,
    log: () => undefined,
  });
  const attempt = (options: tls.ConnectionOptions) =>
    new Promise<string>((resolve) => {
      let got = '';
      const socket = tls.connect({
        host: '127.0.0.1',
        port,
        servername: SERVER_NAME,
        rejectUnauthorized: false,
        ...options,
      });
      socket.on('data', (data) => (got += data));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(got));
      socket.write('GET /enclaves HTTP/1.1\r\nhost: localhost\r\n\r\n');
    });
  const { key, cert } = identity.current();
  expect([await attempt({}), await attempt({ key, cert })]).toEqual(['', '']);
  // Another process writes these lines: they may come after the end of the connection.
  const refused = () => logged.filter(({ event }) => event === 'channel_refused');
  await vi.waitFor(() => expect(refused().length).toBe(2), 5_000);
  expect(refused().map(({ reason }) => reason)).toEqual(['no_certificate', 'wrong_purpose']);
  identity.close();
});

test('a parent that is gone is a 503, and one that comes back serves on', async () => {
  const { id } = (await call('POST', '/v1/vaults', { first_name: 'Grace' })).json;
  parent.process.kill('SIGKILL');
  await parent.exited;
  expect((await decrypted(String(id))).status).toBe(503);
  await start('parent', parentConfig(port));
  const answer = await serving(String(id));
  expect([answer.status, answer.json.data]).toEqual([200, { first_name: 'Grace' }]);
}, 40_000);

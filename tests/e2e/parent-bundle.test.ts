// SPDX-License-Identifier: Apache-2.0
/** What lies on an instance, as its unit starts it: the bundle, the flags, a file, IMDS, KMS that signs for the channel, and the API's side of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { channelTarget, createChannelRoot, openChannelIdentity, type Side } from '@enclave-vault/channel';
import { createKmsSigner, type KmsSigner } from '@enclave-vault/channel/kms';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { HttpClient } from '@enclave-vault/parent/http-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildParent } from '../../host/parent/build.ts';
import { CONFIGURATION, until } from '../../host/parent/test/harness.ts';
import { StandInHypervisor } from '../../host/parent/test/stand-ins.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { IMDS_MARK, Imds } from '../support/imds/imds.ts';
import { kmsClient } from '../support/kms-client.ts';

const UNIT = join(import.meta.dirname, '../../deploy/systemd/enclave-vault-parent.service');
const API = { accessKeyId: 'AKIA0000000000000API', secretAccessKey: 'secret of the api' };
const ALL = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
} as const;

const folder = mkdtempSync(join(tmpdir(), 'ev-bundle-'));
let imds: Imds;
let kms: KmsEmulator;
let hypervisor: StandInHypervisor;
let parent: ChildProcess;
let exit: Promise<number | null>;
const out = { stdout: '', stderr: '' };
const ends: (() => unknown)[] = [];
const roots: Record<string, string> = {};
let apiSigner: KmsSigner;

beforeAll(async () => {
  imds = await Imds.start();
  const { AccessKeyId, SecretAccessKey, Token } = imds.rotate();
  const role = (name: string) => ({
    arn: `arn:aws:iam::${LOCAL.account}:role/${name}`,
    identityPolicies: [ALL],
  });
  const instance = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
  kms = await startKmsEmulator(
    {
      region: LOCAL.region,
      account: LOCAL.account,
      stateFile: null,
      attestationRoots: [],
      principals: [
        { ...role('parent'), ...instance },
        { ...role('api'), ...API },
      ],
      listeners: [{ host: '127.0.0.1', port: 0, network: null }],
    },
    {},
  );
  const [endpoint] = kms.endpoints;
  const client = kmsClient({ port: endpoint?.port ?? 0, ca: kms.ca, credentials: API });
  ends.push(() => client.destroy());
  const signer = async (side: Side) => {
    const made = await client.send(
      new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' }),
    );
    const keyArn = made.KeyMetadata?.Arn ?? '';
    const url = endpoint?.url ?? '';
    const own = createKmsSigner({
      keyArn,
      region: LOCAL.region,
      endpoint: url,
      ca: kms.ca,
      credentials: API,
    });
    ends.push(() => own.close());
    roots[side] = createChannelRoot({ publicKey: await own.publicKey(), side });
    return { keyArn, own };
  };
  const server = await signer('server');
  apiSigner = (await signer('client')).own;
  hypervisor = await StandInHypervisor.start();

  const { directory } = await buildParent(join(folder, 'parent'));
  const file = {
    listen: 'https://127.0.0.1:0',
    health: 'http://127.0.0.1:0',
    hypervisor: { kind: 'emulated', socket: hypervisor.control },
    image: '/images/vault',
    enclave: { configuration: CONFIGURATION.toString('base64') },
    credentials: { endpoint: imds.url },
    channel: {
      key: server.keyArn,
      serverRoot: roots.server,
      clientRoot: roots.client,
      endpoint: endpoint?.url,
      ca: kms.ca,
    },
    drainSeconds: 1,
  };
  writeFileSync(join(folder, 'parent.json'), JSON.stringify(file));
  const [, command = ''] = /^ExecStart=\S+ (.*)$/m.exec(readFileSync(UNIT, 'utf8')) ?? [];
  const args = command
    .replace('/opt/enclave-vault', directory)
    .replace('/etc/enclave-vault', folder)
    .split(' ');
  parent = spawn(process.execPath, args, { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  parent.stdout?.on('data', (data) => (out.stdout += data));
  parent.stderr?.on('data', (data) => (out.stderr += data));
  exit = new Promise((done) => parent.once('exit', done));
  await until(() => out.stdout.includes('\n') && out.stderr.includes('enclave_healthy'));
});
afterAll(async () => {
  for (const end of ends) await end();
  parent.kill('SIGKILL');
  await hypervisor.close();
  await kms.close();
  await imds.close();
  rmSync(folder, { recursive: true });
});

const ready = () => JSON.parse(out.stdout) as { port: number; healthPort: number };

test('opens no debugger when it is signalled, with the flags of its unit', async () => {
  parent.kill('SIGUSR1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(out.stderr).not.toMatch(/[Dd]ebugger listening|[Ii]nspector on/);
  expect([parent.exitCode, parent.signalCode]).toEqual([null, null]);
});

test('carries a request of the API, which proves itself by KMS, to an enclave', async () => {
  const identity = await openChannelIdentity({
    side: 'client',
    sign: apiSigner.sign,
    roots: roots.client ?? '',
    log: () => undefined,
  });
  ends.push(() => identity.close());
  const target = channelTarget({
    host: '127.0.0.1',
    port: ready().port,
    identity,
    serverRoots: roots.server ?? '',
    log: () => undefined,
  });
  const client = new HttpClient(target);
  ends.push(() => client.close());
  const body = Buffer.from('sealed');
  const request = { method: 'POST', path: '/decrypt', body, timeoutMs: 5_000, maxBytes: 1024 } as const;
  const { status, headers } = await client.request(request);
  expect([status, headers['x-enclave-id']]).toEqual([200, hypervisor.launched[0]?.id]);
});

test('says nothing to a caller without a certificate, but the balancer’s bit', async () => {
  const answered = await new Promise<string>((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port: ready().port, rejectUnauthorized: false });
    let said = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (said += chunk));
    socket.on('close', () => resolve(said));
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  });
  expect(answered).toBe('');
  const { status } = await fetch(`http://127.0.0.1:${ready().healthPort}/health`);
  expect(status).toBe(200);
});

test('ends in order, and has written no credential anywhere', async () => {
  parent.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(hypervisor.enclaves.size).toBe(0);
  for (const text of [out.stdout, out.stderr]) {
    expect(text).not.toContain(IMDS_MARK);
    for (const { AccessKeyId } of imds.issued) expect(text).not.toContain(AccessKeyId);
  }
});

// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { readChannelRoots } from '@enclave-vault/channel';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { channelKeyPolicy, deploymentIdentityPolicy } from '@enclave-vault/policies';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEPLOYMENT } from '../../../policies/test/support.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'channel-roots-'));
const ca = join(folder, 'ca.pem');
const CREDENTIALS = { accessKeyId: 'AKIADEPLOYMENT000000', secretAccessKey: 'of the deployment role' };
const { region, account, roles } = DEPLOYMENT;
let kms: KmsEmulator;
let keys: { server: string; client: string; spare: string };

beforeAll(async () => {
  kms = await startKmsEmulator({
    region,
    account,
    stateFile: null,
    attestationRoots: [],
    // The very role that deploys: it makes the keys and their roots, and signs with neither.
    principals: [
      {
        arn: roles.deployment,
        ...CREDENTIALS,
        identityPolicies: [deploymentIdentityPolicy(DEPLOYMENT)],
      },
    ],
    otherPrincipals: [roles.api, roles.instance, roles.breakGlass],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
  });
  writeFileSync(ca, kms.ca);
  const client = new KMSClient({
    region,
    endpoint: kms.endpoints[0]?.url ?? '',
    credentials: { ...CREDENTIALS },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  });
  const newKey = async (side: 'server' | 'client') => {
    const Policy = JSON.stringify(channelKeyPolicy(DEPLOYMENT, side));
    const made = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY', Policy });
    return (await client.send(made)).KeyMetadata?.Arn ?? '';
  };
  keys = { server: await newKey('server'), client: await newKey('client'), spare: await newKey('server') };
  client.destroy();
});
afterAll(async () => {
  await kms.close();
  rmSync(folder, { recursive: true });
});

async function run(words: readonly string[], credentials = CREDENTIALS) {
  const child = spawn(process.execPath, [MAIN, 'channel-roots', ...words], {
    env: {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (out.stdout += data));
  child.stderr.on('data', (data) => (out.stderr += data));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...out };
}
const words = (out: string, more: Record<string, string> = {}): string[] =>
  Object.entries({
    '--region': region,
    '--server-key': keys.server,
    '--client-key': keys.client,
    '--out': out,
    '--endpoint': kms.endpoints[0]?.url ?? '',
    '--ca': ca,
    ...more,
  }).flat();

test('writes both roots as the role that deploys, and a second time changes nothing', async () => {
  const out = join(folder, `first-${randomUUID()}`);
  const first = await run(words(out));
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  const report = JSON.parse(first.stdout);
  expect(report.server).toMatchObject({ key: keys.server, state: 'written' });
  expect(report.client).toMatchObject({ key: keys.client, state: 'written' });
  const texts = (['server', 'client'] as const).map((side) => {
    const text = readFileSync(join(out, `channel-${side}-root.pem`), 'utf8');
    const [root] = readChannelRoots(text, side);
    expect(root?.fingerprint).toBe(report[side].fingerprint);
    return text;
  });
  const second = JSON.parse((await run(words(out))).stdout);
  expect([second.server.state, second.client.state]).toEqual(['present', 'present']);
  expect(readFileSync(join(out, 'channel-server-root.pem'), 'utf8')).toBe(texts[0]);
  expect((await run([...words(out), '--check'])).code).toBe(0);
});

test('never takes a root away: another key is refused, or added', async () => {
  const out = join(folder, `exchange-${randomUUID()}`);
  await run(words(out));
  const other = words(out, { '--server-key': keys.spare });
  expect((await run([...other, '--check'])).code).toBe(1);
  const refused = await run(other);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('has the root of another key');
  expect(JSON.parse((await run([...other, '--add'])).stdout).server.state).toBe('added');
  const roots = readChannelRoots(readFileSync(join(out, 'channel-server-root.pem'), 'utf8'), 'server');
  expect(roots).toHaveLength(2);
  expect((await run([...words(out), '--check'])).code).toBe(0);
});

test('refuses what is no pair of keys, and says what KMS says', async () => {
  const out = join(folder, 'none');
  const twice = await run(words(out, { '--client-key': keys.server }));
  expect([twice.code, twice.stderr.split('\n')[0]]).toEqual([
    2,
    '--server-key and --client-key are two keys',
  ]);
  const elsewhere = await run(words(out, { '--region': 'eu-west-1' }));
  expect(elsewhere.stderr).toContain('--server-key takes the ARN of a key in eu-west-1');
  const stranger = await run(words(out), { ...CREDENTIALS, secretAccessKey: 'guessed' });
  expect([stranger.code, stranger.stderr]).toEqual([
    1,
    'enclave-vault: kms_denied: GetPublicKey: InvalidSignatureException\n',
  ]);
  writeFileSync(join(folder, 'channel-server-root.pem'), 'something else');
  const occupied = await run(words(folder));
  expect([occupied.code, occupied.stderr]).toEqual([
    1,
    expect.stringContaining('something else than roots of the server side'),
  ]);
});

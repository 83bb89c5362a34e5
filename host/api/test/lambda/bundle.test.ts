// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inputsOf, sizeDifferences, sizeOf } from '../../../../tests/budget/support/sizes.ts';
import { bundleLambda } from '../../build/bundle.ts';
import { OMITTED, REPLACED } from '../../build/omit.ts';
import { buildLambda, MAX_BUNDLE_BYTES } from '../../build-lambda.ts';
import { type AwsStandIn, startAwsStandIn } from '../support/aws-stand-in.ts';
import { FunctionProcess } from '../support/function-process.ts';
import { restEvent } from './events.ts';
import { read } from './harness.ts';

const REGION = 'eu-central-1';
const ROLE = 'arn:aws:iam::111122223333:role/api';
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE0000000A1', secretAccessKey: 'marked-secret-of-the-api' };

const folder = mkdtempSync(join(tmpdir(), 'evb-'));
const file = join(folder, 'fn', 'index.mjs');
let kms: KmsEmulator;
let aws: AwsStandIn;
let key: string;

beforeAll(async () => {
  const everything = {
    Version: '2012-10-17' as const,
    Statement: [{ Effect: 'Allow' as const, Action: 'kms:*', Resource: '*' }],
  };
  const start = startKmsEmulator({
    region: REGION,
    account: '111122223333',
    stateFile: null,
    attestationRoots: [],
    principals: [{ arn: ROLE, ...CREDENTIALS, identityPolicies: [everything] }],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
  });
  [kms, aws] = await Promise.all([start, startAwsStandIn(), buildLambda(join(folder, 'fn'))]);
  const client = new KMSClient({
    region: REGION,
    endpoint: endpoint(),
    credentials: { ...CREDENTIALS },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  });
  key = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
  client.destroy();
});
afterAll(async () => {
  await Promise.all([kms.close(), aws.close()]);
  rmSync(folder, { recursive: true });
});

const endpoint = () => `https://127.0.0.1:${kms.endpoints[0]?.port}`;
const environment = () => ({
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  ENCLAVE_VAULT_REGION: REGION,
  ENCLAVE_VAULT_KEYS_VAULT: key,
  ENCLAVE_VAULT_KEYS_REQUEST: key,
  ENCLAVE_VAULT_KEYS_INTEGRITY: key,
  ENCLAVE_VAULT_KMS_ENDPOINT: endpoint(),
  ENCLAVE_VAULT_KMS_CA: kms.ca,
  ENCLAVE_VAULT_STORE_KIND: 'dynamodb',
  ENCLAVE_VAULT_STORE_TABLE: 'enclave-vault',
  ENCLAVE_VAULT_STORE_ENDPOINT: aws.endpoint,
  ENCLAVE_VAULT_AUDIT_KIND: 'log_group',
  ENCLAVE_VAULT_AUDIT_NAME: '/enclave-vault/audit',
  ENCLAVE_VAULT_AUDIT_ENDPOINT: aws.endpoint,
  ENCLAVE_VAULT_PARENT: 'unix:/nowhere/parent.sock',
  ENCLAVE_VAULT_TRACING: 'true',
  ENCLAVE_VAULT_AUTHORIZERS: JSON.stringify({
    version: 1,
    iam: [
      {
        arn: 'arn:aws:iam::111122223333:role/clerk',
        tenant: 'default',
        scopes: ['vaults:create', 'vaults:read', 'vaults:decrypt', 'audit:read'],
      },
    ],
  }),
});
const clerk = {
  identity: {
    userArn: 'arn:aws:sts::111122223333:assumed-role/clerk/s',
    accountId: '111122223333',
    caller: 'AROA:s',
  },
};

test('one file, the same bytes each time, within its budget, and nothing in it that a function has no use for', async () => {
  expect(readdirSync(join(folder, 'fn'))).toEqual(['index.mjs']);
  const [one, two] = await Promise.all([bundleLambda(), bundleLambda()]);
  expect(Buffer.compare(one.code, two.code)).toBe(0);
  expect(one.code.length).toBeLessThan(MAX_BUNDLE_BYTES);
  expect(sizeDifferences('lambda', sizeOf(one.code.length, inputsOf(one.metafile)))).toEqual([]);
  const text = Buffer.from(one.code).toString('utf8');
  expect(text).not.toContain(process.cwd());
  const output = one.metafile.outputs['index.mjs'];
  const inputs = Object.keys(output?.inputs ?? {}).join('\n');
  for (const absent of [
    'stores/src/sqlite',
    'emulators/',
    'koffi',
    'trusted/enclave',
    'hpke/src/open',
    'host/api/test',
  ]) {
    expect(inputs.includes(absent), absent).toBe(false);
  }
  for (const name of Object.keys({ ...OMITTED, ...REPLACED }))
    expect(inputs).not.toContain(`node_modules/${name}/`);
  const imports = output?.imports.map(({ path }) => path.replace(/^node:/, '')) ?? [];
  expect(imports.filter((path) => !builtinModules.includes(path))).toEqual([]);
  expect(imports).not.toContain('sqlite');
});

test('opens a vault in DynamoDB and serves it; another process finds what it left', async () => {
  const headsBefore = aws.heads.length;
  const first = new FunctionProcess(file, environment());
  await first.loaded();
  const json = {
    body: JSON.stringify({ email: 'marked@example.com' }),
    headers: { 'Content-Type': 'application/json' },
  };
  const created = read(answerOf(await first.invoke(restEvent('POST', '/v1/vaults', { ...json, ...clerk }))));
  expect(created.status).toBe(201);
  await first.end();

  const second = new FunctionProcess(file, environment());
  await second.loaded();
  const get = async (path: string, options = {}) =>
    read(answerOf(await second.invoke(restEvent('GET', path, { ...clerk, ...options }))));
  expect((await get(`/v1/vaults/${created.json.id}?fields=email`)).json).toEqual({ email: true });
  const audit = await get(`/v1/vaults/${created.json.id}/audit`);
  expect(audit.json.entries).toMatchObject([
    { event: 'CreateVault', actor: 'iam:arn:aws:iam::111122223333:role/clerk' },
  ]);
  // What is asked again after a time-out may come twice.
  expect(new Set(aws.heads.slice(headsBefore)).size).toBe(1);
  const health = await get('/health');
  expect(health.json.parts).toMatchObject({
    vault: { ok: true },
    store: { ok: true },
    enclave: { ok: false },
  });
  expect((await get('/v1/openapi.json')).json.openapi).toBe('3.1.0');
  const decrypt = restEvent('POST', `/v1/vaults/${created.json.id}/decrypt`, {
    ...clerk,
    body: '{"fields":["email"],"reason":"a test"}',
    headers: { 'Content-Type': 'application/json' },
  });
  expect(read(answerOf(await second.invoke(decrypt))).json.code).toBe('enclave_unavailable');
  const { error } = await second.invoke({ Records: [] });
  expect(error).toEqual({ name: 'ApiError', code: 'event_not_rest' });
  await second.end();
  expect(first.output + second.output).not.toContain('marked');
  expect(second.output).toContain('"cold_start":true');
});

test('ends in order when it is told to', async () => {
  const one = new FunctionProcess(file, environment());
  await one.loaded();
  const exit = new Promise((done) => one.process.once('exit', (code, signal) => done(signal ?? code)));
  one.process.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('without a configuration it starts all the same, and says what is wrong', async () => {
  const { ENCLAVE_VAULT_REGION: _, ...incomplete } = environment();
  const one = new FunctionProcess(file, { ...incomplete, ENCLAVE_VAULT_STORE_KIND: 'sqlite' });
  await one.loaded();
  const { status, json } = read(answerOf(await one.invoke(restEvent('GET', '/health'))));
  expect([status, json.code]).toEqual([503, 'misconfigured']);
  await one.end();
  expect(one.output).toContain('region is missing');
  expect(one.output).not.toContain('marked');
});

function answerOf({ answer, error }: Awaited<ReturnType<FunctionProcess['invoke']>>) {
  if (answer === undefined) throw new Error(`the handler threw ${error?.name} ${error?.code}`);
  return answer;
}

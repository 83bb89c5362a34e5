// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunction } from '@enclave-vault/api/build/function';
import { readRole } from '@enclave-vault/settings';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY } from '../../../infra/src/index.ts';
import { authorizersFile } from '../../../infra/src/settings/api.ts';
import { inputsOf, sizeDifferences, sizeOf } from '../../../tests/budget/support/sizes.ts';
import { captureOutput } from '../../api/test/lambda/capture.ts';
import { type Lambda, startLambda } from '../../api/test/lambda/harness.ts';
import { buildSmoke, SMOKE_SOURCE } from '../build.ts';
import { smokeTest } from '../src/start.ts';
import { CREDENTIALS, type GatewayOptions, REGION, startGateway } from './gateway.ts';

const CHECKS = [
  'healthy',
  'unsigned_is_refused',
  'unsigned_record_is_refused',
  'changed_request_is_refused',
  'token_is_refused',
  'unlisted_route_is_refused',
  'other_rights_are_refused',
  'create',
  'presence',
  'no_reason_is_refused',
  'decrypt',
  'expression',
  'audit',
  'delete',
  'deleted_is_gone',
];

let lambda: Lambda;
let output: ReturnType<typeof captureOutput>;
const stops: (() => void)[] = [];

beforeAll(async () => {
  output = captureOutput();
  // The very rules that a deployment signs with the code.
  const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
  lambda = await startLambda({
    authorizers: JSON.parse(authorizersFile(config)),
    gateway: { stages: ['v'] },
  });
});
afterEach(() => {
  lambda.enclave.failure = undefined;
  lambda.enclave.refusal = undefined;
  for (const stop of stops.splice(0)) stop();
});
afterAll(async () => {
  await lambda.stop();
  output.end();
});

const environment = (url: string, more: Record<string, string> = {}) => ({
  ENCLAVE_VAULT_SMOKE_URL: url,
  ENCLAVE_VAULT_SMOKE_AUTH: 'iam',
  ENCLAVE_VAULT_SMOKE_FIELD: 'first_name',
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: CREDENTIALS.sessionToken ?? '',
  ...more,
});

async function gateway(options: Partial<GatewayOptions> = {}) {
  const started = await startGateway({ handler: lambda.handler, ...options });
  stops.push(started.stop);
  return started;
}

const FAST = { healthMs: 0, pauseMs: 1 };
const ended = ({ ok, code, checks }: Awaited<ReturnType<typeof smokeTest>>) => [
  ok,
  code,
  checks.at(-1)?.name,
];

test('takes a record through a real vault behind a gateway that verifies signatures, and says nothing of it', async () => {
  const { url, requests } = await gateway();
  const report = await smokeTest(environment(url), FAST);
  expect(report).toMatchObject({ ok: true, code: 'passed' });
  expect(report.checks.map(({ name, ok }) => [name, ok])).toEqual(CHECKS.map((name) => [name, true]));
  const statuses = Object.fromEntries(report.checks.map(({ name, status, code }) => [name, [status, code]]));
  expect(statuses).toMatchObject({
    unsigned_is_refused: [403, undefined],
    other_rights_are_refused: [403, 'scope_missing'],
    no_reason_is_refused: [422, 'invalid'],
    deleted_is_gone: [404, 'not_found'],
  });
  const said = JSON.stringify(report);
  for (const secret of ['v_', 'smoke-', 'marked', CREDENTIALS.accessKeyId, '127.0.0.1']) {
    expect(said).not.toContain(secret);
  }
  expect(requests.filter((one) => one.endsWith('/decrypt'))).toHaveLength(3);
});

test('waits for a vault that is opening', async () => {
  let asked = 0;
  const { url } = await gateway({
    instead: (_, path) =>
      path === '/health' && ++asked < 4
        ? { status: 503, json: { status: 'unavailable', parts: { enclave: { ok: false } } } }
        : undefined,
  });
  expect(await smokeTest(environment(url), { healthMs: 10_000, pauseMs: 1 })).toMatchObject({ ok: true });
  expect(asked).toBeGreaterThanOrEqual(4);
});

describe('tells failures apart:', () => {
  test('a part of the vault that does not work', async () => {
    const { url } = await gateway({
      instead: (_, path) =>
        path === '/health'
          ? {
              status: 503,
              json: { status: 'unavailable', parts: { store: { ok: true }, enclave: { ok: false } } },
            }
          : undefined,
    });
    const report = await smokeTest(environment(url), FAST);
    expect(report).toMatchObject({ ok: false, code: 'unhealthy' });
    expect(report.checks).toEqual([
      { name: 'healthy', ok: false, status: 503, ms: expect.any(Number), parts: ['enclave'] },
    ]);
  });

  test('nobody at the address', async () => {
    const { url, stop } = await gateway();
    stop();
    const report = await smokeTest(environment(url), FAST);
    expect(ended(report)).toEqual([false, 'unreachable', 'healthy']);
    expect(report.checks[0]?.code).toMatch(/^E[A-Z]+$/);
  });

  test('a gateway that lets everybody in', async () => {
    const { url } = await gateway({ open: true });
    expect(ended(await smokeTest(environment(url), FAST))).toEqual([
      false,
      'not_refused',
      'unsigned_is_refused',
    ]);
  });

  test('a role without its rule', async () => {
    const { url } = await gateway({
      instead: (method) =>
        method === 'POST' ? { status: 403, json: { code: 'identity_not_mapped' } } : undefined,
    });
    const report = await smokeTest(environment(url), FAST);
    expect(ended(report)).toEqual([false, 'call_failed', 'create']);
    expect(report.checks.at(-1)?.code).toBe('identity_not_mapped');
  });

  test('rights that nobody gave', async () => {
    const { url } = await gateway({
      instead: (_, path) => (path === '/v1/keys' ? { status: 200, json: { keys: [] } } : undefined),
    });
    expect(ended(await smokeTest(environment(url), FAST))).toEqual([
      false,
      'not_refused',
      'other_rights_are_refused',
    ]);
  });

  test('an enclave that is out of reach, and the record is taken away again', async () => {
    lambda.enclave.failure = new Error('no enclave');
    const { url, requests } = await gateway({
      instead: (_, path) =>
        path === '/health' ? { status: 200, json: { status: 'ok', parts: {} } } : undefined,
    });
    const report = await smokeTest(environment(url), FAST);
    expect(ended(report)).toEqual([false, 'call_failed', 'decrypt']);
    expect(requests.at(-1)).toMatch(/^DELETE \/v1\/vaults\/v_/);
  });

  test('an answer with another value in it', async () => {
    const { url } = await gateway({
      instead: (_method, path, body) =>
        path.endsWith('/decrypt') && body.includes('reason')
          ? { status: 200, json: { data: { first_name: 'x' } } }
          : undefined,
    });
    expect(ended(await smokeTest(environment(url), FAST))).toEqual([false, 'answer_wrong', 'decrypt']);
  });

  test('a decryption without a reason', async () => {
    const { url } = await gateway({
      instead: (_method, path) =>
        path.endsWith('/decrypt') ? { status: 200, json: { data: { first_name: 'x' } } } : undefined,
    });
    expect(ended(await smokeTest(environment(url), FAST))).toEqual([
      false,
      'not_refused',
      'no_reason_is_refused',
    ]);
  });

  test('no word of it in the audit', async () => {
    const { url } = await gateway({
      instead: (_, path) => (path.endsWith('/audit') ? { status: 200, json: { entries: [] } } : undefined),
    });
    expect(ended(await smokeTest(environment(url), FAST))).toEqual([false, 'answer_wrong', 'audit']);
  });
});

test('where tokens are asked for it sees health, and that nobody else gets in', async () => {
  const { url } = await gateway({ tokens: true });
  const report = await smokeTest(environment(url, { ENCLAVE_VAULT_SMOKE_AUTH: 'jwt' }), FAST);
  expect(report.checks.map(({ name, ok, status }) => [name, ok, status])).toEqual([
    ['healthy', true, 200],
    ['unsigned_is_refused', true, 403],
    ['no_token_is_refused', true, 401],
    ['bad_token_is_refused', true, 401],
  ]);
  expect(report.code).toBe('passed');
});

test.each([
  ['no address', { ENCLAVE_VAULT_SMOKE_URL: '' }],
  ['an address without TLS', { ENCLAVE_VAULT_SMOKE_URL: 'http://api.example.com/v' }],
  ['another authorizer', { ENCLAVE_VAULT_SMOKE_AUTH: 'none' }],
  ['a field that is a program', { ENCLAVE_VAULT_SMOKE_FIELD: 'x) + size(ssn9' }],
  ['no credentials', { AWS_ACCESS_KEY_ID: '' }],
  ['no Region', { AWS_REGION: '' }],
])('calls nobody with %s', async (_, more) => {
  const { url, requests } = await gateway();
  expect(await smokeTest(environment(url, more), FAST)).toEqual({
    ok: false,
    code: 'misconfigured',
    checks: [],
  });
  expect(requests).toEqual([]);
});

test('is one file within its budget, the same bytes each time, that runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evk-'));
  const { directory, bytes, metafile } = await buildSmoke(join(folder, 'fn'));
  const code = readFileSync(join(directory, 'index.mjs'));
  expect(Buffer.compare(code, await bundleFunction(SMOKE_SOURCE.entry))).toBe(0);
  expect(bytes).toBeLessThan(SMOKE_SOURCE.budget);
  expect(sizeDifferences('smoke', sizeOf(bytes, inputsOf(metafile)))).toEqual([]);
  const text = code.toString('utf8');
  expect(text).not.toContain(process.cwd());
  const imports = [...text.matchAll(/from"(?:node:)?([^"]+)"/g)].map(([, name]) => name);
  expect(imports.filter((name) => !builtinModules.includes(name ?? ''))).toEqual([]);
  const { handler } = await import(pathToFileURL(join(directory, 'index.mjs')).href);
  expect(await handler()).toEqual({ ok: false, code: 'misconfigured', checks: [] });
  rmSync(folder, { recursive: true });
});

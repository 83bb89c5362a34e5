// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY } from '../../../infra/src/index.ts';
import { authorizersFile } from '../../../infra/src/settings/api.ts';
import { captureOutput } from '../../api/test/lambda/capture.ts';
import { type Lambda, startLambda } from '../../api/test/lambda/harness.ts';
import { createControl } from '../src/control.ts';
import { CREDENTIALS, type GatewayOptions, REGION, startGateway } from './gateway.ts';

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

interface Options extends Partial<GatewayOptions> {
  readonly env?: Record<string, string>;
  readonly now?: () => number;
}

/** The control as its function runs it, behind a gateway that verifies its signatures. */
async function controlled({ env = {}, now, ...gateway }: Options = {}) {
  const { url, requests, stop } = await startGateway({
    handler: lambda.handler,
    role: 'vault-canary-control',
    ...gateway,
  });
  stops.push(stop);
  const lines: string[] = [];
  const run = createControl({
    env: {
      ENCLAVE_VAULT_SMOKE_URL: url,
      ENCLAVE_VAULT_SMOKE_AUTH: 'iam',
      ENCLAVE_VAULT_SMOKE_FIELD: 'first_name',
      ENCLAVE_VAULT_METRICS_NAMESPACE: 'vault',
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_SESSION_TOKEN: CREDENTIALS.sessionToken ?? '',
      ...env,
    },
    write: (line) => void lines.push(line),
    ...(now === undefined ? {} : { now }),
  });
  const report = async () => {
    await run();
    return JSON.parse(lines.at(-1) ?? '');
  };
  return { report, requests, lines };
}

const made = (requests: readonly string[]) => requests.filter((one) => one === 'POST /v1/vaults').length;

test('decrypts a record of its own through the API, and counts it under its name', async () => {
  const { report, lines } = await controlled();
  expect(await report()).toMatchObject({
    Canary: 'control',
    ControlPassed: 1,
    CanaryError: 0,
    readings: [{ probe: 'control.decrypt', outcome: 'ControlPassed', reason: 'decrypted' }],
    _aws: { CloudWatchMetrics: [{ Namespace: 'vault', Dimensions: [['Canary']] }] },
  });
  for (const secret of ['v_', 'enclave-vault canary', 'marked', CREDENTIALS.accessKeyId])
    expect(lines.join()).not.toContain(secret);
});

test('wants KMS asked each time: a key in an enclave’s memory would open the record after nothing else can be opened', async () => {
  const { report } = await controlled();
  const before = lambda.enclave.requests.length;
  await report();
  await report();
  // What reaches the enclave, through gateway, function and vault.
  expect(lambda.enclave.requests.slice(before).map(({ fresh }) => fresh)).toEqual([true, true]);
});

test('makes the record once a day, also where it remembers nothing', async () => {
  let now = Date.parse('2030-01-01T10:00:00Z');
  const first = await controlled({ now: () => now });
  await first.report();
  await first.report();
  expect(made(first.requests)).toBe(1);
  // A function that starts anew asks for the same record by the key of the day.
  const second = await controlled({ now: () => now });
  expect((await second.report()).ControlPassed).toBe(1);
  const id = ({ requests }: typeof first) => requests.at(-1);
  expect(id(second)).toBe(id(first));
  now += 86_400_000;
  expect((await second.report()).ControlPassed).toBe(1);
  expect(id(second)).not.toBe(id(first));
});

test('makes another record when the one of the day is gone', async () => {
  let gone = '';
  const { report, requests } = await controlled({
    instead: (_, path) =>
      path.includes(gone) && gone !== '' ? { status: 404, json: { code: 'not_found' } } : undefined,
  });
  await report();
  gone = /v_[0-9A-Za-z]{26}/.exec(requests.at(-1) ?? '')?.[0] ?? '';
  expect((await report()).ControlPassed).toBe(1);
  expect(requests.at(-1)).not.toContain(gone);
});

describe('is an error of the canary, with the API’s word for it', () => {
  test('when the enclave decrypts nothing', async () => {
    const { report } = await controlled({
      instead: (_, path) =>
        path.endsWith('/decrypt') ? { status: 503, json: { code: 'enclave_not_trusted' } } : undefined,
    });
    expect(await report()).toMatchObject({
      ControlPassed: 0,
      CanaryError: 1,
      readings: [{ reason: 'enclave_not_trusted' }],
    });
  });

  test('when another value comes back, of which nothing is said', async () => {
    const { report, lines } = await controlled({
      instead: (_, path) =>
        path.endsWith('/decrypt') ? { status: 200, json: { data: { first_name: 'forged' } } } : undefined,
    });
    expect((await report()).readings).toMatchObject([{ outcome: 'CanaryError', reason: 'another_value' }]);
    expect(lines.join()).not.toContain('forged');
  });

  test('when nobody listens, and when it was told too little', async () => {
    const gone = await controlled({ env: { ENCLAVE_VAULT_SMOKE_URL: 'http://127.0.0.1:1/v' } });
    expect((await gone.report()).readings).toMatchObject([
      { outcome: 'CanaryError', reason: 'ECONNREFUSED' },
    ]);
    const bare = await controlled({ env: { ENCLAVE_VAULT_SMOKE_URL: '' } });
    expect((await bare.report()).readings).toMatchObject([
      { outcome: 'CanaryError', reason: 'misconfigured' },
    ]);
  });
});

test('may make and decrypt, its one field alone, and nothing else of the vault', async () => {
  const { report } = await controlled({ env: { ENCLAVE_VAULT_SMOKE_FIELD: 'last_name' } });
  expect((await report()).readings).toMatchObject([{ outcome: 'CanaryError', reason: 'field_not_allowed' }]);
});

test('where callers show tokens the vault’s own health stands in, and says so', async () => {
  const env = { ENCLAVE_VAULT_SMOKE_AUTH: 'jwt' };
  const { report, requests } = await controlled({ tokens: true, env });
  expect(await report()).toMatchObject({
    ControlPassed: 1,
    readings: [{ probe: 'control.health', outcome: 'ControlPassed' }],
  });
  expect(requests).toEqual(['GET /health']);
  const ill = await controlled({
    env,
    instead: () => ({ status: 503, json: { status: 'unavailable', code: 'enclave_unavailable' } }),
  });
  expect((await ill.report()).readings).toMatchObject([{ probe: 'control.health', outcome: 'CanaryError' }]);
});

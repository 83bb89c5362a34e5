// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { KmsError, StoreError } from '@enclave-vault/vault';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LocalKms } from '../../../vault/test/support/local-kms.ts';
import { ApiError } from '../../src/errors.ts';
import { captureOutput } from './capture.ts';
import { lambdaContext, restEvent } from './events.ts';
import { type Lambda, startLambda } from './harness.ts';

let output: ReturnType<typeof captureOutput>;
let lambda: Lambda | undefined;
beforeEach(() => {
  output = captureOutput();
});
afterEach(async () => {
  await lambda?.stop();
  lambda = undefined;
  output.end();
  vi.unstubAllEnvs();
});

test('says how long the start took, and counts cold starts once', async () => {
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand');
  lambda = await startLambda({ metricsNamespace: 'Vault/Test' });
  expect(output.events('started')).toMatchObject([
    { level: 'INFO', process: 'enclave-vault-api', vault: 'open' },
  ]);
  for (let n = 0; n < 3; n += 1) await lambda.call('GET', '/v1/keys?limit=1');
  const [cold, ...more] = output.metrics('ColdStart');
  expect(cold).toMatchObject({ function_name: 'enclave-vault-api', ColdStart: 1 });
  expect(more).toEqual([]);
  const requests = output.events('request');
  expect(requests.map(({ cold_start }) => cold_start)).toEqual([true, false, false]);
});

test('figures have the names and labels of /metrics', async () => {
  lambda = await startLambda({ metricsNamespace: 'Vault/Test' });
  await lambda.call('GET', '/v1/keys', { token: null });
  const [figure] = output.metrics('http_requests_total');
  expect(figure).toMatchObject({
    service: 'enclave-vault-api',
    method: 'GET',
    route: '/v1/keys',
    status: '401',
    http_requests_total: 1,
    http_request_duration_seconds: expect.any(Number),
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: 'Vault/Test',
          Dimensions: [['service', 'method', 'route', 'status']],
          Metrics: [
            { Name: 'http_requests_total', Unit: 'Count' },
            { Name: 'http_request_duration_seconds', Unit: 'Seconds' },
          ],
        },
      ],
    },
  });
  expect(output.metrics('problems_total')).toMatchObject([{ code: 'unauthenticated', problems_total: 1 }]);
});

test('what a decryption revealed is one line of figures, however many fields that is', async () => {
  lambda = await startLambda();
  const { json } = await lambda.call('POST', '/v1/vaults', { json: { city: 'Rome', first_name: 'Ada' } });
  const ask = { fields: ['city', 'first_name', 'dob'], reason: 'r' };
  const { status } = await lambda.call('POST', `/v1/vaults/${json.id}/decrypt`, { json: ask });
  expect(status).toBe(200);
  const figures = output.metrics('decrypt_results_total');
  expect(figures).toMatchObject([{ result: 'ok', decrypt_results_total: 3 }]);
});

test('a throttled KMS at the start is no end: 503, and the vault opens when it may', async () => {
  const kms = new LocalKms();
  kms.failure = new KmsError('throttled');
  lambda = await startLambda({}, { kms });
  // A line for each try: a slow start has time for more than one.
  const [line] = output.events('vault_not_open');
  expect(line).toMatchObject({ code: 'kms_throttled', detail: kms.failure.message });
  const { status, json, headers } = await lambda.call('POST', '/v1/vaults', { json: {}, token: 'evk_x' });
  expect([status, json.code, headers['retry-after']]).toEqual([503, 'starting', '1']);
  const health = await lambda.call('GET', '/health');
  expect(health.json.parts.vault).toEqual({ ok: false, reason: 'kms_throttled' });
  kms.failure = undefined;
  const token = 'evk_01HV1XW70Q03PHK892JFQAY0Z5_x';
  const asked = async () => (await lambda?.call('GET', '/v1/keys', { token }))?.json.code;
  await vi.waitFor(async () => expect(await asked()).toBe('unauthenticated'), 60_000);
  expect(output.events('vault_open')).toHaveLength(1);
});

/** A KMS that makes the vault wait for its integrity keys until the gate is opened. */
function gatedKms() {
  const gate = Promise.withResolvers<void>();
  const kms = new LocalKms();
  const generate = kms.generateIntegrityKey.bind(kms);
  kms.generateIntegrityKey = async (purpose) => {
    await gate.promise;
    return await generate(purpose);
  };
  return { gate, kms };
}

test('a request waits for a try that is under way', async () => {
  const { gate, kms } = gatedKms();
  lambda = await startLambda({}, { kms, initMs: 20 });
  const asked = lambda.call('GET', '/v1/keys', { token: null });
  gate.resolve();
  expect((await asked).json.code).toBe('unauthenticated');
});

test('what loading took of Lambda’s time is not taken again for the vault', async () => {
  const { gate, kms } = gatedKms();
  lambda = await startLambda({}, { kms, ranMs: 60_000 });
  const [started] = output.events('started');
  gate.resolve();
  expect(started?.vault).toBe('opening');
  // Eight seconds, were they counted from here.
  expect(Number(started?.ms)).toBeLessThan(7_900);
});

test('what waiting does not mend is said, and answered with 503', async () => {
  lambda = await startLambda({}, { store: () => Promise.reject(new StoreError('not_a_vault')) });
  expect(output.events('not_started')).toMatchObject([
    { level: 'ERROR', code: 'config_invalid', detail: 'store: not_a_vault' },
  ]);
  const { status, json, headers } = await lambda.call('POST', '/v1/vaults', { json: {}, token: 'evk_x' });
  expect([status, json.code, headers['retry-after']]).toEqual([503, 'misconfigured', '30']);
});

test('a configuration that is none is said with all that is wrong, without values', async () => {
  lambda = await startLambda(
    { region: 'marked', keys: { vault: 'marked' } },
    { env: { ENCLAVE_VAULT_TRACIN: 'marked' } },
  );
  const [line] = output.events('not_started');
  for (const name of ['region', 'keys.vault', 'keys.request', 'keys.integrity', 'ENCLAVE_VAULT_TRACIN']) {
    expect(line?.detail).toContain(name);
  }
  const { status, json, headers } = await lambda.call('GET', '/health');
  expect([status, json.code, headers['retry-after']]).toEqual([503, 'misconfigured', '60']);
  expect(output.lines.join()).not.toContain('marked');
});

test.each<[string, object, boolean]>([
  [
    'an HTTP API, format 2.0',
    { version: '2.0', routeKey: '$default', rawPath: '/health', requestContext: { http: { method: 'GET' } } },
    true,
  ],
  ['an HTTP API, format 1.0', { ...restEvent('GET', '/health'), version: '1.0' }, true],
  [
    'a load balancer',
    { httpMethod: 'GET', path: '/health', requestContext: { elb: { targetGroupArn: 'arn' } } },
    true,
  ],
  ['a WebSocket API', { httpMethod: 'GET', path: '/', requestContext: { connectionId: 'c' } }, true],
  ['a queue', { Records: [{ body: '{}' }] }, false],
  ['nobody', {}, false],
])('events of %s are refused', async (_what, event, answered) => {
  lambda = await startLambda();
  if (answered) {
    const { statusCode, body } = await lambda.handler(event, lambdaContext());
    expect([statusCode, JSON.parse(body).code]).toEqual([400, 'event_not_rest']);
  } else {
    const thrown = expect(lambda.handler(event, lambdaContext())).rejects;
    await thrown.toThrow(ApiError);
    await thrown.toMatchObject({ code: 'event_not_rest' });
  }
  expect(output.events('invocation_refused')[0]).toMatchObject({ level: 'WARN', code: 'event_not_rest' });
});

test.each<[string, object]>([
  ['a path that is none', { path: 7 }],
  ['a method that is none', { httpMethod: 'get' }],
  ['headers that are none', { multiValueHeaders: { a: [1] } }],
  ['a list of headers', { multiValueHeaders: [] }],
  ['a body that is none', { body: {} }],
  ['a query that is none', { multiValueQueryStringParameters: { a: [null] } }],
])('%s is refused', async (_what, more) => {
  lambda = await startLambda();
  const { status, json } = await lambda.call('GET', '/health', { more });
  expect([status, json.code]).toEqual([400, 'event_invalid']);
});

test('the time that Lambda leaves bounds the deadline, and an answer gets out before the end', async () => {
  lambda = await startLambda();
  const { json } = await lambda.call('POST', '/v1/vaults', { json: { email: 'a@example.com' } });
  const path = `/v1/vaults/${json.id}/decrypt`;
  const late = await lambda.call('POST', path, {
    json: { fields: ['email'], reason: 'r' },
    remainingMs: 900,
  });
  expect([late.status, late.json.code]).toEqual([503, 'timed_out']);

  lambda.kms.generateRequestKey = () => new Promise(() => undefined);
  const answered = lambda.call('POST', path, {
    json: { fields: ['email'], reason: 'r' },
    remainingMs: 1_600,
  });
  // Lambda's own end, set after the call has begun: timers end in their order, however late.
  const stuck = await Promise.race([answered, sleep(1_600, undefined)]);
  expect([stuck?.status, stuck?.json.code]).toEqual([503, 'timed_out']);
});

test('failures of one address are counted by the gateway’s word for it', async () => {
  lambda = await startLambda({ rates: { failures: { burst: 2, perSecond: 1 } } });
  // No token comes back meanwhile.
  vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  const fail = async (sourceIp: string) => {
    const forged = { 'X-Forwarded-For': `192.0.2.${Math.random()}` };
    return (await lambda?.call('GET', '/v1/keys', { token: null, identity: { sourceIp }, headers: forged }))
      ?.status;
  };
  expect([await fail('192.0.2.1'), await fail('192.0.2.1'), await fail('192.0.2.1')]).toEqual([
    401, 401, 429,
  ]);
  expect(await fail('192.0.2.2')).toBe(401);
});

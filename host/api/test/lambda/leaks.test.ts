// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSchema } from '@enclave-vault/vault';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { secretOf } from '../harness.ts';
import { captureOutput } from './capture.ts';
import { type Lambda, startLambda } from './harness.ts';

const MARK = 'zq7marked';
let daemon: Socket;
const segments: Record<string, unknown>[] = [];
let output: ReturnType<typeof captureOutput>;
let lambda: Lambda;

beforeAll(async () => {
  daemon = createSocket('udp4');
  daemon.on('message', (data) => segments.push(JSON.parse(data.toString('utf8').split('\n').at(-1) ?? '')));
  await new Promise<void>((resolve) => daemon.bind(0, '127.0.0.1', resolve));
  // As on Lambda, and every switch of Powertools set to tell as much as it can.
  const { port } = daemon.address() as AddressInfo;
  const environment = {
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: '/var/task',
    AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${port}`,
    _X_AMZN_TRACE_ID: 'Root=1-65f0c0de-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1',
    _HANDLER: 'index.handler',
    POWERTOOLS_LOG_LEVEL: 'TRACE',
    POWERTOOLS_LOGGER_LOG_EVENT: 'true',
    POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'true',
    POWERTOOLS_TRACER_CAPTURE_ERROR: 'true',
    POWERTOOLS_TRACER_CAPTURE_HTTPS_REQUESTS: 'true',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  output = captureOutput();
  lambda = await startLambda({
    tracing: true,
    authorizers: {
      version: 1,
      claims: [{ source: 'lambda', when: { kind: 'none' }, tenant: 'a', scopes: [] }],
    },
  });
});
afterAll(async () => {
  await lambda.stop();
  output.end();
  vi.unstubAllEnvs();
  daemon.close();
});

test('no value of any field, header, query, path or token is in a log line, a figure or a segment', async () => {
  const email = `${MARK}@example.com`;
  const text = Object.fromEntries(
    [...defaultSchema().fields]
      .filter(([, { type }]) => type === 'text')
      .map(([name]) => [name, `${MARK} ${name}`]),
  );
  const others = {
    email,
    phone_number: '+4915199918273',
    ssn9: '219099182',
    dob: '1977-11-23',
    country: 'KI',
  };
  const { json } = await lambda.call('POST', '/v1/vaults', { json: { ...text, ...others } });
  expect(json.id).toMatch(/^v_/);
  const path = `/v1/vaults/${json.id}`;
  const headers = {
    'Idempotency-Key': MARK,
    'X-Marked': MARK,
    Cookie: `session=${MARK}`,
    'User-Agent': MARK,
    'X-Amz-Security-Token': MARK,
  };
  const all = [...defaultSchema().fields.keys()];
  const decrypt = { fields: all, reason: `${MARK} reason`, expressions: { marked: `email == "${MARK}"` } };
  const calls: [string, string, object][] = [
    ['PATCH', path, { json: { city: MARK }, headers }],
    ['POST', `${path}/decrypt`, { json: decrypt, headers }],
    ['POST', `${path}/decrypt`, { json: { ...decrypt, expressions: { bad: `${MARK}.(` } } }],
    ['POST', '/v1/vaults', { json: { ssn9: MARK, [MARK]: 1 } }],
    ['POST', '/v1/vaults', { body: `{"${MARK}`, headers: { 'Content-Type': 'application/json' } }],
    [
      'POST',
      '/v1/vaults',
      { body: MARK, isBase64Encoded: true, headers: { 'Content-Type': 'application/json' } },
    ],
    ['POST', '/v1/vaults', { body: MARK, headers: { 'Content-Type': `text/${MARK}` } }],
    ['GET', `/v1/vaults/${MARK}?fields=${MARK}&${MARK}=${MARK}`, {}],
    ['GET', `/${MARK}`, {}],
    ['PURGE', `/v1/${MARK}`, {}],
    ['GET', '/v1/keys', { token: `evk_01HV1XW70Q03PHK892JFQAY0Z5_${MARK}` }],
    ['GET', '/v1/keys', { token: null, headers: { Authorization: `Basic ${MARK}` } }],
    ['GET', '/v1/keys', { context: { requestId: MARK, extendedRequestId: `${MARK} x`, stage: 'prod' } }],
    ['GET', '/v1/keys', { authorizer: { principalId: 'p', token: MARK } }],
    ['GET', '/', { more: { path: 7, marked: MARK } }],
  ];
  for (const [method, target, options] of calls) await lambda.call(method, target, options);
  await expect(
    lambda.handler({ Records: [MARK] }, { ...(await import('./events.ts')).lambdaContext() }),
  ).rejects.toThrow();
  // An error of the program, with a value in its message.
  lambda.kms.generateRecordKeyPair = () => Promise.reject(new TypeError(`${MARK} in a message`));
  // It befalls the calls that nobody waits for as well; creates have pairs that were made before, as long as there are some.
  const codes: unknown[] = [];
  while (codes.at(-1) !== 'internal' && codes.length < 8)
    codes.push((await lambda.call('POST', '/v1/vaults', { json: { email } })).json.code);
  expect(codes.at(-1)).toBe('internal');
  await sleep(100);

  expect(segments.length).toBeGreaterThan(8);
  expect(output.metrics('http_requests_total').length).toBeGreaterThan(8);
  const secret = secretOf(lambda.admin);
  const said = [...output.lines, JSON.stringify(segments)].join('\n');
  for (const value of [MARK, secret, others.ssn9, others.dob, others.phone_number, lambda.admin]) {
    expect(said.includes(value), value).toBe(false);
  }
});

test('a segment has the route, method, status and code of its request', async () => {
  segments.length = 0;
  await lambda.call('GET', '/v1/vaults/v_01HV1XW70Q03PHK892JFQAY0Z5');
  await sleep(100);
  expect(segments).toMatchObject([
    {
      name: 'enclave-vault-api',
      trace_id: '1-65f0c0de-0123456789abcdef01234567',
      parent_id: '0123456789abcdef',
      type: 'subsegment',
      error: true,
      annotations: {
        route: '/v1/vaults/:id',
        method: 'GET',
        status: '404',
        code: 'not_found',
        cold_start: false,
      },
    },
  ]);
  expect(segments[0]).not.toHaveProperty('metadata');
  expect(segments[0]).not.toHaveProperty('cause');
});

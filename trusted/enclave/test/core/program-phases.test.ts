// SPDX-License-Identifier: Apache-2.0
/** What a program says of itself, and to whom, in each phase; program.test.ts has a deployment around it. */
import { randomBytes } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  encodeParentRequest,
  MAX_CONFIGURATION_BYTES,
  MAX_MESSAGE_BYTES,
  openAnswer,
  sealRequest,
} from '@enclave-vault/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { Program } from '../../src/core/program.ts';
import { NsmError, Refused } from '../../src/errors.ts';
import type { Nsm, Reply } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { call, said } from '../support/enclave.ts';
import { testModule } from '../support/nsm.ts';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/';
const root = createNitroRoot(Date.now());
const CONFIGURATION = encodeConfiguration({
  region: 'eu-central-1',
  kmsHost: 'kms',
  tlsRoots: [rootCertificates[0] ?? ''],
  vaultKeyArns: [`${ARN}1`],
  requestKeyArns: [`${ARN}2`],
  legacyKeyArns: [],
});
const CREDENTIALS = {
  accessKeyId: 'A'.repeat(20),
  secretAccessKey: 's',
  sessionToken: null,
  expiration: null,
};

let events: Record<string, unknown>[];
let given: unknown[];
beforeEach(() => {
  events = [];
  given = [];
});

function program(dataKey = randomBytes(32)): Program {
  const nsm: Nsm = new NsmClient(testModule(root, PCRS).handle);
  return new Program({
    nsm,
    clock: systemClock(),
    log: (event, details) => void events.push({ event, ...details }),
    sweep: () => undefined,
    kms: (configuration, peer) => {
      given.push([configuration.region, peer]);
      return { decrypt: async () => Buffer.from(dataKey) };
    },
    expressions: (configuration) => {
      given.push(configuration.region);
      return { evaluate: async () => [] };
    },
  });
}

const tell = (one: Program, method: string, path: string, body?: Buffer): Promise<Reply> =>
  one.handle(call(method, path, body));
const configure = async (one: Program) => said(await tell(one, 'PUT', '/v1/configuration', CONFIGURATION));
async function health(one: Program): Promise<Record<string, unknown>> {
  const reply = await tell(one, 'GET', '/v1/health');
  expect(reply).toMatchObject({ kind: 'bytes', type: 'application/json' });
  return JSON.parse(String(said(reply))) as Record<string, unknown>;
}

test('each phase is told when it begins, and by its health as long as it lasts', async () => {
  const one = program();
  expect(events).toEqual([{ event: 'phase', phase: 'boot' }]);
  expect(await health(one)).toEqual({ phase: 'boot' });
  const gate = Promise.withResolvers<Buffer>();
  const limits: number[] = [];
  const configuring = one.handle({
    ...call('PUT', '/v1/configuration'),
    peer: 16,
    body: (maxBytes, timeoutMs) => {
      limits.push(maxBytes, timeoutMs);
      return gate.promise;
    },
  });
  expect(await health(one)).toEqual({ phase: 'configuring' });
  expect(said(await tell(one, 'POST', '/v1/decrypt'))).toBe('no_configuration');
  gate.resolve(CONFIGURATION);
  expect(await configuring).toEqual({ kind: 'empty' });
  expect(await health(one)).toMatchObject({
    phase: 'serving',
    running: 0,
    waiting: 0,
    seen: 0,
    request_keys: 0,
  });
  expect(await tell(one, 'POST', '/v1/anything')).toEqual({ kind: 'refusal', code: 'not_found' });
  expect(limits).toEqual([MAX_CONFIGURATION_BYTES, 5_000]);
  expect(given).toEqual([['eu-central-1', 16], 'eu-central-1']);
  expect(events.map(({ phase }) => phase)).toEqual(['boot', 'configuring', 'serving']);
});

describe('a refusal', () => {
  test.each<[string, unknown, string, string]>([
    ['of a body', new Refused('timed_out'), 'timed_out', 'Refused'],
    ['of the module', new NsmError('nsm_lost'), 'internal', 'nsm_lost'],
    ['for what nobody thought of', new TypeError('a value'), 'internal', 'TypeError'],
    ['for what is no error', 'a value', 'internal', 'unknown'],
  ])('%s has a code, and a name in the log', async (_, error, code, detail) => {
    const one = program();
    const broken = { ...call('PUT', '/v1/configuration'), body: () => Promise.reject(error) };
    expect(await one.handle(broken)).toEqual({ kind: 'refusal', code });
    expect(events.slice(1)).toEqual([
      { event: 'phase', phase: 'configuring' },
      { event: 'phase', phase: 'unusable' },
      { event: 'refused', code, detail },
    ]);
    expect(said(await tell(one, 'PUT', '/v1/configuration', CONFIGURATION))).toBe('no_configuration');
    expect(await health(one)).toEqual({ phase: 'unusable' });
  });

  test('of a message has the message’s code', async () => {
    const one = program();
    await configure(one);
    expect(await tell(one, 'POST', '/v1/attestation', Buffer.from('x'))).toEqual({
      kind: 'refusal',
      code: 'malformed',
    });
    expect(events.at(-1)).toEqual({ event: 'refused', code: 'malformed', detail: 'ProtocolError' });
  });
});

describe('serving', () => {
  test('reads a body of a message’s size, in two seconds', async () => {
    const one = program();
    await configure(one);
    const limits: number[] = [];
    const body = async (maxBytes: number, timeoutMs: number): Promise<Buffer> => {
      limits.push(maxBytes, timeoutMs);
      return encodeAttestationRequest(Buffer.alloc(16));
    };
    for (const path of ['/v1/attestation', '/v1/decrypt']) await one.handle({ ...call('POST', path), body });
    expect(limits).toEqual([MAX_MESSAGE_BYTES, 2_000, MAX_MESSAGE_BYTES, 2_000]);
  });

  test('answers with documents of their type', async () => {
    const one = program();
    await configure(one);
    const reply = await tell(one, 'POST', '/v1/attestation', encodeAttestationRequest(Buffer.alloc(16)));
    expect(reply).toMatchObject({ kind: 'bytes', type: 'application/cose' });
  });

  /** A sealed request for a record of a key that is not configured, and the data key that it is sealed under. */
  function sealed(dataKey = randomBytes(32)) {
    const time = Date.now();
    const request = {
      tenant: 'default',
      vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
      suite: Buffer.alloc(10),
      wrappedKey: Buffer.of(1),
      keyArn: `${ARN}3`,
      publicKey: Buffer.of(1),
      fields: new Map(),
      known: [],
      reveal: [],
      expressions: [],
    };
    const key = { dataKey, wrappedKey: Buffer.from('w') };
    const times = { requestId: randomBytes(16), time, deadline: time + 5_000 };
    const envelope = sealRequest(key, request, times);
    return { ...key, ...times, message: encodeParentRequest({ credentials: CREDENTIALS, envelope }) };
  }

  test('answers a sealed request with a sealed answer, of its type', async () => {
    const dataKey = randomBytes(32);
    const one = program(dataKey);
    await configure(one);
    const { requestId, message } = sealed(dataKey);
    const reply = await tell(one, 'POST', '/v1/decrypt', message);
    expect(reply).toMatchObject({ kind: 'bytes', type: 'application/cbor' });
    expect(openAnswer(dataKey, requestId, said(reply) as Buffer)).toEqual({ error: 'unknown_key' });
    expect(await health(one)).toMatchObject({ request_keys: 1, seen: 1, opened: 0 });
  });

  test('keeps a request key until it is closed', async () => {
    const one = program();
    await configure(one);
    // KMS gave another data key than it was sealed under.
    expect(said(await tell(one, 'POST', '/v1/decrypt', sealed().message))).toBe('unauthenticated');
    expect(await health(one)).toMatchObject({ request_keys: 1, seen: 0 });
    one.close();
    expect(await health(one)).toMatchObject({ request_keys: 0 });
  });

  test('may be closed before it began', () => {
    expect(() => program().close()).not.toThrow();
  });
});

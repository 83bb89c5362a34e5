// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import net from 'node:net';
import { encodeAttestationRequest, encodeErrorAnswer, parseParentRequest } from '@enclave-vault/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnixHttpClient } from '../src/unix-http.ts';
import { CREDENTIALS, startParent, until } from './harness.ts';
import { answer, type StandInEnclave } from './stand-ins.ts';

let parent: Awaited<ReturnType<typeof startParent>>;
let enclave: StandInEnclave;
const ENVELOPE = Buffer.from('sealed, and not for the parent to read');

beforeEach(async () => {
  parent = await startParent({ maxInFlight: 4 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  enclave = parent.standIn.launched[0] as StandInEnclave;
});
afterEach(() => parent.stop());

const lastSeen = () => enclave.seen.filter(({ path }) => path !== '/v1/health').at(-1);
const json = (body: Buffer) => JSON.parse(body.toString()) as Record<string, unknown>;

test('adds credentials to the envelope, changes neither it nor the answer, and names the enclave', async () => {
  const result = await parent.post('/decrypt', ENVELOPE);
  expect(result).toMatchObject({ status: 200, headers: { 'x-enclave-id': enclave.id } });
  expect(result.body.toString()).toBe(`answer of ${enclave.id}`);
  const { credentials, envelope } = parseParentRequest(lastSeen()?.body ?? Buffer.alloc(0));
  expect(credentials).toEqual(CREDENTIALS);
  expect(Buffer.from(envelope)).toEqual(ENVELOPE);
});

test("passes an enclave's refusal through as it is", async () => {
  enclave.onDecrypt = (_request, response) => answer(response, 403, encodeErrorAnswer('kms_denied'));
  const result = await parent.post('/decrypt', ENVELOPE);
  expect(result.status).toBe(403);
  expect(result.headers['content-type']).toBe('application/cbor');
  expect(result.body).toEqual(encodeErrorAnswer('kms_denied'));
});

test('carries attestation requests unchanged', async () => {
  const request = encodeAttestationRequest(Buffer.alloc(16, 7));
  expect((await parent.post('/attestation', request)).status).toBe(200);
  expect(lastSeen()).toMatchObject({ path: '/v1/attestation', body: request });
});

test('health and enclaves say what is there; without an enclave 503, Retry-After and the reason', async () => {
  expect(json((await parent.get('/health')).body)).toEqual({
    status: 'ok',
    enclaves: { wanted: 1, healthy: 1 },
  });
  expect(json((await parent.get('/enclaves')).body)).toMatchObject({
    enclaves: [{ id: enclave.id, state: 'healthy', starts: 1, measurements: { PCR0: '00' } }],
  });
  parent.standIn.refuse = true;
  await enclave.crash();
  await until(() => parent.fleet.healthy === 0);
  const down = await parent.post('/decrypt', ENVELOPE);
  expect(down).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(json(down.body)).toEqual({ code: 'no_enclave' });
  await until(() => parent.fleet.enclaves[0]?.lastError === 'hypervisor_refused');
  const health = await parent.get('/health');
  expect(health.status).toBe(503);
  expect(json(health.body)).toMatchObject({ status: 'unavailable', reason: 'hypervisor_refused' });
});

test('keeps to the deadline of the caller', async () => {
  enclave.onDecrypt = () => undefined;
  const late = await parent.post('/decrypt', ENVELOPE, { 'x-deadline-ms': String(Date.now() + 3_000) });
  expect(late.status).toBe(504);
  expect(json(late.body)).toEqual({ code: 'timeout' });
  const past = await parent.post('/decrypt', ENVELOPE, { 'x-deadline-ms': '1' });
  expect(json(past.body)).toEqual({ code: 'deadline_passed' });
});

test('carries a few requests at once and refuses more', async () => {
  const held: (() => void)[] = [];
  enclave.onDecrypt = (_request, response) => held.push(() => answer(response, 200, 'ok'));
  const statuses: number[] = [];
  const asked = Array.from({ length: 6 }, async () => {
    statuses.push((await parent.post('/decrypt', ENVELOPE)).status);
  });
  await until(() => held.length === 4 && statuses.length === 2);
  for (const release of held) release();
  await Promise.all(asked);
  expect(statuses).toEqual([503, 503, 200, 200, 200, 200]);
});

test('takes as many as its enclaves have places for, and some more to wait', async () => {
  const large = await startParent({ enclaves: 2 });
  const client = new UnixHttpClient(large.socketPath);
  try {
    let released = false;
    const held: (() => void)[] = [];
    large.standIn.onLaunch = (each) => {
      each.onDecrypt = (_request, response) => {
        const release = () => answer(response, 200, 'done');
        if (released) release();
        else held.push(release);
      };
    };
    large.fleet.start();
    await until(() => large.fleet.healthy === 2);
    const request = {
      method: 'POST',
      path: '/decrypt',
      body: ENVELOPE,
      timeoutMs: 9_000,
      maxBytes: 1_024,
    } as const;
    // Of two processes: one has 256 connections.
    const asked = Array.from({ length: 300 }, (_, n) => (n % 2 ? client : large.client).request(request));
    await until(() => held.length === 192);
    released = true;
    for (const release of held) release();
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
  } finally {
    client.close();
    await large.stop();
  }
});

test('refuses bodies that are too large, announced or not, and stays well', async () => {
  const large = Buffer.alloc(10 * 1024 * 1024);
  expect((await parent.post('/decrypt', large).catch(() => ({ status: 413 }))).status).toBe(413);
  expect((await parent.post('/attestation', Buffer.alloc(2_000))).status).toBe(413);
  const raw = net.connect(parent.socketPath);
  raw.write('POST /attestation HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  raw.write(`7d0\r\n${'a'.repeat(2_000)}\r\n`);
  const head = await new Promise<string>((resolve) => raw.once('data', (data) => resolve(data.toString())));
  expect(head).toMatch(/^HTTP\/1\.1 413 /);
  raw.destroy();
  expect((await parent.post('/decrypt', ENVELOPE)).status).toBe(200);
});

test('has no other routes, and no other methods', async () => {
  expect((await parent.get('/decrypt')).status).toBe(404);
  expect((await parent.post('/v1/configuration', ENVELOPE)).status).toBe(404);
  expect((await parent.post('http://other.host/decrypt', ENVELOPE)).status).toBe(404);
});

test('its socket is for its owner only', async () => {
  expect((await stat(parent.socketPath)).mode & 0o777).toBe(0o600);
});

test('finishes what is in flight when it drains, and takes no more', async () => {
  enclave.onDecrypt = (_request, response) => void setTimeout(() => answer(response, 200, 'done'), 100);
  const underWay = parent.post('/decrypt', ENVELOPE);
  await until(() => parent.fleet.enclaves[0]?.inFlight === 1);
  const drained = parent.server.drain();
  expect((await underWay).body.toString()).toBe('done');
  await drained;
  await expect(parent.post('/decrypt', ENVELOPE)).rejects.toMatchObject({ code: 'connection_lost' });
});

test('its log holds no credential and no body', async () => {
  enclave.onDecrypt = (_request, response) => answer(response, 500, 'no');
  await parent.post('/decrypt', ENVELOPE);
  const all = JSON.stringify(parent.logged);
  expect(all).toContain('enclave_refused');
  expect(all).not.toContain(CREDENTIALS.secretAccessKey);
  expect(all).not.toContain(ENVELOPE.toString());
});

test('without credentials it serves nobody, and says so', async () => {
  parent.credentials.available = false;
  const health = await parent.get('/health');
  expect(health.status).toBe(503);
  expect(json(health.body)).toEqual({
    status: 'unavailable',
    enclaves: { wanted: 1, healthy: 1 },
    reason: 'no_credentials',
  });
  const refused = await parent.post('/decrypt', ENVELOPE);
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(json(refused.body)).toEqual({ code: 'no_credentials' });
  // An attestation needs none.
  expect((await parent.post('/attestation', encodeAttestationRequest(Buffer.alloc(16)))).status).toBe(200);
  parent.credentials.available = true;
  expect((await parent.post('/decrypt', ENVELOPE)).status).toBe(200);
});

test('names the instance it runs on', async () => {
  expect(json((await parent.get('/enclaves')).body).instance).toEqual(parent.credentials.identity);
});

test('counts what enclaves are asked: refusals of the enclave and of the parent itself, failures, and no looks at its health', async () => {
  expect((await parent.post('/decrypt', ENVELOPE)).status).toBe(200);
  enclave.onDecrypt = (_request, response) => answer(response, 503, encodeErrorAnswer('busy'));
  await parent.post('/decrypt', ENVELOPE);
  enclave.onDecrypt = (_request, response) => answer(response, 500, encodeErrorAnswer('internal'));
  await parent.post('/decrypt', ENVELOPE);
  await parent.get('/health');
  await parent.get('/enclaves');
  parent.standIn.refuse = true;
  await enclave.crash();
  await until(() => parent.fleet.healthy === 0);
  expect((await parent.post('/decrypt', ENVELOPE)).status).toBe(503);
  const seen = { requests: 0, refused: 0, failed: 0 };
  // A request counts when its connection is done with it, which is a moment after its answer.
  await until(() => {
    const { requests, refused, failed } = parent.figures.take(1);
    seen.requests += requests;
    seen.refused += refused;
    seen.failed += failed;
    return seen.requests === 4;
  });
  expect(seen).toEqual({ requests: 4, refused: 2, failed: 1 });
});

// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Imds } from '../../../../tests/support/imds/imds.ts';
import { ImdsClient } from '../../src/credentials/imds-client.ts';

const ID = '/latest/meta-data/instance-id';
const TOKEN = '/latest/api/token';
let imds: Imds;
let client: ImdsClient;
beforeEach(async () => {
  imds = await Imds.start();
  client = new ImdsClient({ endpoint: imds.url, timeoutMs: 20_000 });
});
afterEach(() => imds.close());

test('asks for a token first, once, and sends it with every GET', async () => {
  expect(await client.get(ID)).toBe('i-0123456789abcdef0');
  await client.get(ID);
  expect(imds.asked).toEqual([
    { method: 'PUT', path: TOKEN, token: false },
    { method: 'GET', path: ID, token: true },
    { method: 'GET', path: ID, token: true },
  ]);
});

test('gets a new token when the service no longer knows the old one', async () => {
  await client.get(ID);
  imds.expireTokens();
  expect(await client.get(ID)).toBe('i-0123456789abcdef0');
  expect(imds.count('PUT', TOKEN)).toBe(2);
});

test('gets a new token before the granted time is over, whatever was asked for', async () => {
  let now = 1_000_000;
  imds.now = () => now;
  imds.grantTtl = 120;
  client = new ImdsClient({ endpoint: imds.url, now: () => now });
  await client.get(ID);
  now += 59_000;
  await client.get(ID);
  expect(imds.count('PUT', TOKEN)).toBe(1);
  now += 2_000;
  await client.get(ID);
  expect(imds.count('PUT', TOKEN)).toBe(2);
  expect(imds.asked.filter(({ method }) => method === 'GET')).toHaveLength(3);
});

test.each([400, 403, 404, 405, 500])(
  'never asks without a token, though the token is refused with %i',
  async (status) => {
    imds.instead.set(TOKEN, { status, body: 'no' });
    await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_refused', message: `status ${status}` });
    expect(imds.asked).toEqual([{ method: 'PUT', path: TOKEN, token: false }]);
  },
);

test('asks again once after a 401, not for ever', async () => {
  imds.instead.set(ID, { status: 401, body: '' });
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_refused', message: 'status 401' });
  expect(imds.count('PUT', TOKEN)).toBe(2);
  expect(imds.count('GET', ID)).toBe(2);
});

test.each([
  ['an empty token', { body: '' }],
  ['a token with a line break', { body: 'a\r\nb' }],
  ['no time to live', { body: 'token' }],
  [
    'a time to live of nonsense',
    { body: 'token', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '1e9' } },
  ],
])('refuses %s', async (_what, answer) => {
  imds.instead.set(TOKEN, answer);
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_malformed' });
});

test('follows no redirect and reads no endless answer', async () => {
  imds.instead.set(ID, { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } });
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_refused', message: 'status 302' });
  imds.instead.set(ID, { body: 'a'.repeat(17 * 1024) });
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_malformed' });
});

test('gives up in time when the service is slow, cuts the connection, or is not there', async () => {
  client = new ImdsClient({ endpoint: imds.url, timeoutMs: 150 });
  imds.slowMs = 400;
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_unreachable', message: 'timeout' });
  imds.slowMs = 0;
  imds.down = true;
  await expect(client.get(ID)).rejects.toMatchObject({ code: 'imds_unreachable' });
  const nobody = new ImdsClient({ endpoint: 'http://127.0.0.1:1' });
  await expect(nobody.get(ID)).rejects.toMatchObject({ code: 'imds_unreachable' });
});

test('an answer that does not end costs no more than the time limit', async () => {
  const sockets = new Set<import('node:net').Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as import('node:net').AddressInfo;
  const slow = new ImdsClient({ endpoint: `http://127.0.0.1:${port}`, timeoutMs: 100 });
  await expect(slow.get(ID)).rejects.toMatchObject({ code: 'imds_unreachable', message: 'timeout' });
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
});

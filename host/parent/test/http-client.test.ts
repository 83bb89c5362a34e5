// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HttpTarget } from '../src/connections.ts';
import { HttpClient } from '../src/http-client.ts';
import { until } from './harness.ts';

let folder: string;
let server: http.Server;
let client: HttpClient;
let connections: net.Socket[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evh-'));
  connections = [];
  server = http.createServer((request, response) => {
    if (request.url === '/hang') return;
    if (request.url === '/half') {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => response.destroy(), 5);
      return;
    }
    request.pipe(response.setHeader('x-host', request.headers.host ?? ''));
  });
  server.on('connection', (socket) => connections.push(socket));
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
});
afterEach(async () => {
  vi.useRealTimers();
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const targets: [string, () => HttpTarget][] = [
  ['a unix socket', () => ({ unix: join(folder, 's') })],
  [
    'a connection that is made for it',
    () => ({
      connect: () =>
        new Promise((resolve, reject) => {
          const socket = net.connect(join(folder, 's'));
          socket.once('connect', () => resolve(socket)).once('error', reject);
        }),
    }),
  ],
];
const post = (path = '/', more = {}) =>
  client.request({
    method: 'POST',
    path,
    body: Buffer.from('hello'),
    timeoutMs: 1_000,
    maxBytes: 64,
    ...more,
  });

test.each(targets)('carries requests one after another over one connection: %s', async (_what, target) => {
  client = new HttpClient(target());
  for (let turn = 0; turn < 3; turn += 1) {
    const { status, headers, body } = await post();
    expect([status, headers['x-host'], body.toString()]).toEqual([200, 'localhost', 'hello']);
  }
  expect(connections).toHaveLength(1);
});

test.each(targets)(
  'asks once more when a kept connection was closed under its feet: %s',
  async (_w, target) => {
    client = new HttpClient(target());
    await post();
    for (const socket of connections) socket.destroy();
    expect((await post()).body.toString()).toBe('hello');
    expect(connections).toHaveLength(2);
  },
);

test.each(targets)(
  'uses no connection again that the server may have given up while the process stood still: %s',
  async (_what, target) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    client = new HttpClient(target());
    await post();
    vi.setSystemTime(Date.now() + 25_000);
    await post();
    expect(connections).toHaveLength(1);
    vi.setSystemTime(Date.now() + 25_001);
    await post();
    expect(connections).toHaveLength(2);
  },
);

test.each(targets)('says connection_lost, timeout and answer_too_large: %s', async (_what, target) => {
  client = new HttpClient(target());
  await expect(post('/half')).rejects.toMatchObject({ code: 'connection_lost' });
  await expect(post('/hang', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  await expect(post('/', { maxBytes: 4 })).rejects.toMatchObject({ code: 'answer_too_large' });
  expect((await post('/', { maxBytes: 5 })).status).toBe(200);
});

test('a connection that cannot be made is connection_lost', async () => {
  client = new HttpClient({ unix: join(folder, 'nothing') });
  await expect(post()).rejects.toMatchObject({ code: 'connection_lost' });
  client = new HttpClient({ connect: () => Promise.reject(new Error('no route')) });
  await expect(post()).rejects.toMatchObject({ code: 'connection_lost' });
});

test('a request ends in time though its connection never comes, and one that comes late is not left open', async () => {
  let give: (socket: net.Socket) => void = () => undefined;
  client = new HttpClient({ connect: () => new Promise((resolve) => (give = resolve)) });
  await expect(post('/', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  client.close();
  const late = net.connect(join(folder, 's'));
  await new Promise((resolve) => late.once('connect', resolve));
  give(late);
  await new Promise((resolve) => late.once('close', resolve));
  expect(late.destroyed).toBe(true);
});

test('no more connections at once than it may have, though all are asked for in one moment; the others wait, in time', async () => {
  client = new HttpClient({ unix: join(folder, 's') }, 3);
  const held: http.ServerResponse[] = [];
  server.removeAllListeners('request');
  server.on('request', (_request, response) => held.push(response));
  const asked = Array.from({ length: 10 }, () => post('/', { timeoutMs: 8_000 }));
  await expect(post('/', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  await until(() => held.length >= 3);
  expect([held.length, connections.length]).toEqual([3, 3]);
  // One that is lost makes room as well.
  held[0]?.destroy();
  await expect(Promise.race(asked)).rejects.toMatchObject({ code: 'connection_lost' });
  for (let done = 1; done < 10; done += 1) {
    await until(() => held.length > done);
    held[done]?.end('done');
  }
  const ended = await Promise.allSettled(asked);
  expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
  expect([held.length, connections.length]).toEqual([10, 4]);
});

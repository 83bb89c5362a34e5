// SPDX-License-Identifier: Apache-2.0
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { RawConnection } from '../../../../tests/support/raw-http.ts';
import { Takings } from '../../src/http/takings.ts';
import { until } from '../batch/gate.ts';

const LARGE = Buffer.alloc(1024 * 1024, 'x');
const ASK = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

let server: Server;
let port: number;
let clients: RawConnection[] = [];
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  clients = [];
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

async function serve(limitMs: number, mostBytes?: number): Promise<void> {
  server = createServer((_request, response) => response.end(LARGE));
  new Takings(limitMs, mostBytes).watch(server, 20);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
}

/** Asks so often at once and takes nothing. */
async function hoard(asks: number): Promise<{ ended: () => boolean }> {
  const client = new RawConnection(port);
  clients.push(client);
  await client.opened;
  client.socket.pause();
  const [connection] = await new Promise<[{ destroyed: boolean }]>((done) => {
    server.once('request', (request) => done([request.socket]));
    client.write(ASK.repeat(asks));
  });
  return { ended: () => connection.destroyed };
}

const take = () =>
  new Promise<number>((done, failed) => {
    get({ port, host: '127.0.0.1' }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.once('end', () => done(bytes));
    }).once('error', failed);
  });

test('more than the memory is for ends those that wait longest, and nobody who takes his', async () => {
  await serve(600_000, 48 * LARGE.length);
  const first = await hoard(40);
  await until(async () => (await take()) === LARGE.length);
  expect(first.ended()).toBe(false);
  const second = await hoard(40);
  await until(() => first.ended());
  expect(await take()).toBe(LARGE.length);
  expect(second.ended()).toBe(false);
});

test('answers behind one that is taken drop by drop have no more time than that one', async () => {
  await serve(300);
  const { ended } = await hoard(40);
  const [client] = clients;
  // Each answer is out after a while, and the next would begin its time.
  const drops = setInterval(() => client?.socket.read(LARGE.length), 50);
  await until(ended);
  clearInterval(drops);
  expect(client?.received.length ?? 0).toBeLessThan(39 * LARGE.length);
});

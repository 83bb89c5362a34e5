// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { drain } from '../src/http/drain.ts';

/** Sends head and body to a server that refuses bodies after draining, and returns what came back and how long it took. */
async function refused(declared: number, sent: number): Promise<{ answer: string; ms: number }> {
  const server = createServer(async (request, response) => {
    await drain(request);
    response.writeHead(413, { connection: 'close' }).end('too large');
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const began = performance.now();
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${declared}\r\n\r\n`);
  socket.write(Buffer.alloc(sent, 0x20));
  await new Promise((closed) => socket.once('close', closed));
  server.close();
  return { answer, ms: performance.now() - began };
}

test('a caller who sends all of a refused body reads why', async () => {
  for (let i = 0; i < 20; i++)
    expect((await refused(3_000_000, 3_000_000)).answer).toMatch(/^HTTP\/1\.1 413 /);
});

test('a caller who never sends the rest is answered all the same, soon', async () => {
  const { answer, ms } = await refused(3_000_000, 10);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(ms).toBeLessThan(5_000);
});

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { adoptListener, adoptStream, STREAM } from '../src/adopt.ts';
import { call, closeQuietly } from '../src/libc.ts';
import { NATIVE, openDescriptors, settledDescriptors } from './support/machine.ts';

const AF_UNIX = 1;

/** Two ends of a connection that Node knows nothing of, as of an address family that it does not know. */
function pair(): [number, number] {
  const numbers = Buffer.alloc(8);
  call('socketpair', AF_UNIX, STREAM, 0, numbers);
  return [numbers.readInt32LE(0), numbers.readInt32LE(4)];
}

function bound(name: string): number {
  const fd = call('socket', AF_UNIX, STREAM, 0);
  const address = Buffer.from(`\u0001\0\0${name}`);
  call('bind', fd, address, address.length);
  return fd;
}

const closed = (thing: Socket | Server): Promise<void> =>
  new Promise((resolve) => thing.once('close', () => resolve()));

describe.runIf(NATIVE)('a connected socket', () => {
  test('carries bytes both ways, and its end', async () => {
    const before = openDescriptors();
    const [one, two] = pair().map(adoptStream) as [Socket, Socket];
    const sent = randomBytes(3_000_000);
    const received: Buffer[] = [];
    one.on('data', (chunk) => received.push(chunk));
    one.on('end', () => one.end('bye'));
    const answer: string[] = [];
    two.on('data', (chunk) => answer.push(String(chunk)));
    two.end(sent);
    await Promise.all([closed(one), closed(two)]);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(answer.join('')).toBe('bye');
    expect(await settledDescriptors(before)).toBe(before);
  });

  test('is closed by destroy(), which its peer notices', async () => {
    const [one, two] = pair().map(adoptStream) as [Socket, Socket];
    one.destroy();
    two.resume();
    await closed(two);
  });

  test('a descriptor that is none: `bad_descriptor`, and nothing is left open', async () => {
    const before = openDescriptors();
    for (let count = 0; count < 20; count++)
      expect(() => adoptStream(99_999)).toThrow(expect.objectContaining({ code: 'bad_descriptor' }));
    // At once, not when the loop gets around to it.
    expect(openDescriptors()).toBe(before);
  });
});

describe.runIf(NATIVE)('a bound socket', () => {
  test('makes an HTTP server', async () => {
    const before = openDescriptors();
    const name = `ev-adopt-${process.pid}`;
    const server = createHttpServer((incoming, response) => incoming.pipe(response));
    await adoptListener(server, bound(name), 16);
    expect(server.listening).toBe(true);
    const body = randomBytes(200_000);
    const echoed = await new Promise<Buffer>((resolve, reject) => {
      const call = request({ socketPath: `\0${name}`, method: 'POST', agent: false }, async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
        resolve(Buffer.concat(chunks));
      });
      call.on('error', reject);
      call.end(body);
    });
    expect(echoed.equals(body)).toBe(true);
    server.close();
    server.closeAllConnections();
    await closed(server);
    expect(await settledDescriptors(before)).toBe(before);
  });

  test('hears an error of its server while it begins to listen, and none once it listens', async () => {
    const server = createServer();
    const name = `ev-adopt-error-${process.pid}`;
    await adoptListener(server, bound(name), 1);
    expect(server.listenerCount('error')).toBe(0);
    await expect(adoptListener(server, bound(`${name}-2`), 1)).rejects.toMatchObject({
      code: 'ERR_SERVER_ALREADY_LISTEN',
    });
    expect(server.listenerCount('error')).toBe(0);
    await closed(server.close());
    const listening = adoptListener(server, bound(`${name}-3`), 1);
    const fault = new Error('of the server');
    server.emit('error', fault);
    await expect(listening).rejects.toBe(fault);
    server.close();
  });

  test('keeps to maxConnections', async () => {
    const name = `ev-adopt-max-${process.pid}`;
    const server = createServer((socket) => socket.write('in'));
    server.maxConnections = 1;
    await adoptListener(server, bound(name), 16);
    const first = connect(`\0${name}`);
    await new Promise((resolve) => first.once('data', resolve));
    const second = connect(`\0${name}`).on('error', () => undefined);
    await closed(second);
    first.destroy();
    server.close();
  });

  test('under a name that is taken: `address_in_use`', () => {
    const name = `ev-adopt-twice-${process.pid}`;
    const fd = bound(name);
    expect(() => bound(name)).toThrow(expect.objectContaining({ code: 'address_in_use' }));
    closeQuietly(fd);
  });

  test('without a name, on a closed number, and for a server that listens: refused, and nothing is left open', async () => {
    const busy = createServer();
    await adoptListener(busy, bound(`ev-adopt-busy-${process.pid}`), 16);
    const before = openDescriptors();
    for (let count = 0; count < 5; count++) {
      const unbound = call('socket', AF_UNIX, STREAM, 0);
      await expect(adoptListener(createServer(), unbound, 1)).rejects.toMatchObject({ code: 'invalid' });
      await expect(adoptListener(createServer(), 99_999, 1)).rejects.toMatchObject({
        code: 'bad_descriptor',
      });
      const other = bound(`ev-adopt-other-${process.pid}`);
      await expect(adoptListener(busy, other, 1)).rejects.toMatchObject({
        code: 'ERR_SERVER_ALREADY_LISTEN',
      });
    }
    expect(await settledDescriptors(before)).toBe(before);
    expect(busy.listening).toBe(true);
    busy.close();
  });
});

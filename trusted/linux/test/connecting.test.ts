// SPDX-License-Identifier: Apache-2.0
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { adoptStream, STREAM } from '../src/adopt.ts';
import { connectStream } from '../src/connecting.ts';
import { call, closeQuietly } from '../src/libc.ts';
import { NATIVE, openDescriptors, settledDescriptors } from './support/machine.ts';

const AF_INET = 2;

/** struct sockaddr_in of 127.0.0.1: a TCP connection is under way for a while, like one of vsock. */
function local(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.writeUInt32BE(0x7f00_0001, 4);
  return address;
}

const closed = (thing: Socket | Server): Promise<void> =>
  new Promise((resolve) => thing.once('close', () => resolve()));

describe.runIf(NATIVE)('connecting', () => {
  test('to a listener', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fd = call('socket', AF_INET, STREAM, 0);
    await connectStream(fd, local((server.address() as AddressInfo).port), 1_000);
    const socket = adoptStream(fd);
    const heard = await new Promise((resolve) => socket.on('data', (chunk) => resolve(String(chunk))));
    expect(heard).toBe('hello');
    await Promise.all([closed(socket.end()), closed(server.close())]);
  });

  test('leaves no timer behind once it is done', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fd = call('socket', AF_INET, STREAM, 0);
    await connectStream(fd, local((server.address() as AddressInfo).port), 61_234);
    // Its own alone: whoever runs the tests has timers too.
    const own = set.mock.results
      .filter((_, at) => set.mock.calls[at]?.[1] === 61_234)
      .map(({ value }) => value);
    const cleared = clear.mock.calls.map(([timer]) => timer);
    vi.restoreAllMocks();
    expect(own).toHaveLength(1);
    expect(cleared).toContain(own[0]);
    closeQuietly(fd);
    await closed(server.close());
  });

  test('where nobody listens: `connection_refused`, and the descriptor is still the caller’s', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await closed(server.close());
    const before = openDescriptors();
    for (let count = 0; count < 10; count++) {
      const fd = call('socket', AF_INET, STREAM, 0);
      await expect(connectStream(fd, local(port), 1_000)).rejects.toMatchObject({
        code: 'connection_refused',
        syscall: 'connect',
        errno: 'ECONNREFUSED',
      });
      closeQuietly(fd);
    }
    expect(await settledDescriptors(before)).toBe(before);
  });

  test('where nobody answers: `timed_out`, after the time given, and the loop goes on meanwhile', async () => {
    // Nobody accepts, and there is room for one connection: others are not answered at all.
    const listener = call('socket', AF_INET, STREAM, 0);
    call('bind', listener, local(0), 16);
    call('listen', listener, 0);
    const name = Buffer.alloc(16);
    const length = Buffer.from([16, 0, 0, 0]);
    call('getsockname', listener, name, length);
    const address = local(name.readUInt16BE(2));
    const opened: number[] = [];
    let refusal: unknown = null;
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    while (refusal === null && opened.length < 8) {
      const fd = call('socket', AF_INET, STREAM, 0);
      opened.push(fd);
      turns = 0;
      await connectStream(fd, address, 150).catch((error: unknown) => {
        refusal = error;
      });
    }
    clearInterval(ticking);
    expect(refusal).toMatchObject({ code: 'timed_out', syscall: 'connect' });
    expect(turns).toBeGreaterThan(0);
    for (const fd of [...opened, listener]) closeQuietly(fd);
  });

  test('in a loop that was busy beyond the time: what happened meanwhile counts', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fd = call('socket', AF_INET, STREAM, 0);
    const connecting = connectStream(fd, local((server.address() as AddressInfo).port), 20);
    const until = performance.now() + 60;
    while (performance.now() < until);
    await connecting;
    closeQuietly(fd);
    await closed(server.close());
  });

  test('with a number that is no socket: `bad_descriptor`', async () => {
    await expect(connectStream(99_999, local(1), 100)).rejects.toMatchObject({ code: 'bad_descriptor' });
  });
});

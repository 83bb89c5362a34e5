// SPDX-License-Identifier: Apache-2.0
/** What is done about errors that a machine in order does not make. */
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { adoptListener, STREAM } from '../src/adopt.ts';
import { connectStream } from '../src/connecting.ts';
import { call, callAside, closeQuietly } from '../src/libc.ts';
import { LibcBetween } from './support/libc-between.ts';
import { NATIVE, openDescriptors, settledDescriptors } from './support/machine.ts';

const AF_UNIX = 1;
const EINTR = 4;
const EIO = 5;
const ENOBUFS = 105;

describe.runIf(NATIVE)('a fault', () => {
  const libc = new LibcBetween();
  afterEach(() => libc.reset());

  test('a call that a signal interrupts is made again, until it says something else', () => {
    libc.answer('listen', { errno: EINTR }, { errno: EINTR }, { errno: EIO });
    expect(() => call('listen', 1, 1)).toThrow(
      expect.objectContaining({ code: 'device_failed', syscall: 'listen', errno: 'EIO' }),
    );
    expect(libc.named('listen')).toHaveLength(3);
    libc.answer('listen', { errno: EINTR }, { result: 7 });
    expect(call('listen', 1, 1)).toBe(7);
  });

  test.each(['close', 'connect'] as const)('%s that a signal interrupts is not made again', (name) => {
    libc.answer(name, { errno: EINTR }, { result: 0 });
    expect(() => call(name, 99_999, null, 0)).toThrow(
      expect.objectContaining({ code: 'interrupted', syscall: name, errno: 'EINTR' }),
    );
    expect(libc.named(name)).toHaveLength(1);
  });

  test('a call on another thread comes to its result, zero as well, and is made again when a signal interrupts it', async () => {
    const fd = await callAside('socket', AF_UNIX, STREAM, 0);
    expect(fd).toBeGreaterThan(2);
    expect(await callAside('close', fd)).toBe(0);
    libc.answer('ioctl', { errno: EINTR }, { result: 5 });
    expect(await callAside('ioctl', 1, 2, null)).toBe(5);
    expect(libc.named('ioctl')).toHaveLength(2);
    libc.answer('ioctl', { errno: EIO });
    await expect(callAside('ioctl', 1, 2, null)).rejects.toMatchObject({
      code: 'device_failed',
      syscall: 'ioctl',
    });
    const error = new TypeError('of koffi');
    libc.answer('ioctl', { error });
    await expect(callAside('ioctl', 1, 2, null)).rejects.toBe(error);
  });

  test('a connection that a signal interrupts goes on, and its outcome is waited for', async () => {
    const numbers = Buffer.alloc(8);
    call('socketpair', AF_UNIX, STREAM, 0, numbers);
    libc.answer('connect', { errno: EINTR });
    await connectStream(numbers.readInt32LE(0), Buffer.alloc(16), 5_000);
    expect(libc.calls.map(([name]) => name)).toEqual(['socketpair', 'connect', 'getsockopt']);
    closeQuietly(numbers.readInt32LE(0));
    closeQuietly(numbers.readInt32LE(4));
  });

  test('without a name from the kernel nothing listens, and nothing is left open', async () => {
    const before = openDescriptors();
    const fd = call('socket', AF_UNIX, STREAM, 0);
    libc.answer('listen', { result: 0 });
    libc.answer('bind', { errno: ENOBUFS });
    const server = createServer();
    await expect(adoptListener(server, fd, 1)).rejects.toMatchObject({
      code: 'out_of_resources',
      syscall: 'bind',
    });
    expect(server.listening).toBe(false);
    expect(await settledDescriptors(before)).toBe(before);
  });

  test('a server that cannot listen is given no socket', async () => {
    const before = openDescriptors();
    const fd = call('socket', AF_UNIX, STREAM, 0);
    libc.answer('listen', { result: 0 });
    // The kernel says that it is bound, and it is not: Node finds out.
    libc.answer('bind', { result: 0 });
    const server = createServer();
    await expect(adoptListener(server, fd, 1)).rejects.toMatchObject({ code: 'EINVAL', syscall: 'listen' });
    expect(libc.named('dup3')).toEqual([]);
    expect(server.listening).toBe(false);
    expect(await settledDescriptors(before)).toBe(before);
  });

  test('a server whose socket cannot be exchanged does not listen on the wrong one', async () => {
    const before = openDescriptors();
    const fd = call('socket', AF_UNIX, STREAM, 0);
    libc.answer('listen', { result: 0 });
    libc.answer('dup3', { errno: EIO });
    const server = createServer();
    await expect(adoptListener(server, fd, 1)).rejects.toMatchObject({
      code: 'device_failed',
      syscall: 'dup3',
    });
    expect(server.listening).toBe(false);
    expect(await settledDescriptors(before)).toBe(before);
  });
});

// SPDX-License-Identifier: Apache-2.0
/** What the kernel is handed for vsock, whether this machine has it or not: tests/vm has two ends. */
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AF_VSOCK, encodeVsockAddress } from '../src/address.ts';
import { adoptStream, STREAM } from '../src/adopt.ts';
import { call } from '../src/libc.ts';
import { connectVsock, listenVsock } from '../src/vsock.ts';
import { LibcBetween } from './support/libc-between.ts';
import { NATIVE } from './support/machine.ts';

const END = { cid: 16, port: 5005 };

describe.runIf(NATIVE)('a socket of vsock', () => {
  const libc = new LibcBetween();
  afterEach(() => libc.reset());

  test('is asked for by both ends, and is not supported where the kernel has none', async () => {
    libc.answer('socket', { errno: 97 }, { errno: 97 });
    const none = { code: 'not_supported', syscall: 'socket', errno: 'EAFNOSUPPORT' };
    await expect(listenVsock(createServer(), END)).rejects.toMatchObject(none);
    await expect(connectVsock({ ...END, timeoutMs: 100 })).rejects.toMatchObject(none);
    expect(libc.calls).toEqual([
      ['socket', AF_VSOCK, STREAM, 0],
      ['socket', AF_VSOCK, STREAM, 0],
    ]);
  });

  test.each<['bind' | 'connect', number, string, () => Promise<unknown>]>([
    ['bind', 98, 'address_in_use', () => listenVsock(createServer(), END)],
    ['connect', 111, 'connection_refused', () => connectVsock({ ...END, timeoutMs: 100 })],
  ])(
    'that it cannot %s is closed, once, and the address is the one that was given',
    async (name, errno, code, run) => {
      const fd = openSync('/dev/null', 'r');
      libc.answer('socket', { result: fd });
      libc.answer(name, { errno });
      libc.answer('close', { result: 0 });
      await expect(run()).rejects.toMatchObject({ code, syscall: name });
      expect(libc.calls.slice(1)).toEqual([
        [name, fd, encodeVsockAddress(END), 16],
        ['close', fd],
      ]);
      closeSync(fd);
    },
  );

  test('that is connected becomes one of Node’s', async () => {
    const pair = Buffer.alloc(8);
    call('socketpair', 1, STREAM, 0, pair);
    libc.answer('socket', { result: pair.readInt32LE(0) });
    libc.answer('connect', { result: 0 });
    const mine = await connectVsock({ ...END, timeoutMs: 100 });
    const other = adoptStream(pair.readInt32LE(4));
    mine.end('over vsock');
    expect(String(Buffer.concat(await other.toArray()))).toBe('over vsock');
    other.destroy();
  });
});

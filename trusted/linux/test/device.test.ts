// SPDX-License-Identifier: Apache-2.0
/** What the kernel is handed, where this machine has nobody to take it: tests/vm has the device. */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeVsockAddress } from '../src/address.ts';
import { koffi, type NativeValue } from '../src/koffi.ts';
import { openNsm, openNsmDevice } from '../src/nsm.ts';
import { forbidDumps, seedEntropy } from '../src/process.ts';
import { peerCid } from '../src/vsock.ts';
import { LibcBetween } from './support/libc-between.ts';
import { NATIVE } from './support/machine.ts';

describe.runIf(NATIVE)('the kernel is handed', () => {
  const libc = new LibcBetween();
  afterEach(() => libc.reset());

  /** As drivers/misc/nsm.c: reads the request where struct nsm_raw says it is, and writes the response's length there. */
  const module =
    (response: Buffer, length = response.length) =>
    (...[, , raw]: NativeValue[]) => {
      const [, received] = libc.addressed;
      response.copy(received as Buffer);
      (raw as Buffer).writeBigUInt64LE(BigInt(length), 24);
      return { result: 0 };
    };

  test('a request to the security module and room for the response, of which it gets what was written', async () => {
    const device = openNsm('/dev/null');
    const request = randomBytes(100);
    const response = randomBytes(300);
    libc.answer('ioctl', (...values) => {
      const [sent = Buffer.of(), received = Buffer.of()] = libc.addressed;
      expect(sent.subarray(0, 100)).toEqual(request);
      const { address } = koffi();
      const [, , raw] = values as [number, number, Buffer];
      expect([0, 8, 16, 24].map((at) => raw.readBigUInt64LE(at))).toEqual([
        address(sent),
        100n,
        address(received),
        0x3000n,
      ]);
      return module(response)(...values);
    });
    expect(await device.exchange(request)).toEqual(response);
    // _IOWR(0x0A, 0, struct nsm_raw)
    expect(libc.named('ioctl')[0]?.[2]).toBe(0xc020_0a00);
    expect(libc.addressed[0]?.every((byte) => byte === 0)).toBe(true);
    await device.close();
  });

  test('the name of the module, and no other, where none is given', () => {
    libc.answer('open', { errno: 2 });
    expect(() => openNsmDevice()).toThrow(expect.objectContaining({ code: 'no_such_device' }));
    // O_RDWR | O_CLOEXEC
    expect(libc.calls).toEqual([['open', '/dev/nsm', 0o2000002]]);
  });

  test('no more room than it fills: a response as long as that is taken, a longer one is not believed', async () => {
    const device = openNsm('/dev/null');
    const full = randomBytes(0x3000);
    libc.answer('ioctl', module(full));
    expect(await device.exchange(Buffer.of(1))).toEqual(full);
    libc.addressed.length = 0;
    libc.answer('ioctl', module(full, 0x3001));
    await expect(device.exchange(Buffer.of(1))).rejects.toMatchObject({
      code: 'device_failed',
      syscall: 'ioctl',
    });
    await device.close();
  });

  test('nothing any more by a device that was closed, whoever has its number by then', async () => {
    const device = openNsm('/dev/null');
    await device.close();
    expect(libc.named('close')).toHaveLength(1);
    // The lowest number that is free is given out next: the device's.
    const next = openSync('/dev/null', 'r');
    await expect(device.exchange(Buffer.of(1))).rejects.toMatchObject({
      code: 'bad_descriptor',
      syscall: 'ioctl',
      errno: 'EBADF',
    });
    expect(libc.named('ioctl')).toEqual([]);
    await device.close();
    expect(libc.named('close')).toHaveLength(1);
    expect(fstatSync(next).isCharacterDevice()).toBe(true);
    closeSync(next);
  });

  test('entropy with its length, in bits and in bytes, of which nothing is left', () => {
    const bytes = randomBytes(64);
    const known = Buffer.from(bytes);
    let handed: Buffer | null = null;
    libc.answer('ioctl', (_fd, _request, info) => {
      handed = info as Buffer;
      return { result: 0 };
    });
    seedEntropy(bytes, '/dev/null');
    const lengths = Buffer.alloc(8);
    lengths.writeInt32LE(512, 0);
    lengths.writeInt32LE(64, 4);
    // _IOW('R', 0x03, int[2])
    expect(libc.named('ioctl')[0]?.slice(2)).toEqual([0x4008_5203, Buffer.concat([lengths, known])]);
    expect(handed).toEqual(Buffer.alloc(72));
    expect(bytes).toEqual(Buffer.alloc(64));
  });

  test('room for the address of a peer, whose CID is in it', () => {
    const peer = (fd: number) => peerCid({ _handle: { fd } } as unknown as Socket);
    libc.answer('getpeername', (_fd, address, length) => {
      expect((length as Buffer).readUInt32LE()).toBe(16);
      encodeVsockAddress({ cid: 16, port: 5005 }).copy(address as Buffer);
      return { result: 0 };
    });
    expect(peer(0)).toBe(16);
    expect(() => peer(-1)).toThrow(
      expect.objectContaining({ code: 'bad_descriptor', syscall: 'getpeername' }),
    );
    expect(libc.calls.map(([name, fd]) => [name, fd])).toEqual([['getpeername', 0]]);
  });

  test('a limit of zero for dumps, then that this is not dumpable, which is asked afterwards', () => {
    libc.answer('setrlimit', { result: 0 });
    libc.answer('prctl', { result: 0 }, { result: 0 });
    forbidDumps();
    expect(libc.calls).toEqual([
      ['setrlimit', 4, Buffer.alloc(16)],
      ['prctl', 4, 0, 0, 0, 0],
      ['prctl', 3, 0, 0, 0, 0],
    ]);
  });

  test('and if it is dumpable all the same, that is no success', () => {
    libc.answer('setrlimit', { result: 0 });
    libc.answer('prctl', { result: 0 }, { result: 1 });
    expect(forbidDumps).toThrow(expect.objectContaining({ code: 'failed', syscall: 'prctl' }));
  });
});

// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectVsock, listenVsock, peerCid, VMADDR_CID_ANY, VMADDR_CID_LOCAL } from '../src/vsock.ts';
import { freePort, NATIVE, openDescriptors, settledDescriptors, vsockAbilities } from './support/machine.ts';

const { family, loopback } = await vsockAbilities();
const why = family ? 'no vsock_loopback' : 'no AF_VSOCK';

describe(`vsock on this machine${loopback ? '' : ` (skipped: ${why}; tests/vm has it)`}`, () => {
  test.runIf(family)('a port that is taken: `address_in_use`, and nothing is left open', async () => {
    const before = openDescriptors();
    const port = freePort();
    const server = createServer();
    await listenVsock(server, { cid: VMADDR_CID_ANY, port });
    for (let count = 0; count < 5; count++)
      await expect(listenVsock(createServer(), { cid: VMADDR_CID_ANY, port })).rejects.toMatchObject({
        code: 'address_in_use',
        syscall: 'bind',
      });
    await new Promise((resolve) => server.close(resolve));
    expect(await settledDescriptors(before)).toBe(before);
    // It is free again.
    await listenVsock(server, { cid: VMADDR_CID_ANY, port });
    server.close();
  });

  test.runIf(family)('a CID of another machine: `address_not_available`', async () => {
    await expect(listenVsock(createServer(), { cid: 0x7fff_fff0, port: 5000 })).rejects.toMatchObject({
      code: 'address_not_available',
    });
  });

  test.runIf(loopback)('HTTP between two ends, each of which is CID 1 to the other', async () => {
    const port = freePort();
    const server = createHttpServer(({ socket }, response) => response.end(String(peerCid(socket))));
    await listenVsock(server, { cid: VMADDR_CID_ANY, port });
    const socket = await connectVsock({ cid: VMADDR_CID_LOCAL, port, timeoutMs: 1_000 });
    expect(peerCid(socket)).toBe(VMADDR_CID_LOCAL);
    const heard = await new Promise((resolve) => {
      request({ createConnection: () => socket }, (answer) =>
        answer.on('data', (chunk) => resolve(String(chunk))),
      ).end();
    });
    expect(heard).toBe('1');
    server.close();
  });

  test.runIf(loopback)('where nobody listens: `connection_refused`, and nothing is left open', async () => {
    const before = openDescriptors();
    for (let count = 0; count < 20; count++)
      await expect(
        connectVsock({ cid: VMADDR_CID_LOCAL, port: freePort(), timeoutMs: 1_000 }),
      ).rejects.toMatchObject({ code: 'connection_refused' });
    expect(await settledDescriptors(before)).toBe(before);
  });
});

describe.runIf(NATIVE)('whoever is at the other end', () => {
  test('of a unix socket has no CID: `invalid`; of a closed one: `bad_descriptor`', async () => {
    const path = `\0ev-peer-${process.pid}`;
    const server = createServer();
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const socket = connect(path);
    const peer = await accepted;
    expect(() => peerCid(peer)).toThrow(expect.objectContaining({ code: 'invalid', syscall: 'getpeername' }));
    peer.destroy();
    expect(() => peerCid(peer)).toThrow(
      expect.objectContaining({ code: 'bad_descriptor', syscall: 'getpeername' }),
    );
    socket.destroy();
    server.close();
  });

  test('an address that is none: RangeError, before any call', async () => {
    await expect(connectVsock({ cid: -1, port: 1, timeoutMs: 10 })).rejects.toThrow(RangeError);
    await expect(listenVsock(createServer(), { cid: 1, port: 2 ** 32 })).rejects.toThrow(RangeError);
  });
});

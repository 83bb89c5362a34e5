// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SharedRelay, type SharedRelayOptions } from '../../src/relay/shared-relay.ts';
import { until } from '../harness.ts';
import { LoopbackVsock } from '../support/transport.ts';

let vsock: LoopbackVsock;
let target: net.Server;
let reached: net.Socket[];
let logged: { event: string; fields: unknown }[];
let relay: SharedRelay;

async function start(more: Partial<SharedRelayOptions> = {}): Promise<void> {
  const { port } = target.address() as net.AddressInfo;
  relay = new SharedRelay({
    transport: vsock,
    target: { host: '127.0.0.1', port },
    log: (_level, event, fields) => void logged.push({ event, fields }),
    ...more,
  });
  await relay.listen();
}

/** Sends `bytes`, ends its half, and returns all that comes back until the connection is closed. */
function exchange(cid: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = vsock.dial(cid);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.end(bytes);
  });
}

async function held(cid: number): Promise<net.Socket> {
  const socket = vsock.dial(cid);
  socket.on('error', () => undefined).resume();
  await new Promise((done) => socket.once('connect', done));
  return socket;
}

beforeEach(async () => {
  vsock = new LoopbackVsock(mkdtempSync(join(tmpdir(), 'evs-')));
  logged = [];
  reached = [];
  target = net.createServer({ allowHalfOpen: true }, (socket) => {
    reached.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  await relay.close();
  for (const socket of reached) socket.destroy();
  await new Promise((done) => target.close(done));
  rmSync(vsock.folder, { recursive: true });
});

test('carries every byte of an admitted enclave, and none of anybody else', async () => {
  await start();
  relay.admit(16);
  const bytes = Buffer.alloc(2 * 1024 * 1024, 'abcdefg');
  expect((await exchange(16, bytes)).equals(bytes)).toBe(true);
  expect((await exchange(17, Buffer.from('x'))).length).toBe(0);
  expect(reached).toHaveLength(1);
  await until(() => relay.connections === 0);
});

test('an enclave that is gone takes its connections with it, and its CID is a stranger from then on', async () => {
  await start();
  relay.admit(16);
  relay.admit(17);
  const [one, other] = [await held(16), await held(17)];
  await until(() => relay.connections === 2);
  const closed = new Promise((done) => one.once('close', done));
  relay.expel(16);
  await closed;
  await until(() => relay.connections === 1);
  expect(other.destroyed).toBe(false);
  expect((await exchange(16, Buffer.from('x'))).length).toBe(0);
  other.destroy();
});

test('one enclave cannot use up the connections of another', async () => {
  await start({ maxPerEnclave: 2 });
  relay.admit(16);
  relay.admit(17);
  const full = [await held(16), await held(16)];
  await until(() => relay.connections === 2);
  expect((await exchange(16, Buffer.from('x'))).length).toBe(0);
  expect((await exchange(17, Buffer.from('x'))).toString()).toBe('x');
  expect(logged).toEqual([{ event: 'relay_refused', fields: { cause: 'too_many', cid: 16, refused: 1 } }]);
  for (const socket of full) socket.destroy();
  await until(() => relay.connections === 0);
  expect((await exchange(16, Buffer.from('y'))).toString()).toBe('y');
});

test('whoever knocks again and again does not fill the log', async () => {
  await start();
  for (let turn = 0; turn < 20; turn += 1) await exchange(99, Buffer.from('x'));
  expect(logged).toHaveLength(1);
});

test('nothing that is sent is read as an address', async () => {
  await start();
  relay.admit(16);
  const text = 'CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n';
  expect((await exchange(16, Buffer.from(text))).toString()).toBe(text);
});

test('closes idle connections, and those that never reach KMS', async () => {
  await start({ idleMs: 50 });
  relay.admit(16);
  const socket = await held(16);
  await new Promise((done) => socket.once('close', done));
  await relay.close();
  await start({ target: { host: '127.0.0.1', port: 1 } });
  relay.admit(16);
  expect((await exchange(16, Buffer.from('x'))).length).toBe(0);
  expect(logged.at(-1)).toMatchObject({ event: 'relay_target_unreachable' });
});

test('ends all connections when it is closed, and listens no more', async () => {
  await start();
  relay.admit(16);
  const socket = await held(16);
  await until(() => relay.connections === 1);
  const closed = new Promise((done) => socket.once('close', done));
  await relay.close();
  await closed;
  expect((await exchange(16, Buffer.from('x'))).length).toBe(0);
});

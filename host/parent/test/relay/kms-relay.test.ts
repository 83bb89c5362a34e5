// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KmsRelay, type RelayOptions } from '../../src/relay/kms-relay.ts';
import { until } from '../harness.ts';

let folder: string;
let target: net.Server;
let port: number;
let relay: KmsRelay;
const reached: net.Socket[] = [];

async function start(more: Partial<RelayOptions> = {}): Promise<string> {
  const socketPath = join(folder, 'kms.sock');
  relay = new KmsRelay({ socketPath, target: { host: '127.0.0.1', port }, log: () => undefined, ...more });
  await relay.listen();
  return socketPath;
}

/** Sends `bytes`, ends its half, and returns all that comes back. */
function exchange(socketPath: string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
    socket.end(bytes);
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evr-'));
  target = net.createServer({ allowHalfOpen: true }, (socket) => {
    reached.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  port = (target.address() as net.AddressInfo).port;
});
afterEach(async () => {
  await relay.close();
  for (const socket of reached.splice(0)) socket.destroy();
  await new Promise((resolve) => target.close(resolve));
  await rm(folder, { recursive: true });
});

test('carries every byte both ways, half-closed connections included', async () => {
  const socketPath = await start();
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
  expect((await exchange(socketPath, bytes)).equals(bytes)).toBe(true);
  await until(() => relay.connections === 0);
});

test('is no proxy: what is sent is never read as an address', async () => {
  const socketPath = await start();
  for (const text of [
    'CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n',
    '\x05\x01\x00',
    'GET http://10.0.0.1/ HTTP/1.1\r\n\r\n',
  ]) {
    expect((await exchange(socketPath, Buffer.from(text))).toString()).toBe(text);
  }
});

test('its socket is for its owner only, and replaces one left behind', async () => {
  const socketPath = await start();
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  await relay.close();
  await start();
});

test('closes connections beyond its limit', async () => {
  const socketPath = await start({ maxConnections: 2 });
  const held = [net.connect(socketPath), net.connect(socketPath)];
  await until(() => relay.connections === 2);
  expect((await exchange(socketPath, Buffer.from('more')).catch(() => Buffer.alloc(0))).length).toBe(0);
  for (const socket of held) socket.destroy();
});

test('closes idle connections', async () => {
  const socketPath = await start({ idleMs: 50 });
  const socket = net.connect(socketPath);
  await new Promise((resolve) => socket.on('close', resolve));
  await until(() => relay.connections === 0);
});

test('closes at once when KMS cannot be reached, and goes on', async () => {
  const logged: string[] = [];
  const socketPath = await start({
    target: { host: '127.0.0.1', port: 1 },
    log: (_l, event) => logged.push(event),
  });
  expect((await exchange(socketPath, Buffer.from('x')).catch(() => Buffer.alloc(0))).length).toBe(0);
  expect(logged).toEqual(['relay_target_unreachable']);
});

test('an enclave that dies takes its connection to KMS with it', async () => {
  const socketPath = await start();
  const socket = net.connect(socketPath);
  await until(() => reached.length === 1);
  socket.destroy();
  await until(() => reached[0]?.readableEnded === true || reached[0]?.destroyed === true);
});

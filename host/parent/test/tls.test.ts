// SPDX-License-Identifier: Apache-2.0
/** The parent's server over the channel: API's client, mutual TLS, fleet, stand-in enclaves. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { ChannelError, type ChannelIdentity, channelTarget, SERVER_NAME } from '@enclave-vault/channel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deployment, logTo } from '../../channel/test/support.ts';
import { HttpClient } from '../src/http-client.ts';
import { ParentServer } from '../src/server.ts';
import { CREDENTIALS, startParent, until } from './harness.ts';
import { answer } from './stand-ins.ts';

let parent: Awaited<ReturnType<typeof startParent>>;
let ours: Deployment;
beforeEach(async () => {
  parent = await startParent();
  ours = new Deployment();
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
});
afterEach(async () => {
  await ours.end();
  await parent.stop();
});

const DOWN = new ChannelError('kms_unavailable');
const credentials = {
  current: async () => CREDENTIALS,
  available: true,
  identity: null,
  close: () => undefined,
};

/** A server beside the harness's own, at a port of the channel. */
async function serve(more: { identity?: ChannelIdentity; handshakeMs?: number } = {}) {
  const server = new ParentServer({ fleet: parent.fleet, credentials, log: logTo(ours.log) });
  const { handshakeMs } = more;
  const port = await server.listen({
    tls: {
      host: '127.0.0.1',
      port: 0,
      identity: more.identity ?? (await ours.identity('server')),
      clientRoots: ours.clientRoots,
      ...(handshakeMs === undefined ? {} : { handshakeMs }),
    },
  });
  ours.onEnd(() => server.drain(200));
  return { server, port: port ?? 0 };
}

async function clientOf(port: number, given?: ChannelIdentity) {
  const identity = given ?? (await ours.identity('client'));
  const { serverRoots } = ours;
  const target = channelTarget({ host: '127.0.0.1', port, identity, serverRoots, log: logTo(ours.log) });
  const client = new HttpClient(target);
  ours.onEnd(() => client.close());
  return client;
}

const decrypt = (client: HttpClient, body = 'sealed') =>
  client.request({
    method: 'POST',
    path: '/decrypt',
    body: Buffer.from(body),
    timeoutMs: 5_000,
    maxBytes: 1024,
  });

test('carries requests to an enclave over one connection, as over a socket', async () => {
  const { port } = await serve();
  const client = await clientOf(port);
  const id = parent.standIn.launched[0]?.id;
  for (let turn = 0; turn < 5; turn += 1) {
    const { status, body, headers } = await decrypt(client);
    expect([status, body.toString(), headers['x-enclave-id']]).toEqual([200, `answer of ${id}`, id]);
  }
  const health = await client.request({ method: 'GET', path: '/health', timeoutMs: 60_000, maxBytes: 1024 });
  expect(health.status).toBe(200);
});

test('renewals of both sides under traffic lose no request', async () => {
  // Half of it is for a machine that is busy: who is late by more than that has an expired certificate.
  const short = { lifetimeMs: 12_000 };
  const identity = await ours.identity('server', short);
  const { port } = await serve({ identity });
  const client = await clientOf(port, await ours.identity('client', short));
  const end = Date.now() + 14_000;
  const failures: unknown[] = [];
  let answered = 0;
  const caller = async () => {
    while (Date.now() < end) {
      await decrypt(client).then(
        ({ status }) => {
          if (status === 200) answered += 1;
          else failures.push(status);
        },
        (error: unknown) => failures.push(error),
      );
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  expect([failures, ours.log.filter(({ level }) => level !== 'info')]).toEqual([[], []]);
  expect(answered).toBeGreaterThan(200);
  expect(ours.serverKey.signed).toBeGreaterThan(1);
  expect(ours.clientKey.signed).toBeGreaterThan(1);
  expect(ours.refusals('server')).toEqual([]);
});

test('a KMS that is down past half of a certificate’s life is survived; past its end there is no channel, and then again', async () => {
  const short = { lifetimeMs: 12_000 };
  const identity = await ours.identity('client', short);
  const { port } = await serve();
  ours.clientKey.fails = DOWN;
  const fresh = () => clientOf(port, identity);
  await until(() => ours.log.some(({ event }) => event === 'channel_renewal_failed'));
  expect((await decrypt(await fresh())).status).toBe(200);
  await sleep(Math.max(0, identity.current().notAfter + 100 - Date.now()));
  await expect(decrypt(await fresh())).rejects.toMatchObject({ code: 'connection_lost' });
  expect(ours.refusals('client')).toEqual(['no_identity']);
  ours.clientKey.fails = null;
  expect((await decrypt(await fresh())).status).toBe(200);
});

test('a connection does not outlive the certificate it began with', async () => {
  const { port } = await serve();
  const { key, cert, notAfter } = (await ours.identity('client', { lifetimeMs: 8_000 })).current();
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    servername: SERVER_NAME,
    ca: ours.serverRoots,
    allowPartialTrustChain: true,
    key,
    cert,
  });
  let got = '';
  socket.on('data', (data) => (got += data));
  const ask = () => socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
  ask();
  await until(() => got.includes('"ok"'));
  expect(got).toMatch(/connection: keep-alive/i);
  got = '';
  await sleep(Math.max(0, notAfter + 50 - Date.now()));
  ask();
  await until(() => got.includes('"ok"'));
  expect(got).toMatch(/connection: close/i);
  await until(() => socket.closed);
});

test('drains: what is under way is answered, what comes later is not taken, handshakes do not hold it up', async () => {
  const waiting: (() => void)[] = [];
  const [enclave] = parent.standIn.launched;
  if (enclave !== undefined) {
    enclave.onDecrypt = (_request, response) => waiting.push(() => answer(response, 200, 'late'));
  }
  // Far longer than draining may take: a handshake that held it up would be seen.
  const { server, port } = await serve({ handshakeMs: 120_000 });
  const client = await clientOf(port);
  const newcomer = await clientOf(port);
  const underWay = decrypt(client);
  await until(() => waiting.length === 1);
  const silent = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => silent.once('connect', resolve));
  const started = Date.now();
  const drained = server.drain(5_000);
  await expect(decrypt(newcomer)).rejects.toMatchObject({ code: 'connection_lost' });
  for (const release of waiting) release();
  expect((await underWay).body.toString()).toBe('late');
  await drained;
  expect(Date.now() - started).toBeLessThan(60_000);
});

test('slow handshakes end in time, and do not keep a client out', async () => {
  const { port } = await serve({ handshakeMs: 3_000 });
  const silent = Array.from({ length: 50 }, () => net.connect(port, '127.0.0.1'));
  const closed = silent.map(
    (socket) =>
      new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve())),
  );
  expect((await decrypt(await clientOf(port))).status).toBe(200);
  await Promise.all(closed);
  // No more than twenty in ten seconds are said.
  await until(() => ours.refusals('server').length >= 20);
  expect(new Set(ours.refusals('server'))).toEqual(new Set(['timeout']));
});

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, until } from './batch/gate.ts';
import { type Api, startApi } from './harness.ts';

const FAST = { burst: 1e9, perSecond: 1e9 };
const ASK = { fields: ['city'], reason: 'a test' };
/** Requests under way that one caller may have. */
const OF_ONE = 750;

let api: Api;
let port: number;
let id: string;
beforeAll(async () => {
  api = await startApi({ rates: { requests: FAST, decrypts: FAST } });
  port = await api.listen();
  id = await api.create({ city: 'Rome' });
});
afterAll(() => api.stop());

/** Asks for so many decryptions at once, and hangs up when each has begun or was answered. */
async function hangUp(token: string, times: number, begun: () => number): Promise<void> {
  const body = JSON.stringify(ASK);
  const before = begun();
  let answered = 0;
  const sockets = await Promise.all(
    Array.from({ length: times }, async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.once('data', () => {
        answered += 1;
      });
      await once(socket, 'connect');
      socket.write(
        `POST /v1/vaults/${id}/decrypt HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return socket;
    }),
  );
  await until(() => answered + begun() - before === times);
  for (const socket of sockets) socket.resetAndDestroy();
}

test('work that nobody waits for any more counts as its caller’s until it is over; others are served', async () => {
  const door = gate(api);
  const token = await api.key({ scopes: ['vaults:decrypt'] });
  for (let n = 0; n < OF_ONE + 50; n += 50) await hangUp(token, 50, () => door.held);
  expect(door.held).toBeLessThanOrEqual(OF_ONE);
  expect((await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK, token })).status).toBe(429);
  expect((await api.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
  door.release();
  await until(async () => {
    const { status } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK, token });
    return status === 200;
  });
});

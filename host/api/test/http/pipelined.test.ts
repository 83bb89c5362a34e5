// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RawConnection, statuses } from '../../../../tests/support/raw-http.ts';
import { gate, until } from '../batch/gate.ts';
import { type Api, startApi } from '../harness.ts';

/**
 * Requests behind another of their connection, whose answers wait for that one's. All that counts them goes by the end of the response, which
 * is told of one that never got the connection by Node alone, and not by each version of it.
 */
const FAST = { burst: 1e9, perSecond: 1e9 };
const BEHIND = 100;
/** More answers than the kernel's buffers hold between the two. */
const UNREAD = 200;
/** Together more than a caller may have under way. */
const TIMES = 8;

let api: Api;
let port: number;
let id: string;
let came = 0;
beforeAll(async () => {
  api = await startApi({ rates: { requests: FAST, decrypts: FAST } });
  port = await api.listen();
  id = await api.create({ city: 'Rome' });
  api.app.server.on('request', () => {
    came += 1;
  });
});
afterAll(() => api.stop());

const ask = (line: string, body?: string) => {
  const type =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${api.admin}\r\n${type}\r\n${body ?? ''}`;
};
const behind = () => ask(`GET /v1/vaults/${id}`).repeat(BEHIND);

/** Without the request that asks for it. */
const inFlight = async () => {
  const { text } = await api.call('GET', '/metrics');
  return Number(/http_requests_in_flight (\d+)/.exec(text)?.[1]) - 1;
};

/** Sends all at once, does something when all came, and hangs up. */
async function hangUp(asks: string, count: number, when: () => Promise<void>): Promise<void> {
  const connection = new RawConnection(port);
  connection.socket.pause();
  const before = came;
  connection.write(asks);
  await until(() => came === before + count);
  await when();
  connection.socket.destroy();
}

async function isServed(): Promise<void> {
  const connection = new RawConnection(port);
  connection.write(ask(`GET /v1/vaults/${id}`).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  expect(statuses(await connection.closed)).toEqual([200]);
}

test('behind answers that nobody takes are over when the connection is, and leave no place taken', async () => {
  for (let n = 0; n < TIMES; n += 1) {
    await hangUp(ask('GET /v1/openapi.json').repeat(UNREAD) + behind(), UNREAD + BEHIND, async () => {
      expect(await inFlight()).toBeGreaterThan(BEHIND);
    });
    await until(async () => (await inFlight()) === 0);
  }
  await isServed();
});

test('behind one that is worked at are over when the connection is, and leave no place taken', async () => {
  const door = gate(api);
  const decrypt = ask(`POST /v1/vaults/${id}/decrypt`, '{"fields":["city"],"reason":"a test"}');
  for (let n = 0; n < TIMES; n += 1) {
    await hangUp(decrypt + behind(), 1 + BEHIND, async () => {
      await until(() => door.held === n + 1);
      expect(await inFlight()).toBe(1 + BEHIND);
    });
    await until(async () => (await inFlight()) === 0);
  }
  await isServed();
  door.release();
});

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, until } from './batch/gate.ts';
import { type Api, startApi, UNLIMITED } from './harness.ts';

const ASK = { fields: ['city'], reason: 'a test' };
/** Requests under way that one caller may have. */
const OF_ONE = 750;

let api: Api;
let port: number;
let id: string;
beforeAll(async () => {
  api = await startApi({ rates: UNLIMITED });
  port = await api.listen();
  id = await api.create({ city: 'Rome' });
});
afterAll(() => api.stop());

/** Asks for a decryption with each of these keys at once, and hangs up when all have begun or were answered. */
async function hangUp(tokens: readonly string[], begun: () => number): Promise<void> {
  const body = JSON.stringify(ASK);
  const before = begun();
  let answered = 0;
  const sockets = await Promise.all(
    tokens.map(async (token) => {
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
  // One that begins and is answered for its time before the others have begun counts twice.
  await until(() => answered + begun() - before >= tokens.length);
  for (const socket of sockets) socket.resetAndDestroy();
}

test('work that nobody waits for any more counts as its caller’s until it is over; others are served', async () => {
  const door = gate(api);
  const token = await api.key({ scopes: ['vaults:decrypt'] });
  for (let n = 0; n < OF_ONE + 50; n += 50) await hangUp(Array(50).fill(token), () => door.held);
  expect(door.held).toBeLessThanOrEqual(OF_ONE);
  // Where the machine was so slow that the vault knew itself to be, that is what kept him out before he had so many.
  const { status, json } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK, token });
  const refusal = door.held === OF_ONE ? [429, 'rate_limited'] : [503, 'overloaded'];
  expect([status, json.code]).toEqual(refusal);
  expect((await api.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
  door.release();
  await until(async () => {
    const { status } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK, token });
    return status === 200;
  });
});

test('to find out who somebody is is work of his as well, whoever he says he is', async () => {
  const { store } = api;
  const get = store.get.bind(store);
  const { promise: open, resolve } = Promise.withResolvers<void>();
  let held = 0;
  store.get = async (pk, sk) => {
    held += 1;
    await open;
    return get(pk, sk);
  };
  try {
    for (let n = 0; n < 1_050; n += 50)
      await hangUp(
        Array.from({ length: 50 }, (_, i) => `evk_${String(n + i).padStart(26, '0')}_${'A'.repeat(43)}`),
        () => held,
      );
    expect(held).toBeLessThanOrEqual(1_000);
  } finally {
    resolve();
    store.get = get;
  }
  await until(async () => (await api.call('GET', `/v1/vaults/${id}`)).status === 200);
});

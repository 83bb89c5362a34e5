// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, until } from './batch/gate.ts';
import { type Api, startApi, UNLIMITED } from './harness.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  // A call waits for its turn half of its time at most, and here it waits for the test.
  api = await startApi({ rates: UNLIMITED, timeouts: { deadline: 60_000 } });
  id = await api.create({ city: 'Rome' });
});
afterAll(() => api.stop());

test('of one caller wait behind each other, and are not what a vault is busy with: others are served', async () => {
  const door = gate(api);
  const token = await api.key({ scopes: ['vaults:decrypt'] });
  const body = { expressions: { x: "city == 'Rome'" }, reason: 'a test' };
  const asked = Array.from({ length: 100 }, () =>
    api.call('POST', `/v1/vaults/${id}/decrypt`, { body, token }).then(({ status }) => status),
  );
  await until(() => door.held === 8);
  // Next to nothing is answered for some of the windows in which a vault finds out what it can do: 100 would be more than the 64 that it takes then.
  for (let turn = 0; turn < 5; turn += 1) {
    await sleep(600);
    expect((await api.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
  }
  expect(door.held).toBe(8);
  door.release();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
});

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../harness.ts';
import { StreamClient } from './client.ts';
import { gate, until } from './gate.ts';

const DECRYPT = '/v1/vaults:decrypt';
const ASK = { fields: ['city'], reason: 'a test' };
const FAST = { burst: 1e9, perSecond: 1e9 };

// The time-outs of a vault: a busy machine takes longer than those that limits.test.ts waits for.
let api: Api;
let port: number;
let id: string;
beforeAll(async () => {
  api = await startApi({ rates: { requests: FAST, decrypts: FAST } });
  port = await api.listen();
  id = await api.create({ city: 'Rome' });
});
afterAll(() => api.stop());
afterEach(() => {
  api.enclave.before = undefined;
});

const open = (path: string, key = api.admin) => new StreamClient(port, path, key);

describe('work at once', () => {
  test('is 32 of a stream and 64 of a caller: nothing further is read, and others get their places', async () => {
    const door = gate(api);
    const ids = Array.from({ length: 40 }, () => ({ id }));
    const first = open(DECRYPT).send(ASK, ...ids);
    await until(() => door.held === 32);
    await sleep(100);
    expect(door.held).toBe(32);
    const others = [1, 2, 3].map(() => open(DECRYPT).send(ASK, ...ids));
    await until(() => door.held === 64);
    await sleep(100);
    expect(door.held).toBe(64);
    const key = await api.key({ scopes: ['vaults:decrypt'] });
    const single = api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK, token: key });
    await until(() => door.held === 65);
    door.release();
    expect((await single).status).toBe(200);
    for (const client of [first, ...others]) {
      await client.finish();
      expect(client.last).toEqual({ done: { results: 40, errors: 0 } });
    }
  });

  test('goes on while all enclaves are busy, within the time of an item', async () => {
    let refusals = 40;
    api.enclave.before = async () => {
      api.enclave.refusal = refusals-- > 0 ? 'busy' : undefined;
    };
    const client = open(DECRYPT).send(ASK, ...Array.from({ length: 20 }, () => ({ id })));
    await client.finish();
    expect(client.last).toEqual({ done: { results: 20, errors: 0 } });
  });
});

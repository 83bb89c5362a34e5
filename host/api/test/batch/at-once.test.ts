// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AtOnce } from '../../src/batch/at-once.ts';
import { type Api, startApi, UNLIMITED } from '../harness.ts';
import { StreamClient } from './client.ts';
import { gate, until } from './gate.ts';

const DECRYPT = '/v1/vaults:decrypt';
const ASK = { fields: ['city'], reason: 'a test' };

// The time-outs of a vault: a busy machine takes longer than those that limits.test.ts waits for.
let api: Api;
let port: number;
let id: string;
beforeAll(async () => {
  // Calls wait for a turn half of their time at most: here they wait for the test.
  api = await startApi({ rates: UNLIMITED, timeouts: { deadline: 60_000 } });
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

describe('what one caller asks for much of', () => {
  const items = (count: number) => Array.from({ length: count }, () => id);
  const document = (token: string, ids: string[], more: object = {}) =>
    api.call('POST', DECRYPT, { body: { ...ASK, ...more, ids }, token });

  test('documents: sixteen at once, and they are not what a vault is busy with', async () => {
    const door = gate(api);
    const token = await api.key({ scopes: ['vaults:decrypt'] });
    const asked = Array.from({ length: 66 }, () => document(token, items(40)).then(({ status }) => status));
    await until(() => door.held === 64);
    // Next to nothing is answered for some of the windows in which a vault finds out what it can do.
    for (let turn = 0; turn < 6; turn += 1) {
      await sleep(600);
      expect((await api.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
    }
    door.release();
    const answers = await Promise.all(asked);
    expect([200, 429].map((status) => answers.filter((one) => one === status).length)).toEqual([16, 50]);
  });

  test('items with expressions: they wait for each other, and keep no places of items from others', async () => {
    const door = gate(api);
    const [slow, other] = [
      await api.key({ scopes: ['vaults:decrypt'] }),
      await api.key({ scopes: ['vaults:decrypt'] }),
    ];
    const expressions = { x: "city == 'Rome'" };
    const asked = [
      open(DECRYPT, slow).send({ ...ASK, expressions }, ...items(64).map((one) => ({ id: one }))),
      open(DECRYPT, slow).send({ ...ASK, expressions }, ...items(64).map((one) => ({ id: one }))),
    ];
    await until(() => door.held === 8);
    await sleep(100);
    expect(door.held).toBe(8);
    const plain = document(other, items(10));
    await until(() => door.held === 18);
    door.release();
    expect((await plain).json.results).toHaveLength(10);
    for (const client of asked) {
      await client.finish();
      expect(client.last).toEqual({ done: { results: 64, errors: 0 } });
    }
  });
});

test('evaluations of all callers together leave an enclave places for what has none', async () => {
  const door = gate(api);
  const body = { expressions: { x: "city == 'Rome'" }, reason: 'a test' };
  const tokens = await Promise.all(Array.from({ length: 12 }, () => api.key({ scopes: ['vaults:decrypt'] })));
  const ask = (token: string, what: object) =>
    api.call('POST', `/v1/vaults/${id}/decrypt`, { body: what, token }).then(({ status }) => status);
  const asked = tokens.flatMap((token) => Array.from({ length: 8 }, () => ask(token, body)));
  await until(() => door.held === 24);
  await sleep(100);
  expect(door.held).toBe(24);
  const plain = ask(api.admin, ASK);
  await until(() => door.held === 25);
  door.release();
  expect(await plain).toBe(200);
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
});

test('places of several callers leave some for others: one has no more than three times what is left', () => {
  const places = new AtOnce({ ofOne: 16, ofAll: 64 });
  const had = ['a', 'b', 'c', 'd', 'e'].map((actor) => {
    let count = 0;
    while (places.enter(actor) !== undefined) count += 1;
    return count;
  });
  expect(had).toEqual([16, 16, 16, 12, 3]);
  const leave = places.enter('f');
  expect([leave === undefined, places.size]).toEqual([false, 64]);
  leave?.();
  expect(places.size).toBe(63);
});

describe('of several processes before the same enclaves', () => {
  let one: Api;
  let its: string;
  let at: number;
  beforeAll(async () => {
    one = await startApi({ rates: UNLIMITED, processes: 8 });
    at = await one.listen();
    its = await one.create({ city: 'Rome' });
  });
  afterAll(() => one.stop());
  const expressions = { x: "city == 'Rome'" };

  test('each has its part of the items, of which those with expressions of one caller are half', async () => {
    const door = gate(one);
    const slow = await one.key({ scopes: ['vaults:decrypt'] });
    const asked = [1, 2].map(() =>
      new StreamClient(at, DECRYPT, slow).send(
        { ...ASK, expressions },
        ...Array.from({ length: 16 }, () => ({ id: its })),
      ),
    );
    // Three of 24 evaluations, fewer than half of its eight items.
    await until(() => door.held === 3);
    const plain = one.call('POST', DECRYPT, { body: { ...ASK, ids: Array(10).fill(its) } });
    await until(() => door.held === 7);
    await sleep(100);
    expect(door.held).toBe(7);
    door.release();
    expect((await plain).json.results).toHaveLength(10);
    for (const client of asked) {
      await client.finish();
      expect(client.last).toEqual({ done: { results: 16, errors: 0 } });
    }
  });
});

test('a document whose turn does not come in its time is busy, and holds nothing any longer', async () => {
  const short = await startApi({ rates: UNLIMITED, timeouts: { deadline: 4_000 } });
  try {
    const at = await short.listen();
    const its = await short.create({ city: 'Rome' });
    // Each item of the stream is given up within its own four seconds, and eight are done at a time.
    const door = gate(short);
    const ask = { ...ASK, expressions: { x: "city == 'Rome'" } };
    const stream = new StreamClient(at, DECRYPT, short.admin).send(
      ask,
      ...Array.from({ length: 32 }, () => ({ id: its })),
    );
    await until(() => door.held >= 8);
    const { json } = await short.call('POST', DECRYPT, { body: { ...ask, ids: [its] } });
    expect(json.results).toMatchObject([{ index: 0, error: { code: 'busy' } }]);
    door.release();
    await stream.finish();
  } finally {
    await short.stop();
  }
});

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RawConnection } from '../../../../tests/support/raw-http.ts';
import { type Api, startApi } from '../harness.ts';
import { StreamClient } from './client.ts';
import { gate, until } from './gate.ts';

const CREATE = '/v1/vaults:batch';
const DECRYPT = '/v1/vaults:decrypt';
const ABSENT = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
const ASK = { fields: ['city'], reason: 'a test' };
const FAST = { burst: 1e9, perSecond: 1e9 };
const TIMES = { headers: 400, request: 600, check: 50, idle: 2_500 };

let api: Api;
let port: number;
let id: string;
/** With limits that are short enough to be waited for: for the tests of these alone. */
let hasty: Api;
let hastyPort: number;
let came = 0;
beforeAll(async () => {
  api = await startApi({ rates: { requests: FAST, decrypts: FAST } });
  port = await api.listen();
  api.app.server.on('request', () => {
    came += 1;
  });
  hasty = await startApi({ timeouts: TIMES, rates: { requests: FAST, decrypts: FAST } });
  hastyPort = await hasty.listen();
  id = await api.create({ city: 'Rome' });
});
afterAll(async () => void (await Promise.all([api.stop(), hasty.stop()])));
afterEach(() => {
  api.enclave.before = undefined;
});

const open = (path: string, key = api.admin) => new StreamClient(port, path, key);
const openHasty = (path: string) => new StreamClient(hastyPort, path, hasty.admin);
const ended = (to = api) =>
  to.logged.filter(({ event }) => event === 'stream_ended').map(({ fields }) => fields);
describe('a caller who does not read', () => {
  test('is not read either, and is given up: what waits for him is bounded', async () => {
    const connection = new RawConnection(hastyPort);
    connection.socket.pause();
    connection.write(
      `POST ${CREATE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${hasty.admin}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    // Sixty errors of members each: much more comes out than goes in.
    const fields = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`a${n}`, 1]));
    const lines = `${JSON.stringify({ fields })}\n`.repeat(100);
    const chunk = Buffer.from(`${lines.length.toString(16)}\r\n${lines}\r\n`);
    for (let n = 0; n < 1_000; n += 1) connection.write(chunk);
    const before = ended(hasty).length;
    await until(() => ended(hasty).length > before);
    const [end] = ended(hasty).slice(before);
    expect(['lost', 'request_timeout']).toContain(end?.end);
    // 100,000 lines were offered, of which the kernel's own buffers may hold some.
    expect(Number(end?.results)).toBeGreaterThan(32);
    expect(Number(end?.results)).toBeLessThan(10_000);
    connection.socket.destroy();
  });
});

describe('time', () => {
  test('a stream may be slower than any body, as long as lines come', async () => {
    const client = openHasty(CREATE);
    for (let n = 0; n < 5; n += 1) {
      client.send({ fields: {} });
      await sleep(2 * (TIMES.request / 5) + 20);
    }
    await client.finish();
    expect(client.last).toEqual({ done: { results: 5, errors: 0 } });
  });

  test('a line that drips is no progress, and neither are blank ones: the stream is stopped, and says so', async () => {
    const slow = async (drip: string) => {
      const client = openHasty(CREATE).send({ fields: {} });
      const timer = setInterval(() => client.out.write(drip), 50);
      await client.closed;
      clearInterval(timer);
      return client.last;
    };
    const stopped = { code: 'request_timeout', results: 1, errors: 0 };
    expect(await Promise.all([slow(' '), slow('\n')])).toEqual([{ stopped }, { stopped }]);
  });

  test('an ask that does not come is 408, as any body', async () => {
    const client = openHasty(DECRYPT);
    client.out.flushHeaders();
    const answer = await client.answered;
    expect(answer.statusCode).toBe(408);
  });
});

describe('many streams', () => {
  test('16 of a caller, and no more until one of them ends; others have their own', async () => {
    const all = Array.from({ length: 16 }, () => open(CREATE).send({ fields: {} }));
    await Promise.all(all.map((client) => client.until(1)));
    const refused = await open(CREATE).send({ fields: {} }).answered;
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
    const key = await api.key({ scopes: ['vaults:create'] });
    const other = open(CREATE, key).send({ fields: {} });
    await other.until(1);
    await Promise.all([other.finish(), all[0]?.finish()]);
    await open(CREATE).send({ fields: {} }).until(1);
    await Promise.all(all.slice(1).map((client) => client.finish()));
  });

  test('those that wait with their ask count from the beginning', async () => {
    const all = Array.from({ length: 16 }, () => open(DECRYPT));
    const before = came;
    for (const client of all) client.out.flushHeaders();
    await until(() => came === before + 16);
    await sleep(100);
    expect((await open(DECRYPT).send(ASK).answered).statusCode).toBe(429);
    for (const client of all) client.out.destroy();
    await until(async () => (await open(DECRYPT).send(ASK).finish()).at(-1)?.done !== undefined);
  });
});

describe('items of several callers', () => {
  test('are 64 at the enclave together: calls for one record still get there', async () => {
    const made = [1, 2, 3].map(() => api.call('POST', '/v1/keys', { body: { scopes: ['vaults:decrypt'] } }));
    const keys = (await Promise.all(made)).map(({ json }) => json.token);
    const door = gate(api);
    const streams = keys.map((key) =>
      open(DECRYPT, key).send(ASK, ...Array.from({ length: 40 }, () => ({ id }))),
    );
    await until(() => door.held === 64);
    const one = api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ASK });
    await until(() => door.held === 65);
    await sleep(50);
    expect(door.held).toBe(65);
    door.release();
    expect((await one).status).toBe(200);
    for (const stream of streams)
      expect((await stream.finish()).at(-1)).toEqual({ done: { results: 40, errors: 0 } });
  });
});

describe('items of several processes before the same enclaves', () => {
  test.each([
    [2, 32],
    [5, 12],
    [64, 1],
  ])('of %i, each has %i there at once', async (processes, most) => {
    const one = await startApi({ processes, rates: { requests: FAST, decrypts: FAST } });
    const [to, record] = [await one.listen(), await one.create({ city: 'Rome' })];
    const door = gate(one);
    const clients = [1, 2].map(() =>
      new StreamClient(to, DECRYPT, one.admin).send(
        ASK,
        ...Array.from({ length: 40 }, () => ({ id: record })),
      ),
    );
    await until(() => door.held === most);
    await sleep(50);
    expect(door.held).toBe(most);
    door.release();
    for (const client of clients)
      expect((await client.finish()).at(-1)).toEqual({ done: { results: 40, errors: 0 } });
    await one.stop();
  });
});

describe('a stream that ends before its lines', () => {
  test('by the connection: what was begun is finished, and the places are free', async () => {
    const door = gate(api);
    const client = open(DECRYPT).send(ASK, ...Array.from({ length: 40 }, () => ({ id })));
    await until(() => door.held === 32);
    const before = ended().length;
    client.out.destroy();
    await sleep(50);
    door.release();
    await until(() => ended().length > before);
    expect(ended().at(-1)).toMatchObject({ end: 'lost', results: 32, errors: 0 });
    const { entries } = (await api.call('GET', `/v1/vaults/${id}/audit?limit=32`)).json;
    expect(new Set(entries.map(({ result }: { result: string }) => result))).toEqual(new Set(['ok']));
  });

  test('by a key that was revoked: within seconds, and nothing after it is done', async () => {
    const made = (await api.call('POST', '/v1/keys', { body: { scopes: ['vaults:create'] } })).json;
    const client = open(CREATE, made.token).send({ fields: {} });
    await client.until(1);
    expect((await api.call('DELETE', `/v1/keys/${made.id}`)).status).toBe(200);
    const timer = setInterval(() => client.send({ fields: {} }), 100);
    await client.closed;
    clearInterval(timer);
    expect(client.last?.stopped?.code).toBe('unauthenticated');
    expect(client.last?.stopped?.results).toBe(client.lines.length - 1);
    expect(client.lines.length).toBeLessThan(15);
  });

  test('with the connection, since nobody knows where another request would begin', async () => {
    const client = openHasty(CREATE).send({ fields: {} });
    await client.until(1);
    const answer = await client.answered;
    const closed = new Promise((resolve) => answer.socket.once('close', resolve));
    await client.closed;
    expect(client.last?.stopped?.code).toBe('request_timeout');
    await closed;
  });
});

describe('rates', () => {
  let slow: Api;
  beforeAll(async () => {
    slow = await startApi({
      rates: {
        requests: { burst: 20, perSecond: 40 },
        decrypts: { burst: 5, perSecond: 20 },
        refusals: { burst: 4, perSecond: 0.01 },
      },
    });
  });
  afterAll(() => slow.stop());
  const codes = (json: { results: { error?: { code: string; retry_after?: number } }[] }) =>
    json.results.map(({ error }) => error?.code ?? 'ok');

  test('a document has what is left of them, item by item; a stream is as fast as they are', async () => {
    const key = await slow.key({ scopes: ['vaults:create', 'vaults:decrypt'] });
    const items = Array.from({ length: 40 }, () => ({ fields: { city: 'Rome' } }));
    const { json } = await slow.call('POST', CREATE, { body: { items }, token: key });
    const good = codes(json).filter((code) => code === 'ok').length;
    // The call itself is one of twenty.
    expect(good).toBeGreaterThanOrEqual(19);
    expect(good).toBeLessThan(40);
    const limited = json.results.find(({ error }: { error?: object }) => error !== undefined);
    expect(limited.error).toMatchObject({ code: 'rate_limited', retry_after: 1 });

    const listening = await slow.listen();
    await sleep(500);
    const began = performance.now();
    const client = new StreamClient(listening, DECRYPT, key);
    client.send(ASK, ...Array.from({ length: 25 }, () => ({ id: json.results[0].id })));
    await client.finish();
    expect(client.last).toEqual({ done: { results: 25, errors: 0 } });
    // Five at once, and then 20 a second.
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  test('a caller has his share of the hour, whichever way he asks; others have theirs', async () => {
    const counted = await startApi({ rates: { decryptsPerHour: 10 } });
    const to = await counted.listen();
    const record = await counted.create({ city: 'Rome' });
    const [one = '', other = ''] = await Promise.all(
      [1, 2].map(() => counted.key({ scopes: ['vaults:decrypt'] })),
    );
    const ids = Array.from({ length: 8 }, () => record);
    const { json } = await counted.call('POST', DECRYPT, { body: { ids, ...ASK }, token: one });
    const [good, limited] = [codes(json).slice(0, 5), codes(json).slice(5)];
    expect([new Set(good), new Set(limited)]).toEqual([new Set(['ok']), new Set(['rate_limited'])]);
    // The next in a fifth of an hour's half: 5 in 3,600 s.
    const wait = json.results.at(-1).error.retry_after;
    expect(wait).toBeGreaterThan(600);
    expect(wait).toBeLessThanOrEqual(720);
    const single = await counted.call('POST', `/v1/vaults/${record}/decrypt`, { body: ASK, token: one });
    expect([single.status, single.json.code]).toEqual([429, 'rate_limited']);
    expect(Number(single.headers['retry-after'])).toBeGreaterThan(600);
    // An item that would wait longer than it has is answered at once; the stream goes on.
    const client = new StreamClient(to, DECRYPT, one).send(ASK, { id: record }, { id: record });
    await client.finish();
    expect(client.lines.map(({ error, done }) => error?.code ?? done)).toEqual([
      'rate_limited',
      'rate_limited',
      { results: 2, errors: 2 },
    ]);
    const free = await counted.call('POST', `/v1/vaults/${record}/decrypt`, { body: ASK, token: other });
    expect(free.status).toBe(200);
    await counted.stop();
  });

  test('of the hour, each of several processes gives its part', async () => {
    const part = await startApi({ rates: { decryptsPerHour: 12 }, processes: 3 });
    const ids = Array.from({ length: 5 }, () => ABSENT);
    const { json } = await part.call('POST', DECRYPT, { body: { ids, ...ASK } });
    expect(codes(json)).toEqual([...['not_found', 'not_found'], ...Array(3).fill('rate_limited')]);
    await part.stop();
  });

  test('refusals are counted by item: beyond them no id is looked for', async () => {
    const key = await slow.key({ scopes: ['vaults:decrypt'] });
    await sleep(200);
    const ids = [ABSENT, ABSENT, ABSENT, 'v_none'];
    const one = await slow.call('POST', DECRYPT, { body: { ids, ...ASK }, token: key });
    expect(codes(one.json)).toEqual(['not_found', 'not_found', 'not_found', 'not_found']);
    expect((await slow.call('POST', DECRYPT, { body: { ids, ...ASK }, token: key })).status).toBe(429);
  });
});

test('a server that stops finishes what it has begun, and says what it did not read', async () => {
  const stopping = await startApi({});
  const at = await stopping.listen();
  const client = new StreamClient(at, CREATE, stopping.admin);
  const timer = setInterval(() => client.send({ fields: { city: 'Rome' } }), 2);
  await client.until(20);
  const closed = stopping.app.close();
  await client.closed;
  clearInterval(timer);
  await closed;
  const { stopped } = client.last ?? {};
  expect(stopped).toEqual({ code: 'stopping', results: client.lines.length - 1, errors: 0 });
  const indexes = client.lines
    .flatMap(({ index }) => (index === undefined ? [] : [index]))
    .sort((a, b) => a - b);
  // No hole: what was begun was answered.
  expect(indexes).toEqual([...indexes.keys()]);
  await stopping.stop();
});

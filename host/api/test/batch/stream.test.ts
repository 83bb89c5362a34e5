// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../harness.ts';
import { type Line, StreamClient } from './client.ts';

let api: Api;
let port: number;
beforeAll(async () => {
  api = await startApi();
  port = await api.listen();
});
afterAll(() => api.stop());

const CREATE = '/v1/vaults:batch';
const DECRYPT = '/v1/vaults:decrypt';
const ABSENT = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
const ASK = { fields: ['city'], reason: 'a test' };
const open = (path: string, key = api.admin, headers = {}) => new StreamClient(port, path, key, headers);
const byIndex = (lines: Line[]) =>
  lines
    .filter(({ index }) => index !== undefined)
    .sort((a, b) => Number(a.index) - Number(b.index))
    .map(({ error, id }) => error?.code ?? id);

describe('a stream of records to be made', () => {
  test('answers while it is sent, a result for each line, and says how it ended', async () => {
    const client = open(CREATE);
    client.send({ fields: { city: 'Rome' } });
    await client.until(1);
    client.send({ fields: { city: 'Bern' } }, { fields: { city: 7 } });
    await client.until(3);
    const lines = await client.finish();
    expect(lines.at(-1)).toEqual({ done: { results: 3, errors: 1 } });
    const [one, other, bad] = byIndex(lines);
    expect([one, other].every((id) => String(id).startsWith('v_'))).toBe(true);
    expect(bad).toBe('invalid');
    const answer = await client.answered;
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-cache, no-store, must-revalidate',
    });
  });

  test('passes by blank lines, and answers bad ones, each with its index', async () => {
    const client = open(CREATE);
    client.send('', '{"fields":{}}', '   ', '\t\r', '{"fields":', '[]', '{"fields":{},"fields":{}}');
    client.out.write(Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a]));
    client.send(
      `{"fields":{"city":"${'x'.repeat(1024 * 1024)}"}}`,
      '{"fields":{}}\r',
      '{"__proto__":1}',
      'null',
    );
    client.out.write('{"fields":{}}');
    const lines = await client.finish();
    expect(byIndex(lines).map((one) => (String(one).startsWith('v_') ? 'ok' : one))).toEqual([
      'ok',
      'json_invalid',
      'invalid',
      'json_duplicate_name',
      'json_not_utf8',
      'body_too_large',
      'ok',
      'json_forbidden_name',
      'invalid',
      'ok',
    ]);
    expect(client.last).toEqual({ done: { results: 10, errors: 7 } });
  });

  test('takes a thousand blank lines in a row, and again after a line; one more stops it: they cost work and no rate', async () => {
    const client = open(CREATE);
    for (const blank of ['\n', '\r\n']) client.send(blank.repeat(999), { fields: {} });
    client.send('\n'.repeat(1_000));
    const lines = await client.finish();
    expect(lines.at(-1)).toEqual({ stopped: { code: 'json_invalid', results: 2, errors: 0 } });
    const { status, json } = await api.call('POST', DECRYPT, {
      body: '\n'.repeat(1_001),
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect([status, json.code]).toEqual([400, 'json_invalid']);
  });

  test('with nothing in it is done at once', async () => {
    expect(await open(CREATE).send('', ' ').finish()).toEqual([{ done: { results: 0, errors: 0 } }]);
  });

  test('sent again under the same key has the same ids', async () => {
    const items = Array.from({ length: 40 }, (_, n) => ({ fields: { city: `City ${n}` } }));
    const send = async () =>
      byIndex(
        await open(CREATE, api.admin, { 'idempotency-key': 'job-1' })
          .send(...items)
          .finish(),
      );
    const first = await send();
    expect(new Set(first).size).toBe(40);
    expect(await send()).toEqual(first);
  });

  test('is refused before anything is streamed: without the scope, with a wrong key or a wrong header', async () => {
    const key = await api.key({ scopes: ['vaults:read'] });
    const statuses = [
      await open(CREATE, key).send({ fields: {} }).answered,
      await open(CREATE, 'evk_wrong').send({ fields: {} }).answered,
      await open(CREATE, api.admin, { 'idempotency-key': 'k'.repeat(250) }).send({ fields: {} }).answered,
    ].map(({ statusCode, headers }) => [statusCode, headers['content-type']]);
    const problem = 'application/problem+json; charset=utf-8';
    expect(statuses).toEqual([
      [403, problem],
      [401, problem],
      [422, problem],
    ]);
  });
});

describe('a stream of records to be decrypted', () => {
  test('has the ask first, and then ids', async () => {
    const id = await api.create({ city: 'Rome' });
    const client = open(DECRYPT).send(
      ASK,
      { id },
      { id: ABSENT },
      { id: 'v_none' },
      {},
      { id, more: 1 },
      { id: 7 },
    );
    const lines = await client.finish();
    expect(client.last).toEqual({ done: { results: 6, errors: 5 } });
    const results = lines.slice(0, -1).sort((a, b) => Number(a.index) - Number(b.index));
    expect(results[0]).toEqual({ index: 0, id, data: { city: 'Rome' } });
    expect(results.slice(1).map(({ error, id }) => [error?.code, id])).toEqual([
      ['not_found', ABSENT],
      ['not_found', undefined],
      ['invalid', undefined],
      ['invalid', id],
      ['invalid', undefined],
    ]);
  });

  test('has KMS asked for each record where its ask wants that', async () => {
    const ids = [await api.create({ city: 'Rome' }), await api.create({ city: 'Bern' })];
    const before = api.enclave.requests.length;
    const client = open(DECRYPT).send({ ...ASK, fresh: true }, ...ids.map((id) => ({ id })));
    await client.finish();
    expect(client.last).toEqual({ done: { results: 2, errors: 0 } });
    expect(api.enclave.requests.slice(before).map(({ fresh }) => fresh)).toEqual([true, true]);
  });

  test.each([
    ['no ask', [], 400, 'body_required'],
    ['no JSON', ['{'], 400, 'json_invalid'],
    ['an ask without a reason', [{ fields: ['city'] }], 422, 'invalid'],
    ['an unknown field', [{ fields: ['nothing'], reason: 'x' }], 422, 'invalid'],
    ['ids in the ask', [{ ...ASK, ids: [ABSENT] }], 422, 'invalid'],
    ['an ask beyond a line', [{ ...ASK, purpose: 'x'.repeat(1024 * 1024) }], 413, 'body_too_large'],
  ])('with %s is a problem', async (_what, lines, status, code) => {
    const answer = await api.call('POST', DECRYPT, {
      body: `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Lambda, startLambda } from './harness.ts';

let lambda: Lambda;
beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  lambda = await startLambda();
});
afterAll(async () => {
  await lambda.stop();
  vi.restoreAllMocks();
});

const NDJSON = { 'content-type': 'application/x-ndjson' };
const lines = (...items: unknown[]) => `${items.map((item) => JSON.stringify(item)).join('\n')}\n`;
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a document is answered as everywhere, each item named in the audit by the gateway’s id', async () => {
  const made = await lambda.call('POST', '/v1/vaults:batch', {
    json: { items: [{ fields: { city: 'Rome' } }, { fields: { city: 7 } }] },
  });
  expect(made.status).toBe(200);
  const [{ id }, bad] = made.json.results;
  expect(bad.error.code).toBe('invalid');
  const read = await lambda.call('POST', '/v1/vaults:decrypt', {
    json: { ids: [id], fields: ['city'], reason: 'a test' },
  });
  expect(read.json.results).toEqual([{ index: 0, id, data: { city: 'Rome' } }]);
  const { entries } = (await lambda.call('GET', `/v1/vaults/${id}/audit`)).json;
  expect(entries[0].request_id).toBe(`${read.event.requestContext.requestId}.0`);
});

test('a small stream comes back in one piece, as text', async () => {
  const body = lines({ fields: { city: 'Rome' } }, { fields: { city: 'Bern' } });
  const made = await lambda.call('POST', '/v1/vaults:batch', { body, headers: NDJSON });
  expect([made.status, made.headers['content-type'], made.answer.isBase64Encoded]).toEqual([
    200,
    'application/x-ndjson',
    false,
  ]);
  const results = linesOf(made.answer.body);
  expect(results.at(-1)).toEqual({ done: { results: 2, errors: 0 } });
  const ids = results.slice(0, -1).map(({ id }) => ({ id }));
  const ask = lines({ fields: ['city'], reason: 'a test' }, ...ids);
  const read = await lambda.call('POST', '/v1/vaults:decrypt', { body: ask, headers: NDJSON });
  expect(linesOf(read.answer.body).at(-1)).toEqual({ done: { results: 2, errors: 0 } });
});

test('a stream of more than a hundred lines is stopped there: a call counts as no more', async () => {
  const body = lines(...Array.from({ length: 120 }, () => ({ fields: {} })));
  const { answer } = await lambda.call('POST', '/v1/vaults:batch', { body, headers: NDJSON });
  const results = linesOf(answer.body);
  expect(results.at(-1)).toEqual({ stopped: { code: 'answer_too_large', results: 100, errors: 0 } });
});

test('a stream beyond 1 MiB is 413', async () => {
  const body = lines(...Array.from({ length: 20 }, () => ({ fields: { city: 'x'.repeat(60_000) } })));
  const { status, json } = await lambda.call('POST', '/v1/vaults:batch', { body, headers: NDJSON });
  expect([status, json.code]).toEqual([413, 'body_too_large']);
});

test('items share what Lambda leaves of time', async () => {
  const made = await lambda.call('POST', '/v1/vaults:batch', {
    json: { items: [{ fields: { city: 'x' } }] },
  });
  const id = made.json.results[0].id;
  const body = lines({ fields: ['city'], reason: 'x' }, ...Array.from({ length: 40 }, () => ({ id })));
  const now = Date.now;
  let ahead = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  // The first that gets to the enclave uses up all but the reserve.
  lambda.enclave.before = async () => {
    ahead = 28_000;
  };
  const asked = { body, headers: NDJSON, remainingMs: 29_000 };
  const { answer } = await lambda.call('POST', '/v1/vaults:decrypt', asked);
  lambda.enclave.before = undefined;
  clock.mockRestore();
  const results = linesOf(answer.body);
  expect(results.at(-1).done.results).toBe(40);
  // 32 are begun at once; with ten seconds of their own, those behind them would be answered.
  const behind = results.filter(({ index }) => index >= 32).map(({ error }) => error?.code);
  expect(behind).toEqual(Array(8).fill('timed_out'));
});

// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../harness.ts';

/**
 * What an answer tells of records and keys that are not the caller's. The answers are compared whole, and what the vault did for
 * them is counted instead of timed: the same reads and writes of the store, and nothing asked of KMS or the enclave.
 */
let api: Api;
let stranger: string;
const targets: Record<string, string> = {};
const ABSENT = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
const calls: string[] = [];
const idOf = (token: string): string => token.split('_')[1] ?? token;

beforeAll(async () => {
  api = await startApi();
  ({ token: stranger } = await api.vault.keys.bootstrap('other'));
  targets['another tenant’s'] = await api.create({ city: 'Rome', email: 'a@example.com' });
  targets['another tenant’s, deleted'] = await api.create({ city: 'Rome' });
  await api.call('DELETE', `/v1/vaults/${targets['another tenant’s, deleted']}`, {
    body: { delete_all: true },
  });
  targets['never there, like an id of the sample'] = 'v_2CzEGJ9xhVLmXWrRcXNvNYH1qQd';
  for (const name of ['get', 'query', 'transact'] as const) {
    const original = api.store[name].bind(api.store) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(api.store, {
      [name]: (...args: unknown[]) => {
        // But for those of authentication, which come once a second and are of the caller's own key.
        if (!String(args[0]).includes(idOf(stranger))) calls.push(name);
        return original(...args);
      },
    });
  }
});
afterAll(() => api.stop());

type Ask = readonly [
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST',
  path: string,
  body?: object | undefined,
  headers?: object,
];
const DECRYPT = { fields: ['city'], reason: 'a test' };
const ASKS: readonly Ask[] = [
  ['GET', ''],
  ['GET', '?fields=city'],
  ['GET', '/audit'],
  ['GET', '/audit?limit=1&cursor=000000000001'],
  ['PATCH', '', { city: 'Bern' }],
  ['PATCH', '', { city: 'Bern' }, { 'if-match': '"1"' }],
  ['PATCH', '', { city: 'Bern' }, { 'if-match': '*' }],
  ['PATCH', '', { city: 'Bern' }, { 'idempotency-key': 'the-same-for-all' }],
  ['DELETE', '', { fields: ['city'] }],
  ['DELETE', '?delete_all=true'],
  ['DELETE', '?delete_all=true', undefined, { 'if-match': '"1"' }],
  ['POST', '/decrypt', DECRYPT],
  ['POST', '/decrypt', { reason: 'a test', expressions: { n: '1 + 1' } }],
];

/** An answer without what is of the request alone, and what was done for it. */
async function answerTo([method, path, body, headers = {}]: Ask, id: string, token: string) {
  calls.length = 0;
  const outside = [api.kms.calls.length, api.enclave.envelopes.length];
  const answer = await api.call(method, `/v1/vaults/${id}${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { ...headers },
  });
  const { 'x-request-id': request, date: _, ...kept } = answer.headers;
  expect(answer.json.request_id).toBe(request);
  return {
    status: answer.status,
    headers: kept,
    text: answer.text.replaceAll(String(request), 'REQUEST'),
    store: [...calls],
    outside: [api.kms.calls.length - (outside[0] ?? 0), api.enclave.envelopes.length - (outside[1] ?? 0)],
  };
}

/** A row for each, under a name: a call, and what it sends. */
const ROWS = ASKS.map((ask) => ({ ask, what: `${ask[0]} ${ask[1]} ${JSON.stringify(ask.slice(2))}` }));

describe.each(ROWS)('$what', ({ ask }) => {
  test('answers alike, and does alike, for what is not there and what is another’s', async () => {
    const absent = await answerTo(ask, ABSENT, stranger);
    expect(absent.status).toBe(404);
    expect(absent.outside).toEqual([0, 0]);
    for (const [what, id] of Object.entries(targets)) {
      expect({ what, ...(await answerTo(ask, id, stranger)) }).toEqual({ what, ...absent });
    }
  });

  test('answers alike for what its own tenant deleted and what never was, but for the log that stays', async () => {
    const gone = await api.create({ city: 'Rome' }, stranger);
    await api.call('DELETE', `/v1/vaults/${gone}?delete_all=true`, { token: stranger });
    const [deleted, absent] = [
      await answerTo(ask, gone, stranger).catch(() => null),
      await answerTo(ask, ABSENT, stranger),
    ];
    if (ask[1].startsWith('/audit')) {
      const kept = await api.call('GET', `/v1/vaults/${gone}/audit`, { token: stranger });
      expect([kept.status, kept.json.entries.length]).toEqual([200, 2]);
    } else expect({ ...deleted, store: [] }).toEqual({ ...absent, store: [] });
  });
});

test('another tenant’s API key is ended by nobody, and is not there either', async () => {
  const { id } = (await api.call('POST', '/v1/keys', { body: { scopes: ['vaults:read'] } })).json;
  const ask = async (key: string) => {
    calls.length = 0;
    const { status, text, headers } = await api.call('DELETE', `/v1/keys/${key}`, { token: stranger });
    return { status, text: text.replaceAll(String(headers['x-request-id']), 'REQUEST'), store: [...calls] };
  };
  const absent = await ask('01HV1XW70Q03PHK892JFQAY0Z5');
  expect(absent.status).toBe(404);
  expect(await ask(id)).toEqual(absent);
  expect(
    (await api.call('GET', '/v1/keys')).json.keys.find((key: { id: string }) => key.id === id).revoked,
  ).toBe(null);
});

test('an idempotency key that another tenant used says nothing of it', async () => {
  const headers = { 'idempotency-key': 'order-1234' };
  const own = await api.call('POST', '/v1/vaults', { body: { city: 'Rome' }, headers });
  const theirs = await api.call('POST', '/v1/vaults', { body: { city: 'Bern' }, headers, token: stranger });
  expect([own.status, theirs.status]).toEqual([201, 201]);
  expect(theirs.json.id).not.toBe(own.json.id);
});

test('a key that lacks the right is told so, whatever the id names', async () => {
  const rights = { scopes: ['vaults:create'] };
  const { token } = (await api.call('POST', '/v1/keys', { body: rights, token: stranger })).json;
  // The caller from here on: the last test.
  stranger = token;
  for (const ask of ASKS) {
    const absent = await answerTo(ask, ABSENT, token);
    expect(absent.status).toBe(403);
    for (const id of Object.values(targets)) expect(await answerTo(ask, id, token)).toEqual(absent);
  }
});

// SPDX-License-Identifier: Apache-2.0
import { EnclaveClientError } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../harness.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const BATCH = '/v1/vaults:batch';
const DECRYPT = '/v1/vaults:decrypt';
const ABSENT = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
interface Result {
  readonly index: number;
  readonly id?: string;
  readonly data?: Record<string, unknown>;
  readonly errors?: readonly { name: string; code: string }[];
  readonly error?: { code: string; message: string; members?: { path: string; code: string }[] };
}
const codes = (results: Result[]) => results.map(({ error }) => error?.code ?? 'ok');
async function make(items: unknown[], more: object = {}): Promise<Result[]> {
  const answer = await api.call('POST', BATCH, { body: { items }, ...more });
  expect(answer.status).toBe(200);
  return answer.json.results;
}
const audit = async (id: string) => (await api.call('GET', `/v1/vaults/${id}/audit`)).json.entries;

describe('many records made at once', () => {
  test('each item has its result, in order, and a bad one harms no other', async () => {
    const MARK = 'Marked-Value-4711';
    const results = await make([
      { fields: { city: 'Rome' } },
      { fields: { ssn9: MARK, nothing: MARK } },
      { fields: { city: 'Bern' }, idempotency_key: 'one' },
      MARK,
      null,
      [],
      {},
      { fields: null },
      { fields: {}, extra: MARK },
      { fields: {}, [`${MARK} as a name`]: 1 },
      { fields: {}, idempotency_key: 7 },
      { fields: {}, idempotency_key: 'with blank' },
      { fields: {} },
    ]);
    expect(results.map(({ index }) => index)).toEqual([...results.keys()]);
    const bad = results.flatMap(({ index, error }) =>
      error === undefined ? [] : [[index, error.code, error.members?.map(({ path, code }) => [path, code])]],
    );
    expect(bad).toEqual([
      [
        1,
        'invalid',
        [
          ['/fields/ssn9', 'format'],
          ['/fields/nothing', 'unknown_field'],
        ],
      ],
      [3, 'invalid', [['', 'type']]],
      [4, 'invalid', [['', 'null']]],
      [5, 'invalid', [['', 'type']]],
      [6, 'invalid', [['/fields', 'required']]],
      [7, 'invalid', [['/fields', 'type']]],
      [8, 'invalid', [['/extra', 'unknown']]],
      [9, 'invalid', [['', 'unknown']]],
      [10, 'invalid', [['/idempotency_key', 'type']]],
      [11, 'invalid', [['/idempotency_key', 'format']]],
    ]);
    expect(JSON.stringify(results)).not.toContain(MARK);
    const made = results.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(new Set(made).size).toBe(3);
    expect((await api.call('GET', `/v1/vaults/${made[1]}?fields=city`)).json).toEqual({ city: true });
  });

  test('100 items are taken, of as many members as may be, and none or 101 are not', async () => {
    const fields = { first_name: 'A', last_name: 'B', city: 'C', email: 'a@example.com', dob: '1990-01-01' };
    expect(new Set(codes(await make(Array.from({ length: 100 }, () => ({ fields })))))).toEqual(
      new Set(['ok']),
    );
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`a${n}`, 1]));
    const wrong = await make(Array.from({ length: 100 }, () => ({ fields: wide })));
    expect(new Set(codes(wrong))).toEqual(new Set(['invalid']));
    for (const items of [[], Array.from({ length: 101 }, () => ({ fields: {} })), {}, 'x', null]) {
      const { status, json } = await api.call('POST', BATCH, { body: { items } });
      expect([status, json.code]).toEqual([422, 'invalid']);
    }
    expect((await api.call('POST', BATCH, { body: '{"items":' })).json.code).toBe('json_invalid');
    expect(
      (await api.call('POST', BATCH, { body: '{"items":[{"fields":{"city":"a","city":"b"}}]}' })).json.code,
    ).toBe('json_duplicate_name');
    expect((await api.call('POST', BATCH, { body: '' })).json.code).toBe('body_required');
  });

  test('the same keys again make nothing anew: keys of items, or of the header with the index', async () => {
    const items = [{ fields: { city: 'Rome' } }, { fields: { city: 'Bern' }, idempotency_key: 'own-1' }];
    const headers = { 'idempotency-key': 'job-7' };
    const first = await make(items, { headers });
    expect(await make(items, { headers })).toEqual(first);
    // By its parts as well: what one call made, another finds.
    const alone = { headers: { 'idempotency-key': 'job-7:0' }, body: { city: 'Rome' } };
    expect((await api.call('POST', '/v1/vaults', alone)).json.id).toBe(first[0]?.id);
    const other = await make(
      [{ fields: { city: 'Oslo' } }, { fields: { city: 'Bern' }, idempotency_key: 'own-1' }],
      {
        headers,
      },
    );
    expect([other[0]?.error?.code, other[1]?.id]).toEqual(['idempotency_key_reused', first[1]?.id]);
    const long = await api.call('POST', BATCH, {
      body: { items },
      headers: { 'idempotency-key': 'k'.repeat(241) },
    });
    expect([long.status, long.json.errors[0].path]).toEqual([422, 'Idempotency-Key']);
  });

  test('twice the same key in one call is one record', async () => {
    const item = { fields: { city: 'Rome' }, idempotency_key: 'twin' };
    const results = await make([item, item, item]);
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
  });

  test('each has its own entry in the audit, named by the call and the index', async () => {
    const answer = await api.call('POST', BATCH, {
      body: { items: [{ fields: {} }, { fields: { city: 'x' } }] },
    });
    for (const { index, id } of answer.json.results) {
      const [entry] = await audit(id);
      expect(entry).toMatchObject({
        event: 'CreateVault',
        request_id: `${answer.headers['x-request-id']}.${index}`,
      });
    }
  });
});

describe('many records decrypted at once', () => {
  let ids: string[];
  beforeAll(async () => {
    const results = await make([
      { fields: { city: 'Rome', dob: '1990-01-01' } },
      { fields: { city: 'Bern' } },
    ]);
    ids = results.map(({ id }) => String(id));
  });

  test('each has what a call of its own would give, errors by name among it', async () => {
    const ask = { fields: ['city'], reason: 'a test', expressions: { adult: 'date(dob).age() >= 18' } };
    const { json } = await api.call('POST', DECRYPT, {
      body: { ids: [...ids, ABSENT, 'no id', ids[0]], ...ask },
    });
    const results: Result[] = json.results;
    expect(results.map(({ index, id }) => [index, id])).toEqual([
      [0, ids[0]],
      [1, ids[1]],
      [2, ABSENT],
      // What is no id may be anything, and is not repeated.
      [3, undefined],
      [4, ids[0]],
    ]);
    expect(codes(results)).toEqual(['ok', 'ok', 'not_found', 'not_found', 'ok']);
    expect(results[0]?.data).toEqual({ city: 'Rome', adult: true });
    expect(results[1]).toMatchObject({
      data: { city: 'Bern' },
      errors: [{ name: 'adult', code: 'expression_failed' }],
    });
    for (const id of ids) {
      const single = (await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: ask })).json;
      expect(results.find((one) => one.id === id)).toMatchObject(single);
    }
    const [, entry] = await audit(ids[1] ?? '');
    expect(entry).toMatchObject({ event: 'DecryptVault', result: 'ok', fields: ['city'], reason: 'a test' });
    expect(entry.request_id).toMatch(/\.1$/);
  });

  test('who wants KMS asked has it asked for each: no key in the enclave’s memory serves', async () => {
    const ask = { ids, fields: ['city'], reason: 'a test' };
    const before = api.enclave.requests.length;
    const { json } = await api.call('POST', DECRYPT, { body: { ...ask, fresh: true } });
    expect(codes(json.results)).toEqual(['ok', 'ok']);
    await api.call('POST', DECRYPT, { body: ask });
    const [first, second, ...others] = api.enclave.requests.slice(before).map(({ fresh }) => fresh);
    expect([first, second]).toEqual([true, true]);
    expect(others).toEqual([undefined, undefined]);
    const wrong = await api.call('POST', DECRYPT, { body: { ...ask, fresh: 'yes' } });
    expect([wrong.status, wrong.json.code]).toEqual([422, 'invalid']);
  });

  test('an ask that is wrong is a problem of the whole call', async () => {
    const wrong = async (body: object) => {
      const { status, json } = await api.call('POST', DECRYPT, { body });
      return [status, json.code, json.errors?.map(({ path }: { path: string }) => path)];
    };
    expect(await wrong({ ids, fields: ['city'] })).toEqual([422, 'invalid', ['/reason']]);
    expect(await wrong({ ids, fields: ['nothing'], reason: 'x' })).toEqual([422, 'invalid', ['/fields/0']]);
    expect(await wrong({ ids, reason: 'x' })).toEqual([422, 'invalid', ['/fields']]);
    expect(await wrong({ ids: [], fields: ['city'], reason: 'x' })).toEqual([422, 'invalid', ['/ids']]);
    expect(await wrong({ ids: [7], fields: ['city'], reason: 'x' })).toEqual([422, 'invalid', ['/ids/0']]);
    expect(await wrong({ fields: ['city'], reason: 'x' })).toEqual([422, 'invalid', ['/ids']]);
  });

  test('no more is answered than has room: the rest is to be asked for again', async () => {
    const long = 'x'.repeat(1_000);
    const many = {
      address1: long,
      address2: long,
      address3: long,
      city: long,
      state: long,
      first_name: long,
    };
    const [{ id = '' } = {}] = await make([{ fields: many }]);
    const expressions = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [
        `e${n}`,
        'address1 + address2 + address3 + city + state + first_name',
      ]),
    );
    const body = { ids: Array.from({ length: 60 }, () => id), expressions, reason: 'x' };
    const { text, json } = await api.call('POST', DECRYPT, { body });
    expect(text.length).toBeLessThan(4 * 1024 * 1024 + 60 * 200);
    const counts = codes(json.results);
    expect(new Set(counts)).toEqual(new Set(['ok', 'answer_too_large']));
    expect(counts.filter((code) => code === 'ok').length).toBeGreaterThan(20);
  });
});

describe('who may not', () => {
  test.each([
    ['scope_missing', { scopes: ['vaults:read'] }],
    ['field_not_allowed', { scopes: ['vaults:decrypt'], fields: ['dob'] }],
    ['purpose_not_allowed', { scopes: ['vaults:decrypt'], purposes: [] }],
    ['derive_only', { scopes: ['vaults:decrypt'], derive_only: true }],
  ])('is refused as a whole: %s', async (code, rights) => {
    const token = await api.key(rights);
    const body = { ids: [ABSENT, ABSENT], fields: ['city'], reason: 'x' };
    const answer = await api.call('POST', DECRYPT, { body, token });
    expect([answer.status, answer.json.code]).toEqual([403, code]);
  });

  test('a derive-only key runs registered expressions on many', async () => {
    const id = await api.create({ dob: '1990-01-01' });
    const token = await api.key({ scopes: ['vaults:decrypt'], derive_only: true });
    const body = { ids: [id, id], reason: 'x', expressions: { adult: { registered: 'over_18' } } };
    const { json } = await api.call('POST', DECRYPT, { body, token });
    expect(json.results.map(({ data }: Result) => data)).toEqual([{ adult: true }, { adult: true }]);
  });

  test('without the scope to create, nothing is made, and refused once', async () => {
    const token = await api.key({ scopes: ['vaults:read'] });
    const before = (await api.vault.verifyAudit()).entries;
    const answer = await api.call('POST', BATCH, {
      body: { items: [{ fields: {} }, { fields: {} }] },
      token,
    });
    expect([answer.status, answer.json.code]).toEqual([403, 'scope_missing']);
    expect((await api.vault.verifyAudit()).entries).toBe(before + 1);
  });

  test('another tenant’s ids are not there', async () => {
    const id = await api.create({ city: 'Rome' });
    const { token } = await api.vault.keys.bootstrap('other');
    const body = { ids: [id, ABSENT], fields: ['city'], reason: 'x' };
    const { json } = await api.call('POST', DECRYPT, { body, token });
    expect(codes(json.results)).toEqual(['not_found', 'not_found']);
  });
});

test('failures of what is behind are results, with the seconds to wait', async () => {
  const id = await api.create({ city: 'Rome' });
  const body = { ids: [id], fields: ['city'], reason: 'x' };
  api.enclave.change = () => ({ error: 'rate_limited' });
  const limited = (await api.call('POST', DECRYPT, { body })).json.results[0];
  api.enclave.change = undefined;
  api.enclave.failure = new EnclaveClientError('unavailable');
  const unavailable = (await api.call('POST', DECRYPT, { body })).json.results[0];
  api.enclave.failure = undefined;
  expect(limited).toMatchObject({ id, error: { code: 'decryptions_limited', retry_after: 10 } });
  expect(unavailable.error).toMatchObject({ code: 'enclave_unavailable', retry_after: 1 });
  const [failed] = await audit(id);
  expect(failed).toMatchObject({ event: 'DecryptVault', result: 'failed' });
});

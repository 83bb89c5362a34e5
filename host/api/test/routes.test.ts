// SPDX-License-Identifier: Apache-2.0
import { EnclaveClientError } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, secretOf, startApi } from './harness.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const ADA = { email: 'ada@example.com', first_name: ' Ada ', dob: '1990-12-10', ssn9: '078051120' };

describe('create', () => {
  test('answers 201 with id, Location and ETag', async () => {
    const { status, json, headers } = await api.call('POST', '/v1/vaults', { body: ADA });
    expect(status).toBe(201);
    expect(json).toEqual({ id: expect.stringMatching(/^v_[0-9A-Z]{26}$/) });
    expect(headers).toMatchObject({ location: `/v1/vaults/${json.id}`, etag: '"1"' });
  });

  test('takes an empty record', async () => {
    expect((await api.call('POST', '/v1/vaults', { body: {} })).status).toBe(201);
  });

  test('names every bad member and repeats no value', async () => {
    const body = { email: 'marked-value', dob: '2023-02-30', ssn9: null, nickname: 'marked-value', city: 7 };
    const { status, json, text } = await api.call('POST', '/v1/vaults', { body });
    expect(status).toBe(422);
    expect(
      json.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`).sort(),
    ).toEqual(['/city type', '/dob format', '/email format', '/nickname unknown_field', '/ssn9 null']);
    expect(text).not.toContain('marked-value');
  });

  test('a repeat under the same idempotency key gets the first answer; another body is refused', async () => {
    const headers = { 'idempotency-key': 'create-1' };
    const first = await api.call('POST', '/v1/vaults', { body: ADA, headers });
    const again = await api.call('POST', '/v1/vaults', { body: ADA, headers });
    expect(again).toMatchObject({ status: 201, json: first.json });
    const other = await api.call('POST', '/v1/vaults', { body: { city: 'Rome' }, headers });
    expect(other).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } });
  });
});

describe('presence', () => {
  test('says which fields hold a value, never the value', async () => {
    const id = await api.create(ADA);
    const all = await api.call('GET', `/v1/vaults/${id}`);
    expect(all).toMatchObject({ status: 200, headers: { etag: '"1"' } });
    expect(all.json).toMatchObject({ email: true, ssn4: true, city: false });
    expect(all.text).not.toContain('Ada');
    const two = await api.call('GET', `/v1/vaults/${id}?fields=city,dob`);
    expect(two.text).toBe('{"city":false,"dob":true}');
  });

  test.each([
    ['fields=', 'fields format'],
    ['fields=nope', '/fields/0 unknown_field'],
    ['fields=email,email', '/fields/1 repeated'],
    ['fields=email&fields=dob', 'fields type'],
    ['field=email', 'field unknown'],
    ['__proto__=x', '__proto__ unknown'],
  ])('refuses ?%s', async (query, expected) => {
    const id = await api.create({});
    const { status, json } = await api.call('GET', `/v1/vaults/${id}?${query}`);
    expect(status).toBe(422);
    const [path, code] = expected.split(' ');
    expect(json.errors).toEqual([expect.objectContaining({ path, code })]);
  });

  test('HEAD is GET without its body', async () => {
    const id = await api.create(ADA);
    const { status, text, headers } = await api.call('HEAD', `/v1/vaults/${id}`);
    expect([status, text, headers.etag]).toEqual([200, '', '"1"']);
  });
});

describe('update', () => {
  test('sets fields and answers with the new ETag', async () => {
    const id = await api.create(ADA);
    const { status, text, headers } = await api.call('PATCH', `/v1/vaults/${id}`, {
      body: { city: 'London' },
    });
    expect([status, text, headers.etag]).toEqual([200, '{}', '"2"']);
    expect((await api.call('GET', `/v1/vaults/${id}?fields=city`)).json).toEqual({ city: true });
  });

  test.each([
    ['"1"', 200],
    ['"7", "1"', 200],
    ['*', 200],
    ['"2"', 412],
    ['W/"1"', 412],
    ['1', 400],
  ])('If-Match %s gives %i', async (etag, expected) => {
    const id = await api.create(ADA);
    const headers = { 'if-match': etag };
    expect((await api.call('PATCH', `/v1/vaults/${id}`, { body: { city: 'x' }, headers })).status).toBe(
      expected,
    );
  });

  test('an empty body and an empty object are refused', async () => {
    const id = await api.create(ADA);
    expect((await api.call('PATCH', `/v1/vaults/${id}`)).json.code).toBe('body_required');
    expect((await api.call('PATCH', `/v1/vaults/${id}`, { body: '' })).json.code).toBe('body_required');
    expect((await api.call('PATCH', `/v1/vaults/${id}`, { body: {} })).json.code).toBe('invalid');
    expect((await api.call('PATCH', `/v1/vaults/${id}`, { body: 'null' })).json.errors[0].code).toBe('null');
  });
});

describe('delete', () => {
  test.each([
    ['body', { body: { fields: ['ssn9', 'ssn4'] } }, ''],
    ['query', {}, '?fields=ssn9,ssn4'],
  ])('removes fields named in the %s', async (_where, options, query) => {
    const id = await api.create(ADA);
    const { status, text, headers } = await api.call('DELETE', `/v1/vaults/${id}${query}`, options);
    expect([status, text, headers.etag]).toEqual([200, '{}', '"2"']);
    expect((await api.call('GET', `/v1/vaults/${id}?fields=ssn9,email`)).text).toBe(
      '{"ssn9":false,"email":true}',
    );
  });

  test.each([
    ['body', { body: { delete_all: true } }, ''],
    ['query', {}, '?delete_all=true'],
  ])(
    'deletes the whole vault by the %s: 404 afterwards, and its log stays',
    async (_where, options, query) => {
      const id = await api.create(ADA);
      expect((await api.call('DELETE', `/v1/vaults/${id}${query}`, options)).text).toBe('{}');
      expect((await api.call('GET', `/v1/vaults/${id}`)).json.code).toBe('not_found');
      const { json } = await api.call('GET', `/v1/vaults/${id}/audit`);
      expect(json.entries[0].event).toBe('DeleteVault');
    },
  );

  test.each<[string, string, { body?: unknown; headers?: Record<string, string> }, string]>([
    ['nothing', '', {}, '422 /fields required'],
    ['an empty object', '', { body: {} }, '422  empty'],
    ['both forms', '?fields=dob', { body: { delete_all: true } }, '422  repeated'],
    ['both members', '', { body: { fields: ['dob'], delete_all: true } }, '422  too_many'],
    ['false', '', { body: { delete_all: false } }, '422 /delete_all format'],
    ['?delete_all=false', '?delete_all=false', {}, '422 delete_all format'],
    ['no names', '', { body: { fields: [] } }, '422 /fields empty'],
    ['an unknown member', '', { body: { all: true } }, '422 /all unknown'],
  ])('%s deletes nothing', async (_what, query, options, expected) => {
    const id = await api.create(ADA);
    const { status, json } = await api.call('DELETE', `/v1/vaults/${id}${query}`, options);
    expect(`${status} ${json.errors[0].path} ${json.errors[0].code}`).toBe(expected);
    expect((await api.call('GET', `/v1/vaults/${id}?fields=dob`)).json).toEqual({ dob: true });
  });

  test('If-Match is honoured for fields and for the whole vault', async () => {
    const id = await api.create(ADA);
    const headers = { 'if-match': '"9"' };
    expect((await api.call('DELETE', `/v1/vaults/${id}?fields=dob`, { headers })).status).toBe(412);
    const whole = `/v1/vaults/${id}?delete_all=true`;
    expect((await api.call('DELETE', whole, { headers })).status).toBe(412);
    expect((await api.call('GET', `/v1/vaults/${id}?fields=dob`)).json).toEqual({ dob: true });
    expect((await api.call('DELETE', whole, { headers: { 'if-match': '"1"' } })).status).toBe(200);
  });
});

describe('decrypt', () => {
  test('reveals fields, then results, in the order they were asked for', async () => {
    const id = await api.create(ADA);
    const body = {
      fields: ['ssn4', 'first_name', 'city'],
      reason: 'a test',
      expressions: { born: 'dob', adult: { registered: 'over_18' }, both: 'born + " " + string(adult)' },
    };
    const { status, text } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body });
    expect(status).toBe(200);
    expect(text).toBe(
      '{"data":{"ssn4":"1120","first_name":"Ada","city":null,"born":"1990-12-10","adult":true,"both":"1990-12-10 true"}}',
    );
  });

  test('counts each result, good or by the code of its error, and nothing else', async () => {
    const figures = async (): Promise<Record<string, number>> => {
      const { text } = await api.call('GET', '/metrics', { token: null });
      const lines = [...text.matchAll(/^enclave_vault_decrypt_results_total\{result="(\w+)"\} (\d+)$/gm)];
      return Object.fromEntries(lines.map(([, result = '', count]) => [result, Number(count)]));
    };
    const before = await figures();
    const id = await api.create(ADA);
    const body = {
      fields: ['ssn4', 'city'],
      reason: 'a test',
      expressions: { born: 'dob', bad: 'int(first_name)', worse: '((' },
    };
    await api.call('POST', `/v1/vaults/${id}/decrypt`, { body });
    const after = await figures();
    const added = Object.entries(after).map(([result, count]) => [result, count - (before[result] ?? 0)]);
    expect(Object.fromEntries(added)).toMatchObject({ ok: 3, expression_failed: 1, expression_invalid: 1 });
  });

  test('an expression that fails is an error of its own, with nothing of the value', async () => {
    const id = await api.create(ADA);
    const body = { reason: 'a test', expressions: { bad: 'int(first_name)', worse: '((' } };
    const { status, json, text } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body });
    expect(status).toBe(200);
    expect(json.data).toEqual({});
    expect(json.errors.map(({ name, code }: { name: string; code: string }) => `${name} ${code}`)).toEqual([
      'bad expression_failed',
      'worse expression_invalid',
    ]);
    expect(text).not.toContain('Ada');
  });

  test.each<[string, unknown, string]>([
    ['no reason', { fields: ['dob'] }, '/reason required'],
    ['a reason of spaces', { fields: ['dob'], reason: '  ' }, '/reason format'],
    ['a long reason', { fields: ['dob'], reason: 'x'.repeat(257) }, '/reason too_long'],
    ['nothing to do', { reason: 'x' }, '/fields empty'],
    ['an unknown field', { fields: ['nope'], reason: 'x' }, '/fields/0 unknown_field'],
    ['a field twice', { fields: ['dob', 'dob'], reason: 'x' }, '/fields/1 repeated'],
    ['an unknown purpose', { fields: ['dob'], reason: 'x', purpose: 'nope' }, '/purpose unknown_purpose'],
    ["a field's name", { reason: 'x', expressions: { dob: '1' } }, '/expressions/dob reserved_name'],
    [
      'an unregistered one',
      { reason: 'x', expressions: { a: { registered: 'nope' } } },
      '/expressions/a/registered unknown_expression',
    ],
    ['a bad name', { reason: 'x', expressions: { 'A b': '1' } }, '/expressions name'],
    ['a number for CEL', { reason: 'x', expressions: { a: 1 } }, '/expressions/a type'],
    [
      'a long expression',
      { reason: 'x', expressions: { a: `"${'x'.repeat(10_240)}"` } },
      '/expressions/a too_long',
    ],
    ['too many', { reason: 'x', fields: Array(101).fill('dob') }, '/fields too_many, /fields/100 repeated'],
    ['unknown members', { reason: 'x', fields: ['dob'], debug: true }, '/debug unknown'],
  ])('refuses %s', async (_what, body, expected) => {
    const id = await api.create(ADA);
    const { status, json } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body });
    expect(status).toBe(422);
    expect(json.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)).toEqual([
      ...expected.split(', '),
    ]);
  });

  test.each([
    ['not_trusted', 'enclave_not_trusted', '1'],
    ['unavailable', 'enclave_unavailable', '4'],
    ['busy', 'busy', '2'],
    ['timed_out', 'timed_out', '1'],
  ] as const)('an enclave that is %s is 503 %s', async (cause, code, retryAfter) => {
    const id = await api.create(ADA);
    api.enclave.failure = new EnclaveClientError(cause, cause, cause === 'unavailable' ? 4 : undefined);
    const body = { fields: ['dob'], reason: 'x' };
    const { status, json, headers } = await api.call('POST', `/v1/vaults/${id}/decrypt`, { body });
    api.enclave.failure = undefined;
    expect([status, json.code, headers['retry-after']]).toEqual([503, code, retryAfter]);
  });
});

describe('audit', () => {
  test('gives the newest first, in pages', async () => {
    const id = await api.create(ADA);
    await api.call('PATCH', `/v1/vaults/${id}`, { body: { city: 'London' } });
    await api.call('POST', `/v1/vaults/${id}/decrypt`, { body: { fields: ['dob'], reason: 'why' } });
    const first = await api.call('GET', `/v1/vaults/${id}/audit?limit=2`);
    expect(first.json.entries.map(({ n, event }: { n: number; event: string }) => `${n} ${event}`)).toEqual([
      '3 DecryptVault',
      '2 UpdateVault',
    ]);
    expect(first.json.entries[0]).toMatchObject({
      reason: 'why',
      fields: ['dob'],
      result: 'ok',
      purpose: 'general',
    });
    const rest = await api.call('GET', `/v1/vaults/${id}/audit?limit=2&cursor=${first.json.next}`);
    expect(rest.json).toMatchObject({ entries: [{ n: 1, event: 'CreateVault' }], next: null });
  });

  test.each(['limit=0', 'limit=501', 'limit=x', 'limit=-1', 'limit=1.5', 'cursor=x', 'limit=', 'page=2'])(
    'refuses ?%s',
    async (query) => {
      const id = await api.create({});
      expect((await api.call('GET', `/v1/vaults/${id}/audit?${query}`)).status).toBe(422);
    },
  );
});

describe('keys', () => {
  test('are created, used, listed without secret, and revoked', async () => {
    const expires = '2099-01-01T00:00:00.000001Z';
    const body = {
      scopes: ['vaults:read'],
      fields: ['email'],
      purposes: ['general'],
      derive_only: true,
      expires,
    };
    const made = await api.call('POST', '/v1/keys', { body });
    expect(made).toMatchObject({ status: 201, json: { token: expect.stringMatching(/^evk_/) } });
    const { id, token } = made.json;
    const list = await api.call('GET', '/v1/keys?limit=100');
    const { scopes: _s, ...rest } = body;
    expect(list.json.keys.find((key: { id: string }) => key.id === id)).toMatchObject({
      ...rest,
      revoked: null,
    });
    expect(list.text).not.toContain(secretOf(token));
    const vault = await api.create(ADA);
    expect((await api.call('GET', `/v1/vaults/${vault}?fields=email`, { token })).status).toBe(200);
    expect((await api.call('GET', `/v1/vaults/${vault}?fields=dob`, { token })).json.code).toBe(
      'field_not_allowed',
    );
    expect((await api.call('DELETE', `/v1/keys/${id}`)).text).toBe('{}');
    expect((await api.call('GET', `/v1/vaults/${vault}?fields=email`, { token })).status).toBe(401);
    expect((await api.call('DELETE', '/v1/keys/nothing')).json.code).toBe('key_not_found');
  });

  test.each<[string, unknown, string]>([
    ['no scope', { scopes: [] }, '/scopes empty'],
    ['none at all', {}, '/scopes required'],
    ['an unknown scope', { scopes: ['root'] }, '/scopes/0 unknown_scope'],
    ['a past end', { scopes: ['vaults:read'], expires: '2001-01-01T00:00:00Z' }, '/expires range'],
    ['no time', { scopes: ['vaults:read'], expires: 'soon' }, '/expires format'],
    ['a misspelt narrowing', { scopes: ['vaults:read'], deriveOnly: true }, '/deriveOnly unknown'],
  ])('refuses %s', async (_what, body, expected) => {
    const { status, json } = await api.call('POST', '/v1/keys', { body });
    expect([status, `${json.errors?.[0].path} ${json.errors?.[0].code}`]).toEqual([422, expected]);
  });

  test('have no idempotency key, since the token cannot be shown again', async () => {
    const headers = { 'idempotency-key': 'k' };
    const { json } = await api.call('POST', '/v1/keys', { body: { scopes: ['vaults:read'] }, headers });
    expect(json.code).toBe('header_invalid');
  });

  test('grant at most the rights of their creator', async () => {
    const token = await api.key({ scopes: ['keys:admin', 'vaults:read'], derive_only: true });
    const { json } = await api.call('POST', '/v1/keys', { body: { scopes: ['vaults:decrypt'] }, token });
    expect(json.code).toBe('exceeds_own_rights');
  });
});

describe('attestation', () => {
  test('gives the document for the nonce', async () => {
    const nonce = Buffer.alloc(16, 0xfb);
    for (const text of [nonce.toString('base64url'), encodeURIComponent(nonce.toString('base64'))]) {
      const { status, json } = await api.call('GET', `/v1/attestation?nonce=${text}`);
      expect(status).toBe(200);
      expect(Buffer.from(json.document, 'base64').subarray(-16)).toEqual(nonce);
    }
  });

  test.each([
    '',
    '?nonce=',
    '?nonce=short',
    `?nonce=${'A'.repeat(87)}`,
    '?nonce=%00%00%00%00%00%00%00%00%00%00%00',
  ])('refuses %j', async (query) =>
    expect((await api.call('GET', `/v1/attestation${query}`)).status).toBe(422),
  );
});

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Lambda, startLambda } from './harness.ts';

const FIELDS = { email: 'ada@example.com', dob: '1990-12-10', first_name: 'Ädä 名前' };
const PROBLEM = 'application/problem+json; charset=utf-8';

let lambda: Lambda;
let id: string;

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  lambda = await startLambda();
  const { json } = await lambda.call('POST', '/v1/vaults', { json: FIELDS });
  id = json.id;
});
afterAll(async () => {
  await lambda.stop();
  vi.restoreAllMocks();
});

describe('routes', () => {
  test('a record lives its life', async () => {
    const created = await lambda.call('POST', '/v1/vaults', {
      json: FIELDS,
      headers: { 'Idempotency-Key': 'one' },
    });
    expect([created.status, created.headers.location]).toEqual([201, `/v1/vaults/${created.json.id}`]);
    const again = await lambda.call('POST', '/v1/vaults', {
      json: FIELDS,
      headers: { 'Idempotency-Key': 'one' },
    });
    expect(again.json).toEqual(created.json);

    const path = created.headers.location ?? '';
    const presence = await lambda.call('GET', `${path}?fields=email,city`);
    expect([presence.status, presence.json]).toEqual([200, { email: true, city: false }]);
    const { etag = '' } = presence.headers;
    const updated = await lambda.call('PATCH', path, {
      json: { city: 'Rome' },
      headers: { 'If-Match': etag },
    });
    expect([updated.status, updated.json]).toEqual([200, {}]);
    const stale = await lambda.call('PATCH', path, { json: { city: 'Bern' }, headers: { 'If-Match': etag } });
    expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed']);

    const decrypted = await lambda.call('POST', `${path}/decrypt`, {
      json: {
        fields: ['email', 'city', 'first_name'],
        reason: 'a test',
        expressions: { upper: 'first_name.to_uppercase()' },
      },
    });
    expect([decrypted.status, decrypted.json]).toEqual([
      200,
      { data: { email: FIELDS.email, city: 'Rome', first_name: FIELDS.first_name, upper: 'ÄDÄ 名前' } },
    ]);

    const audit = await lambda.call('GET', `${path}/audit?limit=2`);
    expect(audit.json.entries.map(({ event }: { event: string }) => event)).toEqual([
      'DecryptVault',
      'UpdateVault',
    ]);
    expect(audit.json.entries[0].request_id).toBe(decrypted.event.requestContext.requestId);

    expect((await lambda.call('DELETE', `${path}?fields=city`)).status).toBe(200);
    expect((await lambda.call('DELETE', path, { json: { fields: ['dob'] } })).status).toBe(200);
    expect((await lambda.call('DELETE', path, { json: { delete_all: true } })).status).toBe(200);
    expect((await lambda.call('GET', path)).json.code).toBe('not_found');
  });

  test('keys', async () => {
    const made = await lambda.call('POST', '/v1/keys', {
      json: { scopes: ['vaults:read'], fields: ['email'] },
    });
    expect(made.status).toBe(201);
    const { token } = made.json;
    const narrow = await lambda.call('GET', `/v1/vaults/${id}`, { token });
    expect(narrow.json).toEqual({ email: true });
    const denied = await lambda.call('GET', `/v1/vaults/${id}?fields=dob`, { token });
    expect([denied.status, denied.json.code]).toEqual([403, 'field_not_allowed']);
    expect((await lambda.call('GET', '/v1/keys?limit=1')).json.keys).toHaveLength(1);
    expect((await lambda.call('DELETE', `/v1/keys/${made.json.id}`)).status).toBe(200);
    expect((await lambda.call('GET', `/v1/vaults/${id}`, { token })).status).toBe(401);
  });

  test('attestation, health, metrics and the document', async () => {
    const nonce = Buffer.alloc(16, 0xfb).toString('base64');
    const attested = await lambda.call('GET', `/v1/attestation?nonce=${encodeURIComponent(nonce)}`);
    expect(attested.status).toBe(200);
    expect((await lambda.call('GET', '/health', { token: null })).json.status).toBe('ok');
    const metrics = await lambda.call('GET', '/metrics', { token: null });
    expect(metrics.text).toContain('route="/v1/attestation"');
    expect((await lambda.call('GET', '/v1/openapi.json', { token: null })).json.openapi).toBe('3.1.0');
    expect((await lambda.call('GET', '/v1/swagger', { token: null })).status).toBe(404);
  });
});

describe('answers', () => {
  test('carry the headers of every response, and none of the connection', async () => {
    const { answer, event, headers } = await lambda.call('GET', `/v1/vaults/${id}`);
    expect(headers).toMatchObject({
      'cache-control': 'no-cache, no-store, must-revalidate',
      'x-content-type-options': 'nosniff',
      'x-request-id': event.requestContext.requestId,
    });
    for (const name of ['connection', 'content-length', 'date', 'transfer-encoding']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(answer.isBase64Encoded).toBe(false);
    expect(answer).not.toHaveProperty('headers');
  });

  test('HEAD has no body', async () => {
    const { status, text } = await lambda.call('HEAD', '/health', { token: null });
    expect([status, text]).toEqual([200, '']);
  });

  test.each<[number, string, string, string, object]>([
    [
      400,
      'json_invalid',
      'POST',
      '/v1/vaults',
      { body: '{', headers: { 'Content-Type': 'application/json' } },
    ],
    [
      400,
      'json_duplicate_name',
      'POST',
      '/v1/vaults',
      { body: '{"a":1,"a":2}', headers: { 'Content-Type': 'application/json' } },
    ],
    [400, 'body_required', 'POST', '/v1/vaults', {}],
    [400, 'body_required', 'POST', '/v1/vaults', { headers: { 'Content-Type': 'application/json' } }],
    [
      400,
      'body_required',
      'POST',
      '/v1/vaults',
      { body: '', headers: { 'Content-Type': 'application/json' } },
    ],
    [
      400,
      'header_repeated',
      'GET',
      '/v1/keys',
      { token: null, headers: { Authorization: ['Bearer a', 'Bearer b'] } },
    ],
    [
      400,
      'header_repeated',
      'GET',
      '/v1/keys',
      { token: null, headers: { Authorization: 'Bearer a', authorization: 'Bearer b' } },
    ],
    [400, 'header_repeated', 'POST', '/v1/vaults', { json: {}, headers: { 'Idempotency-Key': ['a', 'b'] } }],
    [
      400,
      'header_invalid',
      'POST',
      '/v1/keys',
      { json: { scopes: ['vaults:read'] }, headers: { 'idempotency-key': 'a' } },
    ],
    [401, 'unauthenticated', 'GET', '/v1/keys', { token: null }],
    [401, 'unauthenticated', 'GET', '/v1/keys', { token: 'evk_01HV1XW70Q03PHK892JFQAY0Z5_x' }],
    [
      401,
      'unauthenticated',
      'GET',
      '/v1/keys',
      { token: null, headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=AKIA' } },
    ],
    [404, 'not_found', 'GET', '/v1/vaults/v_01HV1XW70Q03PHK892JFQAY0Z5', {}],
    [404, 'route_not_found', 'GET', '/v2/vaults', {}],
    [404, 'route_not_found', 'GET', '/prod/v1/keys', {}],
    [405, 'method_not_allowed', 'PUT', '/v1/vaults', {}],
    [405, 'method_not_allowed', 'PURGE', '/v1/vaults', {}],
    [413, 'body_too_large', 'POST', '/v1/vaults', { json: { email: 'x'.repeat(1024 * 1024) } }],
    [
      415,
      'media_type_unsupported',
      'POST',
      '/v1/vaults',
      { body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    ],
    [422, 'invalid', 'POST', '/v1/vaults', { json: { ssn9: 'marked' } }],
    [422, 'invalid', 'GET', '/v1/keys?limit=0', {}],
    [422, 'invalid', 'GET', '/v1/keys?limit=1&limit=2', {}],
    [422, 'invalid', 'GET', '/v1/keys?unknown=1', {}],
  ])('%i %s to %s %s', async (status, code, method, target, options) => {
    const found = await lambda.call(method, target, options);
    expect([found.status, found.json.code]).toEqual([status, code]);
    expect(found.headers['content-type']).toBe(PROBLEM);
    expect(found.json.request_id).toBe(found.event.requestContext.requestId);
    expect(found.text).not.toContain('marked');
    if (status === 401) expect(found.headers['www-authenticate']).toMatch(/^Bearer/);
    if (status === 405) expect(found.headers.allow).toBe('POST');
  });
});

describe('bodies', () => {
  const type = { 'Content-Type': 'application/json' };
  const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64');

  test('arrive as text or in base64', async () => {
    const text = JSON.stringify({ first_name: 'Zoë 😀' });
    for (const [body, isBase64Encoded] of [
      [text, false],
      [base64(text), true],
    ] as const) {
      const made = await lambda.call('POST', '/v1/vaults', { body, isBase64Encoded, headers: type });
      const path = `/v1/vaults/${made.json.id}/decrypt`;
      const { json } = await lambda.call('POST', path, {
        json: { fields: ['first_name'], reason: 'a test' },
      });
      expect(json.data).toEqual({ first_name: 'Zoë 😀' });
    }
  });

  test.each<[string, string, string, boolean]>([
    ['bytes that are no UTF-8', 'json_not_utf8', base64(Buffer.from([0x22, 0xff, 0x22])), true],
    ['what is no base64', 'event_invalid', 'not base64!', true],
    [
      'base64url',
      'event_invalid',
      base64(Buffer.from([0xfb, 0xff, 0xfe]))
        .replaceAll('/', '_')
        .replaceAll('+', '-'),
      true,
    ],
    ['base64 without padding', 'event_invalid', base64('{}').replace('=', ''), true],
    ['half a character', 'event_invalid', '"\ud800"', false],
    ['JSON twice encoded', 'json_invalid', base64(base64('{}')), true],
  ])('%s is refused: %s', async (_what, code, body, isBase64Encoded) => {
    const { status, json } = await lambda.call('POST', '/v1/vaults', {
      body,
      isBase64Encoded,
      headers: type,
    });
    expect([status, json.code]).toEqual([400, code]);
  });

  test('a length that the caller says means nothing', async () => {
    for (const headers of [{ 'Content-Length': '1' }, { 'Transfer-Encoding': 'chunked' }]) {
      const { status } = await lambda.call('POST', '/v1/vaults', { json: {}, headers });
      expect(status).toBe(201);
    }
  });

  test('random bytes never break it', async () => {
    for (let n = 0; n < 50; n += 1) {
      const body = base64(randomBytes(n * 7));
      const { status } = await lambda.call('POST', '/v1/vaults', {
        body,
        isBase64Encoded: true,
        headers: type,
      });
      expect([400, 422]).toContain(status);
    }
  });
});

describe('paths', () => {
  test.each([
    [`/v1/vaults/${'%20'}`, 404],
    ['/v1/vaults/a b', 404],
    ['/v1/vaults/ü', 404],
    ['/v1/vaults/%C3%BC', 404],
    ['/v1/vaults/%', 404],
    ['/v1/vaults/%zz', 404],
    ['/v1/vaults/😀/audit', 404],
    ['/v1/vaults/a%2Fb', 404],
    ['/v1/../health', 400],
    ['/v1/%2e%2E/health', 400],
    ['/./health', 400],
    ['//health', 404],
    ['health', 400],
    ['', 400],
    ['/\\health', 404],
    ['/health#x', 404],
    ['/\ud800', 400],
  ])('%j is answered with %i', async (path, status) => {
    const found = await lambda.call('GET', '/', { more: { path } });
    expect([found.status, found.text.includes('"parts"')]).toEqual([status, false]);
  });

  test('a question mark of a decoded path begins no query', async () => {
    const path = `/v1/vaults/${id}?delete_all=true`;
    const { status } = await lambda.call('DELETE', '/', { more: { path } });
    expect(status).toBe(422);
    expect((await lambda.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
  });

  test('values of a query stay what they are', async () => {
    const multiValueQueryStringParameters = { fields: ['email&delete_all=true'] };
    const query = { queryStringParameters: { fields: 'email' }, multiValueQueryStringParameters };
    const { status, json } = await lambda.call('DELETE', `/v1/vaults/${id}`, { more: query });
    expect([status, json.code]).toEqual([422, 'invalid']);
    expect((await lambda.call('GET', `/v1/vaults/${id}?fields=email`)).json).toEqual({ email: true });
  });

  test('a mapping’s prefix is taken off, whole or not at all; other stages are not answered for', async () => {
    const mapped = await startLambda({ gateway: { basePath: '/vault/prod', stages: ['prod'] } });
    const status = async (path: string, stage = 'prod') => {
      const { answer, json } = await mapped.call('GET', '/', { token: null, stage, more: { path } });
      return answer.statusCode === 421 ? json.code : answer.statusCode;
    };
    expect(await status('/vault/prod/health')).toBe(200);
    expect(await status('/health')).toBe(200);
    expect(await status('/vault/production/health')).toBe(404);
    expect(await status('/vault/prod')).toBe(404);
    expect(await status('/health', 'test-invoke-stage')).toBe('stage_not_served');
    await mapped.stop();
  });
});

describe('request ids', () => {
  test('one that the caller put in place of the gateway’s is not kept', async () => {
    const { status, headers, json } = await lambda.call('GET', '/v1/vaults/x', {
      context: { requestId: 'ssn 219-09-9999' },
    });
    expect(status).toBe(404);
    expect(headers['x-request-id']).toMatch(/^req_[0-9a-f-]{36}$/);
    expect(json.request_id).toBe(headers['x-request-id']);
  });
});

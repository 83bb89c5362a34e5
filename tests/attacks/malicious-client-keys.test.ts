// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { SCOPES, type Scope } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  comparable,
  expectNothingOf,
  expectRefused,
  FIELDS,
  KeyHolders,
  REASON,
  type Rights,
} from '../support/key-holders.ts';

/**
 * Actor: malicious client
 * Has: the port of the API, and keys that were given little: of one scope, narrowed to fields or purposes, derive-only, ended.
 * Wants: more than he was given; what others have; the service to stop for others; lines of his own in a log.
 * Cannot: get more than his key grants, whatever he sends, or learn from an answer what he was not given; hold up others by bodies,
 *   connections or expressions.
 * Remains: who has more bandwidth wins. What registered expressions say is learned by who may run them, and a key that writes a field
 *   may try it out by them.
 */

let all: KeyHolders;
beforeAll(async () => {
  all = await KeyHolders.start();
});
afterAll(() => all.end());

const run = (key: string, source: string) => all.decrypt(key, { fields: [], expressions: { x: source } });

describe('a key of one scope', () => {
  const CALLS: readonly [Scope, string, () => string, unknown?][] = [
    ['vaults:create', 'POST', () => '/v1/vaults', { city: 'Graz' }],
    ['vaults:read', 'GET', () => `/v1/vaults/${all.id}`],
    ['vaults:read', 'GET', () => `/v1/vaults/${all.id}?fields=email`],
    ['vaults:update', 'PATCH', () => `/v1/vaults/${all.id}`, { state: 'AB' }],
    ['vaults:delete', 'DELETE', () => `/v1/vaults/${all.id}?fields=state`],
    ['vaults:delete', 'DELETE', () => `/v1/vaults/${all.id}`, { fields: ['state'] }],
    ['vaults:decrypt', 'POST', () => `/v1/vaults/${all.id}/decrypt`, { fields: ['state'], reason: REASON }],
    ['audit:read', 'GET', () => `/v1/vaults/${all.id}/audit`],
    ['keys:admin', 'GET', () => '/v1/keys'],
    ['keys:admin', 'POST', () => '/v1/keys', { scopes: ['keys:admin'] }],
    ['keys:admin', 'DELETE', () => '/v1/keys/01KASPQ4Z7C3V3R8N4W8Q0W3XH'],
  ];

  it.each(SCOPES)('%s does that and nothing else', async (scope) => {
    const key = await all.keyWith({ scopes: [scope] });
    for (const [needed, method, path, body] of CALLS) {
      const answer = await all.vault.call(method, path(), body, { key });
      if (needed === scope) expect([200, 201, 404]).toContain(answer.status);
      else expectRefused(answer, 403, 'scope_missing');
    }
    if (scope !== 'vaults:delete')
      expectRefused(
        await all.vault.call('DELETE', `/v1/vaults/${all.id}?delete_all=true`, undefined, { key }),
        403,
        'scope_missing',
      );
  });
});

describe('a derive-only key', () => {
  it('gets results of registered expressions', async () => {
    const key = await all.keyWith({ derive_only: true });
    const expressions = { years: { registered: 'years' }, adult: { registered: 'over_18' } };
    const { json } = await all.decrypt(key, { expressions });
    expect(json.data).toEqual({ years: expect.any(Number), adult: true });
  });

  it.each<[string, object]>([
    ['a field', { fields: ['city'] }],
    ['a field beside one', { fields: ['city'], expressions: { a: { registered: 'over_18' } } }],
    ['an expression of its own', { expressions: { a: 'dob' } }],
    ['one beside a registered one', { expressions: { a: { registered: 'over_18' }, b: 'a' } }],
    ['the text of a registered one', { expressions: { a: 'date(dob).age() >= 18' } }],
    ['the name of a registered one as text', { expressions: { a: 'over_18' } }],
    ['a constant', { expressions: { a: '1' } }],
  ])('does not get %s', async (_, body) => {
    const key = await all.keyWith({ derive_only: true });
    expectRefused(await all.decrypt(key, { fields: [], ...body }), 403, 'derive_only');
  });

  it.each([
    'dob',
    'record',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'over_18 || true',
    'over_18\0',
  ])('knows no registered expression %j', async (registered) => {
    const key = await all.keyWith({ derive_only: true });
    expectRefused(await all.decrypt(key, { expressions: { a: { registered } } }), 422, 'invalid');
  });

  it.each(['dob', 'record', 'string', 'int'])('cannot call a result %s', async (name) => {
    const key = await all.keyWith({ derive_only: true });
    expectRefused(
      await all.decrypt(key, { expressions: { [name]: { registered: 'over_18' } } }),
      422,
      'invalid',
    );
  });

  it('learns no value from one that fails on it', async () => {
    const key = await all.keyWith({ derive_only: true });
    const expressions = {
      broken: { registered: 'broken' },
      broken_too: { registered: 'broken_too' },
    };
    const answer = await all.decrypt(key, { expressions });
    expect(answer.json.data).toEqual({});
    expect((answer.json.errors as unknown as { code: string }[]).map(({ code }) => code)).toEqual(
      Array(2).fill('expression_failed'),
    );
    expectNothingOf(answer, 'last_name', 'city', 'dob');
  });
});

describe('a key narrowed to fields', () => {
  const NARROW: Rights = { scopes: SCOPES, fields: ['email', 'ssn9'] };
  let key: string;
  beforeAll(async () => {
    key = await all.keyWith(NARROW);
  });

  it('gets them', async () => {
    expect((await all.decrypt(key, { fields: ['email'] })).json.data).toEqual({ email: FIELDS.email });
    expect((await run(key, 'record.email + ssn9')).json.data).toEqual({ x: FIELDS.email + FIELDS.ssn9 });
    const { json } = await all.vault.call('GET', `/v1/vaults/${all.id}`, undefined, { key });
    expect(json).toEqual({ email: true, ssn9: true });
  });

  it.each([
    ...['dob', 'string(dob)', 'dob == null', 'dob.size()', 'type(dob)', 'dyn(dob)', 'max(1, size(dob))'],
    ...['.dob', '[1].map(x, dob)', '[1].all(x, dob == "")', '[dob][0]', '{"a": dob}.a'],
    ...['true ? 1 : dob', 'false && dob == ""', 'true || dob == ""', 'email + ssn4', 'ssn4'],
    ...['record', 'size(record)', 'record == record', 'record.dob', 'record["dob"]', 'record["do" + "b"]'],
    ...[
      'has(record.dob)',
      '"dob" in record',
      '"do" + "b" in record',
      'record.map(k, k)',
      'record.map(k, record[k])',
    ],
    ...[
      'record.exists(k, record[k] == "1971-03-05")',
      '[record].map(r, r.dob)',
      '[record][0].dob',
      '{"r": record}.r.dob',
    ],
    ...['[1].map(x, record)', '(record).dob', '(true ? record : {}).dob', 'dyn(record).dob', 'record[email]'],
    ...[
      'string(record)',
      'record.filter(k, k != "")',
      '[[record]].map(x, x.map(y, y.dob))',
      'has((record).dob)',
    ],
  ])('computes nothing with others: %s', async (source) => {
    expectRefused(await run(key, source), 403, 'field_not_allowed');
  });

  it.each([
    ...['.record', '.record.dob', 'record.?dob', 'record[?"dob"]', '`dob`', 'record.`dob`'],
    ...['[1].map(record, .record)', '[1].map(dob, .dob)', '[1].map(record, .record.dob)'],
  ])('gets no other by writing %s', async (source) => {
    const answer = await run(key, source);
    expectNothingOf(answer, 'dob', 'city', 'first_name', 'last_name');
    if (answer.status !== 403)
      expect([undefined, [1]]).toContainEqual((answer.json.data as unknown as { x?: unknown }).x);
  });

  it('gets no other by a name that it binds itself', async () => {
    for (const source of [
      '[{"dob": 1}].map(record, record.dob)',
      '[1].map(dob, dob)',
      '[1].map(record, record)',
    ])
      expect((await run(key, source)).json.data).toEqual({ x: [1] });
  });

  it('gets no other by way of an earlier result', async () => {
    const chained = { first: 'email', second: '[first].map(record, record)', third: 'second[0] + dob' };
    expectRefused(await all.decrypt(key, { expressions: chained }), 403, 'field_not_allowed');
    const whole = { first: '[1]', second: 'first.map(x, record)' };
    expectRefused(await all.decrypt(key, { expressions: whole }), 403, 'field_not_allowed');
  });

  it.each(['over_18', 'years', 'held'])(
    'runs no registered expression over others: %s',
    async (registered) => {
      expectRefused(await all.decrypt(key, { expressions: { a: { registered } } }), 403, 'field_not_allowed');
    },
  );

  it.each([
    ['dob'],
    ['email', 'dob'],
    ['ssn4'],
    ['dob', 'dob'],
    ['DOB'],
    ['email,dob'],
    ['record'],
    ['_sk'],
    ['__proto__'],
  ])('has no part of a list revealed: %j %j', async (...fields: string[]) => {
    const answer = await all.decrypt(key, { fields });
    expectRefused(
      answer,
      answer.status === 403 ? 403 : 422,
      answer.status === 403 ? 'field_not_allowed' : 'invalid',
    );
  });

  it.each(['dob', 'email,dob', 'ssn4', '_sk', '', 'email,', '*', 'email&fields=dob'])(
    'is not told whether %j is there',
    async (fields) => {
      const answer = await all.vault.call('GET', `/v1/vaults/${all.id}?fields=${fields}`, undefined, { key });
      expect([403, 422]).toContain(answer.status);
      expect(answer.headers.get('etag')).toBeNull();
      expect(answer.text).not.toContain('true');
    },
  );

  it.each<[string, string, object | undefined]>([
    ['PATCH', '', { dob: '2000-01-01' }],
    ['PATCH', '', { email: 'a@example.org', dob: '2000-01-01' }],
    ['PATCH', '', { ssn4: '0000' }],
    ['PATCH', '', { ssn9: '123450000', ssn4: '0000' }],
    ['DELETE', '?fields=dob', undefined],
    ['DELETE', '?fields=email,dob', undefined],
    ['DELETE', '', { fields: ['ssn4'] }],
    ['DELETE', '', { fields: ['no_such_field'] }],
    ['DELETE', '?delete_all=true', undefined],
    ['DELETE', '', { delete_all: true }],
  ])('changes nothing beyond them: %s %s %j', async (method, query, body) => {
    const before = await all.vault.call('GET', `/v1/vaults/${all.id}`);
    expectRefused(
      await all.vault.call(method, `/v1/vaults/${all.id}${query}`, body, { key }),
      403,
      'field_not_allowed',
    );
    const after = await all.vault.call('GET', `/v1/vaults/${all.id}`);
    expect([after.headers.get('etag'), after.json]).toEqual([before.headers.get('etag'), before.json]);
  });

  it('creates nothing beyond them', async () => {
    const answer = await all.vault.call(
      'POST',
      '/v1/vaults',
      { email: 'a@example.org', dob: '2000-01-01' },
      { key },
    );
    expectRefused(answer, 403, 'field_not_allowed');
  });

  it('sets what is derived from its own, and only as it follows from it', async () => {
    const own = await all.create({ ssn9: '111223333', ssn4: '3333' });
    expect((await all.vault.call('PATCH', `/v1/vaults/${own}`, { ssn9: '111224444' }, { key })).status).toBe(
      200,
    );
    expect((await all.decrypt(all.vault.adminKey, { fields: ['ssn9', 'ssn4'] }, own)).json.data).toEqual({
      ssn9: '111224444',
      ssn4: '4444',
    });
    expectRefused(await all.decrypt(key, { fields: ['ssn4'] }, own), 403, 'field_not_allowed');
  });
});

describe('a key narrowed to purposes', () => {
  it.each<[unknown, number, string]>([
    [undefined, 403, 'purpose_not_allowed'],
    ['general', 403, 'purpose_not_allowed'],
    ['Billing', 422, 'invalid'],
    ['', 422, 'invalid'],
    [null, 422, 'invalid'],
    [['billing'], 422, 'invalid'],
  ])('does not read for %j', async (purpose, status, code) => {
    const key = await all.keyWith({ purposes: ['billing'] });
    expect((await all.decrypt(key, { fields: ['city'], purpose: 'billing' })).status).toBe(200);
    expectRefused(await all.decrypt(key, { fields: ['city'], purpose }), status, code);
  });

  it('to none reads for none', async () => {
    const key = await all.keyWith({ purposes: [] });
    for (const purpose of ['general', 'billing'])
      expectRefused(await all.decrypt(key, { fields: ['city'], purpose }), 403, 'purpose_not_allowed');
  });
});

describe('a key that has ended', () => {
  const routes = async (key: string) => [
    await all.vault.call('GET', `/v1/vaults/${all.id}`, undefined, { key }),
    await all.decrypt(key, { fields: ['city'] }),
    await all.vault.call('POST', '/v1/keys', { scopes: ['keys:admin'] }, { key }),
    await all.vault.call('GET', `/v1/attestation?nonce=${'A'.repeat(22)}`, undefined, { key }),
  ];

  it('by its expiry is unknown', async () => {
    const key = await all.keyWith({ scopes: SCOPES, expires: new Date(Date.now() + 1_500).toISOString() });
    expect((await all.decrypt(key, { fields: ['city'] })).status).toBe(200);
    await sleep(1_600);
    for (const answer of await routes(key)) expectRefused(answer, 401, 'unauthenticated');
  });

  it('by revocation is unknown from that moment, by itself too', async () => {
    const key = await all.keyWith({ scopes: SCOPES });
    expect((await all.decrypt(key, { fields: ['city'] })).status).toBe(200);
    expect((await all.vault.call('DELETE', `/v1/keys/${key.slice(4, 30)}`, undefined, { key })).status).toBe(
      200,
    );
    for (const answer of await routes(key)) expectRefused(answer, 401, 'unauthenticated');
  });

  it('is told nothing that a key that never was is not', async () => {
    const revoked = await all.keyWith({});
    await all.vault.call('DELETE', `/v1/keys/${revoked.slice(4, 30)}`);
    const live = await all.keyWith({});
    const wrong = `${live.slice(0, -43)}${'A'.repeat(43)}`;
    const never = `evk_01KASPQ4Z7C3V3R8N4W8Q0W3XH_${'A'.repeat(43)}`;
    const [expected, ...others] = await Promise.all(
      [never, revoked, wrong, 'evk_', 'x', `${live}A`, live.toLowerCase()].map((key) =>
        all.decrypt(key, { fields: ['city'] }),
      ),
    );
    if (expected === undefined) throw new Error('no answer');
    expectRefused(expected, 401, 'unauthenticated');
    for (const other of others) expect(comparable(other)).toEqual(comparable(expected));
  });
});

describe('what he says of himself', () => {
  const FORGED =
    '\n{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"forged_line"}\n\u001b[2J\u009b8m\u202e';

  it('writes no line of his own into a log, nor anything but text', async () => {
    const key = await all.keyWith({ scopes: SCOPES });
    const { status } = await all.decrypt(key, { fields: ['city'], reason: `because${FORGED}` });
    expect(status).toBe(200);
    for (const [path, headers] of [
      [`/v1/vaults/${encodeURIComponent(FORGED)}`, {}],
      ['/v1/keys', { 'user-agent': 'x {"event":"forged_line"}', 'x-amzn-trace-id': 'Root=1;forged_line' }],
      ['/v1/keys', { traceparent: '00-11111111111111111111111111111111-1111111111111111-01' }],
    ] as const)
      await all.vault.call('GET', path, undefined, { key, headers });
    expect(all.vault.logged('forged_line')).toEqual([]);
    expect(all.vault.output).not.toContain('forged_line');
    // The reason stands in the audit as he gave it, and as JSON text: one member of one entry.
    const { json, text } = await all.vault.call('GET', `/v1/vaults/${all.id}/audit`);
    expect((json.entries as unknown as { reason: string }[])[0]?.reason).toBe(`because${FORGED}`);
    for (const raw of ['\n', '\u001b']) expect(text).not.toContain(raw);
  });

  it('names no request: an id of his is not taken for the vault’s own', async () => {
    const headers = { 'x-request-id': 'req_00000000-0000-4000-8000-000000000000' };
    const answer = await all.vault.call('GET', '/v1/keys', undefined, { headers });
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f-]{36}$/);
    expect(answer.headers.get('x-request-id')).not.toBe(headers['x-request-id']);
  });

  it('opens the API to no page of another site', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await all.vault.call(method, '/v1/keys', undefined, { headers });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

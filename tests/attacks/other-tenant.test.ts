// SPDX-License-Identifier: Apache-2.0
import { SCOPES } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ABSENT,
  comparable,
  expectRefused,
  FIELDS,
  KeyHolders,
  REASON,
  type Rights,
} from '../support/key-holders.ts';
import { bootstrapTenant } from '../support/second-tenant.ts';

/**
 * Actor: another tenant
 * Has: a tenant of his own in the same vault, and keys in it with every right; or a key that makes keys.
 * Wants: records of others, to know which there are, the answers that others got, stronger keys.
 * Cannot: tell what is another's from what never was; get at another's key, repeat or log; make a key that may more than his own.
 * Remains: ids, though random, hold the time they were made at. Times are those of a store that finds an item and of one that does not.
 */

let all: KeyHolders;
let stranger: string;
beforeAll(async () => {
  all = await KeyHolders.start();
  stranger = await bootstrapTenant(all.vault, 'stranger');
});
afterAll(() => all.end());

describe('a key that makes keys', () => {
  const soon = () => new Date(Date.now() + 600_000).toISOString();
  const later = () => new Date(Date.now() + 900_000).toISOString();
  const OWN = (): Rights => ({
    scopes: ['keys:admin', 'vaults:decrypt'],
    fields: ['city', 'email'],
    purposes: ['billing'],
    derive_only: true,
    expires: soon(),
  });

  it.each<[string, () => Rights]>([
    ['another scope', () => ({ scopes: ['vaults:decrypt', 'vaults:read'] })],
    ['all scopes', () => ({ scopes: SCOPES })],
    ['another field', () => ({ fields: ['city', 'dob'] })],
    ['all fields', () => ({ fields: null })],
    ['another purpose', () => ({ purposes: ['billing', 'general'] })],
    ['all purposes', () => ({ purposes: null })],
    ['free expressions', () => ({ derive_only: false })],
    ['a later end', () => ({ expires: later() })],
    ['no end', () => ({ expires: null })],
  ])('makes none with %s', async (_, more) => {
    const key = await all.keyWith(OWN());
    const answer = await all.vault.call(
      'POST',
      '/v1/keys',
      { scopes: ['vaults:decrypt'], ...more() },
      { key },
    );
    expectRefused(answer, 403, 'exceeds_own_rights');
    expect(answer.text).not.toContain('evk_');
  });

  it('hands down what it leaves out', async () => {
    const child = await all.keyWith({}, await all.keyWith(OWN()));
    const grandchild = await all.keyWith(
      { scopes: ['vaults:decrypt'], fields: [] },
      await all.keyWith({ scopes: ['keys:admin', 'vaults:decrypt'] }, await all.keyWith(OWN())),
    );
    const { keys } = (await all.vault.call('GET', '/v1/keys?limit=100')).json as unknown as {
      keys: {
        id: string;
        fields: string[];
        purposes: string[];
        derive_only: boolean;
        expires: string | null;
      }[];
    };
    for (const [key, fields] of [
      [child, ['city', 'email']],
      [grandchild, []],
    ] as const) {
      const found = keys.find((one) => one.id === key.slice(4, 30));
      expect(found).toMatchObject({
        fields,
        purposes: ['billing'],
        derive_only: true,
        expires: expect.any(String),
      });
      expectRefused(await all.decrypt(key, { fields: ['city'], purpose: 'billing' }), 403, 'derive_only');
    }
  });

  it.each<[string, unknown]>([
    ['no scopes', { scopes: [] }],
    ['an unknown scope', { scopes: ['*'] }],
    ['another tenant', { scopes: ['vaults:read'], tenant: 'stranger' }],
    ['an id of its choice', { scopes: ['vaults:read'], id: '01KASPQ4Z7C3V3R8N4W8Q0W3XH' }],
    ['an actor of its choice', { scopes: ['vaults:read'], created_by: 'system:bootstrap' }],
    ['an end in the past', { scopes: ['vaults:read'], expires: '2001-01-01T00:00:00Z' }],
    ['a word for derive-only', { scopes: ['vaults:read'], derive_only: 'false' }],
  ])('makes none with %s', async (_, body) => {
    expectRefused(await all.vault.call('POST', '/v1/keys', body), 422, 'invalid');
  });
});

describe('a repeat', () => {
  const send = (key: string, path = '/v1/vaults', method = 'POST', body: object = { city: 'Graz' }) =>
    all.vault.call(method, path, body, { key, headers: { 'idempotency-key': 'the-same' } });

  it('of another caller is no repeat', async () => {
    const [one, two] = [await all.keyWith({ scopes: SCOPES }), await all.keyWith({ scopes: SCOPES })];
    const answers = [await send(one), await send(two), await send(stranger)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(3);
    expect((await send(one)).json.id).toBe(answers[0]?.json.id);
    expectRefused(
      await send(stranger, `/v1/vaults/${String(answers[0]?.json.id)}`, 'PATCH'),
      422,
      'idempotency_key_reused',
    );
  });

  it('gets no answer that its caller may not get any more', async () => {
    const key = await all.keyWith({ scopes: SCOPES });
    const made = await send(key);
    const path = `/v1/vaults/${String(made.json.id)}`;
    const headers = { 'idempotency-key': 'another' };
    expect((await all.vault.call('PATCH', path, { city: 'Linz' }, { key, headers })).status).toBe(200);
    await all.vault.call('DELETE', `/v1/keys/${key.slice(4, 30)}`);
    expectRefused(
      await all.vault.call('PATCH', path, { city: 'Linz' }, { key, headers }),
      401,
      'unauthenticated',
    );
    expectRefused(await send(key), 401, 'unauthenticated');
  });
});

describe("another tenant's key", () => {
  const CALLS: readonly [string, string, (object | undefined)?, Record<string, string>?][] = [
    ['GET', ''],
    ['GET', '?fields=email'],
    ['PATCH', '', { city: 'Graz' }],
    ['PATCH', '', { city: 'Graz' }, { 'if-match': '"1"' }],
    ['PATCH', '', { city: 'Graz' }, { 'if-match': '"999"' }],
    ['PATCH', '', { city: 'Graz' }, { 'idempotency-key': 'theirs' }],
    ['DELETE', '?fields=email'],
    ['DELETE', '?fields=no_such_field'],
    ['DELETE', '', { delete_all: true }],
    ['POST', '/decrypt', { fields: ['email'], reason: REASON }],
    ['POST', '/decrypt', { fields: [], reason: REASON, expressions: { a: 'size(record)' } }],
    ['POST', '/decrypt', { fields: [], reason: REASON, expressions: { a: 'no CEL at all (' } }],
    ['GET', '/audit'],
    ['GET', '/audit?cursor=000000000002'],
  ];

  // That no store call differs, and so no time, is shown in host/vault/test/operations/rights.test.ts.
  it.each(CALLS)(
    'gets one answer for what is not there and what is not his: %s %s %j',
    async (method, path, body, headers) => {
      const gone = await all.create(FIELDS);
      await all.vault.call('DELETE', `/v1/vaults/${gone}?delete_all=true`);
      const ask = (target: string) =>
        all.vault.call(method, `/v1/vaults/${target}${path}`, body, {
          key: stranger,
          headers: headers ?? {},
        });
      const absent = await ask(ABSENT);
      expectRefused(absent, 404, 'not_found');
      for (const target of [all.id, gone, 'system_default', `key_${all.vault.adminKey.slice(4, 30)}`])
        expect(comparable(await ask(target))).toEqual(comparable(absent));
    },
  );

  it('leaves no trace on the log of a record that is not his', async () => {
    const own = await all.create({ city: 'Graz' });
    for (const [method, path, body] of CALLS)
      await all.vault.call(method, `/v1/vaults/${own}${path}`, body, { key: stranger });
    const { json } = await all.vault.call('GET', `/v1/vaults/${own}/audit`);
    expect((json.entries as unknown as object[]).length).toBe(1);
  });

  it('has records that are his alone', async () => {
    const his = await all.create({ city: 'Bamako' }, stranger);
    expectRefused(await all.decrypt(all.vault.adminKey, { fields: ['city'] }, his), 404, 'not_found');
    expect((await all.decrypt(stranger, { fields: ['city'] }, his)).json.data).toEqual({ city: 'Bamako' });
  });

  it('neither sees nor ends keys that are not his', async () => {
    const list = await all.vault.call('GET', '/v1/keys?limit=100', undefined, { key: stranger });
    expect(list.json.keys as unknown as object[]).toHaveLength(1);
    const victim = await all.keyWith({});
    const end = (one: string) => all.vault.call('DELETE', `/v1/keys/${one}`, undefined, { key: stranger });
    const absent = await end('01KASPQ4Z7C3V3R8N4W8Q0W3XH');
    expectRefused(absent, 404, 'key_not_found');
    expect(comparable(await end(victim.slice(4, 30)))).toEqual(comparable(absent));
    expect((await all.decrypt(victim, { fields: ['city'] })).status).toBe(200);
    const page = await all.vault.call('GET', `/v1/keys?cursor=${victim.slice(4, 30)}`, undefined, {
      key: stranger,
    });
    expect(page.text).not.toContain(all.vault.adminKey.slice(4, 30));
  });

  it('is told the same by HEAD, which has no body to compare', async () => {
    const gone = await all.create(FIELDS);
    await all.vault.call('DELETE', `/v1/vaults/${gone}?delete_all=true`);
    const head = (id: string) => all.vault.call('HEAD', `/v1/vaults/${id}`, undefined, { key: stranger });
    const absent = await head(ABSENT);
    expect(absent.status).toBe(404);
    for (const id of [all.id, gone]) {
      const answer = await head(id);
      expect(comparable(answer)).toEqual(comparable(absent));
      expect(answer.headers.get('content-length')).toBe(absent.headers.get('content-length'));
    }
  });

  it('reads nothing of others in what anybody may read: reference, figures, health, who attests', async () => {
    const nonce = 'A'.repeat(22);
    for (const path of ['/v1/openapi.json', '/metrics', '/health', `/v1/attestation?nonce=${nonce}`]) {
      const { status, text } = await all.vault.call('GET', path, undefined, { key: stranger });
      expect([path, status]).toEqual([path, 200]);
      for (const name of [all.id, all.vault.adminKey.slice(4, 30), 'stranger'])
        expect(text).not.toContain(name);
    }
    const own = await all.vault.call('GET', '/v1/openapi.json');
    const his = await all.vault.call('GET', '/v1/openapi.json', undefined, { key: stranger });
    expect(his.text).toBe(own.text);
  });
});

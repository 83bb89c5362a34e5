// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Principal, SCOPES } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

const open = vaults();

describe('an API key', () => {
  it('is told by its token, and by nothing else', async () => {
    const { vault, store } = await open();
    const { id, token } = await vault.keys.bootstrap();
    expect(token).toMatch(new RegExp(`^evk_${id}_[A-Za-z0-9_-]{43}$`));
    expect(await vault.authenticate(token)).toEqual({
      tenant: 'default',
      actor: `key:${id}`,
      scopes: new Set(SCOPES),
      fields: null,
      purposes: null,
      deriveOnly: false,
      expires: null,
    });
    const secret = token.slice(-43);
    const last = token.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of [
      '',
      'evk_',
      token.slice(0, -1),
      token.slice(0, -1) + last,
      `${token}x`,
      ` ${token}`,
      `evk_01HV1XW70Q03PHK892JFQAY0Z5_${secret}`,
      `evk_${id.toLowerCase()}_${secret}`,
    ]) {
      expect(await codeOf(vault.authenticate(wrong))).toBe('unauthenticated');
    }
    for (const prefix of ['KEY##', 'LOG##', 'KEYS##']) {
      const { items } = await store.scan(prefix, { limit: 99 });
      expect(items.length).toBeGreaterThan(0);
      expect(
        items.some((item) => Object.values(item).some((value) => Buffer.from(`${value}`).includes(secret))),
      ).toBe(false);
    }
  });

  it('works for what it grants', async () => {
    const { vault } = await open();
    const admin = call(await vault.authenticate((await vault.keys.bootstrap()).token));
    const request = { scopes: ['vaults:create', 'vaults:decrypt'], fields: ['email'], purposes: ['general'] };
    const { token, id } = await vault.keys.create(admin, request);
    const principal = await vault.authenticate(token);
    expect(principal).toMatchObject({ fields: new Set(['email']), deriveOnly: false, actor: `key:${id}` });
    const record = await vault.create(call(principal), { email: 'a@b.ch' });
    expect(await codeOf(vault.create(call(principal), BOB))).toBe('field_not_allowed');
    expect(await codeOf(vault.presence(call(principal), record.id))).toBe('scope_missing');
  });

  it('of one tenant is nobody in another', async () => {
    const { vault } = await open();
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (tenant) =>
        call(await vault.authenticate((await vault.keys.bootstrap(tenant)).token)),
      ),
    );
    if (one === undefined || two === undefined) throw new Error('no keys');
    const { id } = await vault.create(one, BOB);
    expect(await codeOf(vault.presence(two, id))).toBe('not_found');
    const { id: key } = await vault.keys.create(one, { scopes: ['vaults:read'] });
    expect(await codeOf(vault.keys.revoke(two, key))).toBe('key_not_found');
    expect((await vault.keys.list(two)).keys).toHaveLength(1);
  });

  it('ends when it is revoked, at once', async () => {
    const all = await open();
    const { vault } = all;
    const admin = call(await vault.authenticate((await vault.keys.bootstrap()).token));
    const { id, token } = await vault.keys.create(admin, { scopes: ['vaults:read'] });
    await vault.authenticate(token);
    const other = await all.again();
    await other.vault.authenticate(token);
    await vault.keys.revoke(admin, id);
    expect(await codeOf(vault.authenticate(token))).toBe('unauthenticated');
    await vault.keys.revoke(admin, id);
    // Another process believes what it has read for a second.
    other.clock.offset = 1_000_001;
    expect(await codeOf(other.vault.authenticate(token))).toBe('unauthenticated');
    expect(await codeOf(vault.keys.revoke(admin, '01HV1XW70Q03PHK892JFQAY0Z5'))).toBe('key_not_found');
    expect(await codeOf(vault.keys.revoke(admin, 'x'))).toBe('key_not_found');
    expect(await vault.verifyAudit()).toMatchObject({ chains: 2, entries: 3, findings: [] });
  });

  it('ends when it is revoked, also in a process whose clock was set back since it was read', async () => {
    const all = await open();
    const { id, token } = await all.vault.keys.create(call(), { scopes: ['vaults:read'] });
    const other = await all.again();
    const before = performance.now();
    await other.vault.authenticate(token);
    await all.vault.keys.revoke(call(), id);
    const monotonic = vi.spyOn(performance, 'now').mockReturnValue(before);
    onTestFinished(() => monotonic.mockRestore());
    other.clock.offset = -600e6;
    // What shows that it is believed, and that the second is what ends it.
    await other.vault.authenticate(token);
    monotonic.mockReturnValue(performance.now() + 60_000);
    expect(await codeOf(other.vault.authenticate(token))).toBe('unauthenticated');
  });

  it('ends when it expires', async () => {
    const { vault, clock } = await open();
    const admin = call(await vault.authenticate((await vault.keys.bootstrap()).token));
    const expires = clock.now() + 60e6;
    const { token } = await vault.keys.create(admin, { scopes: ['vaults:read'], expires });
    expect(await vault.authenticate(token)).toMatchObject({ expires });
    clock.offset = 60e6 + 1;
    expect(await codeOf(vault.authenticate(token))).toBe('unauthenticated');
  });

  it('is listed, newest first, page by page, without its secret', async () => {
    const { vault } = await open();
    const admin = call(await vault.authenticate((await vault.keys.bootstrap()).token));
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.unshift((await vault.keys.create(admin, { scopes: ['vaults:read'] })).id);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await vault.keys.revoke(admin, ids[3] ?? '');
    const first = await vault.keys.list(admin, { limit: 3 });
    expect(first.keys.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await vault.keys.list(admin, { limit: 3, cursor: first.next ?? '' });
    expect(second.keys.map(({ id, createdBy }) => [id, createdBy])).toEqual([
      [ids[3], admin.principal.actor],
      [admin.principal.actor.slice(4), 'system:bootstrap'],
    ]);
    expect(second.next).toBeNull();
    expect(second.keys[0]?.revoked).toBeGreaterThan(0);
    expect(Object.keys(second.keys[0] ?? {}).sort()).toEqual(
      [
        'created',
        'createdBy',
        'deriveOnly',
        'expires',
        'fields',
        'id',
        'purposes',
        'revoked',
        'scopes',
      ].sort(),
    );
    for (const options of [{ limit: 0 }, { limit: 101 }, { cursor: 'x' }]) {
      expect(await codeOf(vault.keys.list(admin, options))).toBe('invalid');
    }
  });
});

describe('a new key grants at most its creator rights', () => {
  const scopes = ['vaults:read'];
  const narrow: Partial<Principal> = {
    scopes: new Set(['keys:admin', 'vaults:read', 'vaults:decrypt']),
    fields: new Set(['email', 'dob']),
    purposes: new Set(['general']),
    deriveOnly: true,
    expires: 4e15,
  };
  it.each<[string, object, string | undefined]>([
    ['the same', { scopes: ['keys:admin', 'vaults:read', 'vaults:decrypt'] }, undefined],
    ['less', { scopes, fields: ['email'], purposes: [], expires: 3e15 }, undefined],
    ['another scope', { scopes: ['vaults:read', 'vaults:update'] }, 'exceeds_own_rights'],
    ['another field', { scopes, fields: ['email', 'ssn9'] }, 'exceeds_own_rights'],
    ['all fields', { scopes, fields: null }, 'exceeds_own_rights'],
    ['all purposes', { scopes, purposes: null }, 'exceeds_own_rights'],
    ['more than deriving', { scopes, deriveOnly: false }, 'exceeds_own_rights'],
    ['a later end', { scopes, expires: 4e15 + 1 }, 'exceeds_own_rights'],
    ['no end', { scopes, expires: null }, 'exceeds_own_rights'],
    ['no scope', { scopes: [] }, 'invalid'],
    ['an unknown scope', { scopes: ['vaults:*'] }, 'invalid'],
    ['a scope twice', { scopes: ['vaults:read', 'vaults:read'] }, 'invalid'],
    ['an unknown field', { scopes, fields: ['nope'] }, 'invalid'],
    ['an unknown purpose', { scopes, purposes: ['nope'] }, 'invalid'],
    ['an end in the past', { scopes, expires: 1 }, 'invalid'],
    ['scopes of another type', { scopes: 'vaults:read' }, 'invalid'],
    ['fields of another type', { scopes, fields: [1] }, 'invalid'],
    ['a derive-only of another type', { scopes, deriveOnly: 1 }, 'invalid'],
  ])('%s', async (_, request, expected) => {
    const { vault } = await fixture;
    const work = vault.keys.create(call(narrow), request as Parameters<typeof vault.keys.create>[1]);
    expect(await codeOf(work)).toBe(expected);
    if (expected !== undefined) return;
    const { rights, principal } = {
      rights: call(narrow).principal,
      principal: await vault.authenticate((await work).token),
    };
    expect(principal.deriveOnly).toBe(true);
    for (const scope of principal.scopes) expect(rights.scopes.has(scope)).toBe(true);
    for (const name of principal.fields ?? ['all']) expect(rights.fields?.has(name)).toBe(true);
    for (const name of principal.purposes ?? ['all']) expect(rights.purposes?.has(name)).toBe(true);
    expect(principal.expires).toBeLessThanOrEqual(rights.expires ?? 0);
  });
  const fixture = open();

  it('and needs the scope, and an excess is audited', async () => {
    const { vault, store } = await open();
    expect(await codeOf(vault.keys.create(call({ scopes: new Set(['vaults:read']) }), { scopes }))).toBe(
      'scope_missing',
    );
    expect(await codeOf(vault.keys.create(call(narrow), { scopes, fields: null }))).toBe(
      'exceeds_own_rights',
    );
    expect((await store.get('LOG##system_default', 'head'))?.n).toBe(2);
  });
});

describe('a writer of the store', () => {
  async function scene(): Promise<Fixture & { id: string; token: string }> {
    const fixture = await open();
    await fixture.vault.keys.bootstrap();
    const admin = call();
    const made = await fixture.vault.keys.create(admin, { scopes: ['vaults:read'], fields: ['email'] });
    return { ...fixture, ...made };
  }
  const fresh = async (all: Fixture): Promise<Fixture> => await all.again();

  it('cannot hide the keys by spoiling one: it is named, to administrator, operator and audit', async () => {
    const all = await scene();
    const { vault, store, reports, clock } = all;
    const row = await store.get(`KEY##${all.id}`, 'v0');
    const stranger = '01HV1XW70Q03PHK892JFQAY0Z5';
    await store.transact([
      { put: { ...row, _sc: SCOPES.join(' '), pk: `KEY##${all.id}`, sk: 'v0' } },
      { put: { ...row, _id: 'his own text', pk: 'KEY##his own text', sk: 'v0' } },
      { put: { pk: 'KEYS##default', sk: 'his own text' } },
      { put: { pk: 'KEYS##default', sk: stranger } },
    ]);
    const list = async () => await vault.keys.list(call({}, 7_200_000));
    const { keys, tampered, next } = await list();
    expect([keys.length, tampered, next]).toEqual([1, [all.id], null]);
    expect(keys[0]?.id).not.toBe(all.id);
    expect(reports).toMatchObject([{ event: 'integrity_failed', code: 'key_row', log: `key_${all.id}` }]);
    const written = async () => (await store.get('LOG##system_default', 'head'))?.n;
    expect(await written()).toBe(1);
    // Not once for each look at the list.
    await list();
    expect(await written()).toBe(1);
    clock.offset = 3_600_000_000;
    expect((await list()).tampered).toEqual([all.id]);
    expect(await written()).toBe(2);
    const { findings } = await vault.verifyAudit();
    expect(findings.map(({ log, code }) => [log, code])).toContainEqual([`key_${all.id}`, 'key_forged']);
  });

  it('cannot insert a key', async () => {
    const all = await scene();
    const row = await all.store.get(`KEY##${all.id}`, 'v0');
    const id = '01HV1XW70Q03PHK892JFQAY0Z5';
    const secret = all.token.slice(-43);
    await all.store.transact([{ put: { ...row, pk: `KEY##${id}`, sk: 'v0', _id: id } }]);
    const { vault, reports } = await fresh(all);
    expect(await codeOf(vault.authenticate(`evk_${id}_${secret}`))).toBe('unauthenticated');
    expect(reports).toContainEqual(expect.objectContaining({ event: 'integrity_failed', code: 'key_row' }));
    expect((await vault.verifyAudit()).findings).toMatchObject([{ log: `key_${id}`, code: 'log_missing' }]);
  });

  it.each<[string, object]>([
    ['scopes', { _sc: SCOPES.join(' ') }],
    ['fields', { _fl: 'email dob' }],
    ['tenant', { _tn: 'other' }],
    ['secret', { _kh: Buffer.alloc(32) }],
    ['expiry', { _ex: 9e15 }],
    ['derive-only', { _do: 1 }],
    ['a type', { _ct: 'x' }],
  ])('cannot alter one: %s', async (_, change) => {
    const all = await scene();
    const row = await all.store.get(`KEY##${all.id}`, 'v0');
    await all.store.transact([{ put: { ...row, ...change, pk: `KEY##${all.id}`, sk: 'v0' } }]);
    const { vault } = await fresh(all);
    expect(await codeOf(vault.authenticate(all.token))).toBe('unauthenticated');
    expect((await vault.verifyAudit()).findings).toMatchObject([
      { log: `key_${all.id}`, code: 'key_forged' },
    ]);
  });

  it('cannot drop its narrowing', async () => {
    const all = await scene();
    const item = await all.store.get(`KEY##${all.id}`, 'v0');
    if (item === undefined) throw new Error('no row');
    const { _fl, ...row } = item;
    expect(_fl).toBe('email');
    await all.store.transact([{ put: { ...row, pk: `KEY##${all.id}`, sk: 'v0' } }]);
    expect(await codeOf((await fresh(all)).vault.authenticate(all.token))).toBe('unauthenticated');
  });

  it('cannot bring a revoked key back', async () => {
    const all = await scene();
    const row = await all.store.get(`KEY##${all.id}`, 'v0');
    if (row === undefined) throw new Error('no row');
    await all.vault.keys.revoke(call(), all.id);
    await all.store.transact([{ put: row }]);
    const { vault } = await fresh(all);
    for (const process of [vault, all.vault])
      expect(await codeOf(process.authenticate(all.token))).toBe('unauthenticated');
    expect((await vault.verifyAudit()).findings).toMatchObject([{ log: `key_${all.id}`, code: 'key_state' }]);
    expect(await codeOf(vault.keys.revoke(call(), all.id))).toBe('integrity_failed');
  });

  it('that removes a key is found out', async () => {
    const all = await scene();
    await all.store.transact([{ remove: { pk: `KEY##${all.id}`, sk: 'v0' } }]);
    const { vault } = await fresh(all);
    expect(await codeOf(vault.authenticate(all.token))).toBe('unauthenticated');
    expect((await vault.verifyAudit()).findings).toMatchObject([
      { log: `key_${all.id}`, code: 'key_missing' },
    ]);
  });

  it('that takes a key off the list is found out: nobody would revoke it', async () => {
    const all = await scene();
    expect((await all.vault.verifyAudit()).findings).toEqual([]);
    await all.store.transact([{ remove: { pk: 'KEYS##default', sk: all.id } }]);
    expect((await all.vault.verifyAudit()).findings).toMatchObject([
      { log: `key_${all.id}`, code: 'key_unlisted' },
    ]);
  });
});

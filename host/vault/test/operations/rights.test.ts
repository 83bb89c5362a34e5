// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type Context,
  type Principal,
  parseSchema,
  SCOPES,
  type Scope,
  type Vault,
} from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, thrownBy, vaults } from '../support/fixture.ts';

const open = vaults();
const reason = 'a test';

const fixture = open(
  parseSchema({
    version: 1,
    fields: {
      email: { type: 'email' },
      first_name: { type: 'text' },
      ssn9: { type: 'digits', length: 9 },
      ssn4: { type: 'digits', length: 4, derived: { from: 'ssn9', last: 4 } },
      dob: { type: 'date' },
      country: { type: 'country' },
    },
    expressions: { over_18: 'date(dob).age() >= 18', whole: 'size(record) > 0' },
    purposes: ['general', 'billing'],
  }),
);
const record = fixture.then(({ vault }) => vault.create(call(), BOB));

type Operation = (vault: Vault, context: Context, id: string) => Promise<unknown>;
const OPERATIONS: Record<Scope, Operation> = {
  'vaults:create': (vault, context) => vault.create(context, { email: 'a@b.ch' }),
  'vaults:read': (vault, context, id) => vault.presence(context, id),
  'vaults:update': (vault, context, id) => vault.update(context, id, { email: 'a@b.ch' }),
  'vaults:delete': (vault, context, id) => vault.removeFields(context, id, ['first_name']),
  'vaults:decrypt': (vault, context, id) => vault.decrypt(context, id, { fields: ['dob'], reason }),
  'audit:read': (vault, context, id) => vault.audit(context, id),
  'keys:admin': (vault, context) => vault.keys.list(context),
};

/** The tenant's chain of denials, as the store has it. */
async function systemEntries({ store }: Fixture, tenant = 'default'): Promise<number> {
  return Number((await store.get(`LOG##system_${tenant}`, 'head'))?.n ?? 0);
}

describe('scopes', () => {
  it.each(SCOPES)('%s is needed, and no other one helps', async (scope) => {
    const { vault } = await fixture;
    const { id } = await record;
    const others = new Set(SCOPES.filter((other) => other !== scope));
    const context = call({ scopes: others });
    expect(await codeOf(OPERATIONS[scope](vault, context, id))).toBe('scope_missing');
    expect(await codeOf(OPERATIONS[scope](vault, call({ scopes: new Set([scope]) }), id))).toBeUndefined();
  });

  it('that are missing are audited: on the record, or on the system chain where there is none', async () => {
    const all = await fixture;
    const { id } = await record;
    const none = { scopes: new Set<Scope>() };
    const before = await systemEntries(all);
    await codeOf(all.vault.deleteVault(call(none), id));
    const [entry] = (await all.vault.audit(call(), id)).entries;
    expect(entry).toMatchObject({
      event: 'AccessDenied',
      operation: 'vaults:delete',
      code: 'scope_missing',
      result: 'denied',
    });
    expect(await systemEntries(all)).toBe(before);
    await codeOf(all.vault.create(call(none), BOB));
    await codeOf(all.vault.deleteVault(call(none), 'v_01HV1XW70Q03PHK892JFQAY0Z5'));
    expect(await systemEntries(all)).toBe(before + 2);
  });
});

describe('narrowing to fields', () => {
  const narrow = { fields: new Set(['email', 'ssn9']) };
  const source = (
    text: string,
  ): { fields: string[]; reason: string; expressions: { name: string; source: string }[] } => ({
    fields: [],
    reason,
    expressions: [{ name: 'x', source: text }],
  });

  it.each<[string, Operation, string | undefined]>([
    ['create with it', (vault, by) => vault.create(by, { email: 'a@b.ch' }), undefined],
    // ssn4 follows from ssn9: who may write the one has said the other.
    ['create with a derived one', (vault, by) => vault.create(by, { ssn9: '123456789' }), undefined],
    [
      'create with another',
      (vault, by) => vault.create(by, { email: 'a@b.ch', dob: '2000-01-01' }),
      'field_not_allowed',
    ],
    ['presence of all', (vault, by, id) => vault.presence(by, id), undefined],
    ['presence of another', (vault, by, id) => vault.presence(by, id, ['email', 'dob']), 'field_not_allowed'],
    ['update of another', (vault, by, id) => vault.update(by, id, { country: 'CH' }), 'field_not_allowed'],
    ['removal of another', (vault, by, id) => vault.removeFields(by, id, ['dob']), 'field_not_allowed'],
    ['deletion of all', (vault, by, id) => vault.deleteVault(by, id), 'field_not_allowed'],
    ['reveal it', (vault, by, id) => vault.decrypt(by, id, { fields: ['email'], reason }), undefined],
    [
      'reveal another',
      (vault, by, id) => vault.decrypt(by, id, { fields: ['email', 'ssn4'], reason }),
      'field_not_allowed',
    ],
    ['compute with it', (vault, by, id) => vault.decrypt(by, id, source('email')), undefined],
    ['compute with another', (vault, by, id) => vault.decrypt(by, id, source('dob')), 'field_not_allowed'],
    ['its absence', (vault, by, id) => vault.decrypt(by, id, source('dob == null')), 'field_not_allowed'],
    ['has', (vault, by, id) => vault.decrypt(by, id, source('has(record.dob)')), 'field_not_allowed'],
    ['the record', (vault, by, id) => vault.decrypt(by, id, source('size(record)')), 'field_not_allowed'],
    [
      'a computed name',
      (vault, by, id) => vault.decrypt(by, id, source('record["do" + "b"]')),
      'field_not_allowed',
    ],
    [
      'a hidden use',
      (vault, by, id) => vault.decrypt(by, id, source('[1].all(x, dob == "")')),
      'field_not_allowed',
    ],
    [
      'a bound name',
      (vault, by, id) => vault.decrypt(by, id, source('["a"].all(dob, dob == "a")')),
      undefined,
    ],
    [
      'a registered one over another',
      (vault, by, id) => {
        return vault.decrypt(by, id, {
          fields: [],
          reason,
          expressions: [{ name: 'x', registered: 'over_18' }],
        });
      },
      'field_not_allowed',
    ],
  ])('%s', async (_, operation, expected) => {
    const { vault } = await fixture;
    const { id } = await vault.create(call(), BOB);
    expect(await codeOf(operation(vault, call(narrow), id))).toBe(expected);
    if (expected !== undefined && !_.startsWith('create')) {
      expect((await vault.audit(call(), id)).entries[0]).toMatchObject({
        event: 'AccessDenied',
        code: expected,
      });
    }
  });

  it('says no more of presence than it may', async () => {
    const { vault } = await fixture;
    const { id } = await record;
    expect(Object.keys((await vault.presence(call(narrow), id)).fields).sort()).toEqual(['email', 'ssn9']);
  });

  it('says no more of presence in the audit log either', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), BOB);
    const expressions = [{ name: 'x', source: 'dob == email' }];
    await vault.decrypt(call(), id, { fields: ['first_name', 'email'], reason, expressions });
    const { entries } = await vault.audit(call(narrow), id);
    expect(entries).toMatchObject([
      { event: 'DecryptVault', fields: ['email'], used: ['email'] },
      { event: 'CreateVault', fields: ['email', 'ssn9'], used: [] },
    ]);
    const [all] = (await vault.audit(call(), id)).entries;
    expect(all).toMatchObject({ fields: ['first_name', 'email'], used: ['dob', 'email'] });
  });
});

describe('purposes and derive-only', () => {
  it('narrows to purposes', async () => {
    const { vault } = await fixture;
    const { id } = await record;
    const ask = (rights: Partial<Principal>, purpose?: string): Promise<string | undefined> => {
      return codeOf(vault.decrypt(call(rights), id, { fields: ['dob'], reason, purpose }));
    };
    const billing = { purposes: new Set(['billing']) };
    expect(await ask(billing, 'billing')).toBeUndefined();
    expect(await ask(billing, 'general')).toBe('purpose_not_allowed');
    expect(await ask(billing)).toBe('purpose_not_allowed');
    expect(await ask({ purposes: new Set() }, 'billing')).toBe('purpose_not_allowed');
    expect(await ask({}, 'billing')).toBeUndefined();
  });

  it('derives by registered expressions and nothing else', async () => {
    const { vault, enclave } = await fixture;
    const { id } = await record;
    const by = call({ deriveOnly: true });
    const registered = [{ name: 'adult', registered: 'over_18' }];
    const { data } = await vault.decrypt(by, id, { fields: [], reason, expressions: registered });
    expect({ ...data }).toEqual({ adult: true });
    const asked = enclave.requests.length;
    for (const input of [
      { fields: ['dob'], reason, expressions: registered },
      { fields: ['country'], reason },
      { fields: [], reason, expressions: [...registered, { name: 'x', source: 'dob' }] },
      // Even the text of a registered one: only its name counts.
      { fields: [], reason, expressions: [{ name: 'x', source: 'date(dob).age() >= 18' }] },
      { fields: [], reason, expressions: [{ name: 'x', source: '1' }] },
    ]) {
      expect(await codeOf(vault.decrypt(by, id, input))).toBe('derive_only');
    }
    expect(enclave.requests.length).toBe(asked);
  });

  it('ends with its expiry', async () => {
    const { vault, clock } = await fixture;
    const { id } = await record;
    expect(await codeOf(vault.presence(call({ expires: clock.now() + 60e6 }), id))).toBeUndefined();
    expect(await codeOf(vault.presence(call({ expires: clock.now() - 1 }), id))).toBe('unauthenticated');
  });
});

describe('another tenant', () => {
  it('sees what is not there: same code, same reads, same writes', async () => {
    const all = await open();
    const { vault, store } = all;
    const { id } = await vault.create(call(), BOB);
    const absent = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
    const gone = (await vault.create(call(), BOB)).id;
    await vault.deleteVault(call(), gone);
    const operations: Operation[] = [
      ...Object.entries(OPERATIONS).flatMap(([scope, operation]) => {
        return scope === 'vaults:create' || scope === 'keys:admin' ? [] : [operation];
      }),
      (v, by, record) => v.deleteVault(by, record),
      (v, by, record) => v.update(by, record, { email: 'a@b.ch' }, { idempotency: `key-${record}` }),
    ];
    const calls: string[] = [];
    for (const name of ['get', 'query', 'transact'] as const) {
      const original = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(store, {
        [name]: (...args: unknown[]) => {
          calls.push(name);
          return original(...args);
        },
      });
    }
    for (const operation of operations) {
      const seen = [];
      for (const target of [absent, id, gone]) {
        calls.length = 0;
        const error = await thrownBy(operation(vault, call({ tenant: 'other' }), target));
        seen.push({ code: error.code, message: error.message, status: error.status, calls: [...calls] });
      }
      expect(seen[0]?.code).toBe('not_found');
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[2]).toEqual(seen[0]);
    }
    expect(await codeOf(vault.presence(call(), 'v_no-such-id'))).toBe('not_found');
    // The owner's log knows nothing of it; the other tenant's does.
    expect((await vault.audit(call(), id)).entries).toHaveLength(1);
    expect(await systemEntries(all, 'other')).toBe(3);
    expect(await systemEntries(all)).toBe(0);
  });

  it('without a scope is denied all the same', async () => {
    const { vault } = await fixture;
    const { id } = await record;
    const by = { tenant: 'other', scopes: new Set<Scope>() };
    for (const target of [id, 'v_01HV1XW70Q03PHK892JFQAY0Z5']) {
      expect(await codeOf(vault.decrypt(call(by), target, { fields: ['dob'], reason }))).toBe(
        'scope_missing',
      );
    }
  });
});

describe('the audit log', () => {
  it('is paged, newest first', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), {});
    for (let n = 0; n < 6; n += 1) await vault.update(call(), id, { city: `${n}` });
    const pages: number[][] = [];
    let cursor: string | undefined;
    do {
      const page = await vault.audit(call(), id, { limit: 3, cursor });
      pages.push(page.entries.map(({ n }) => n));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(pages).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
    for (const options of [{ limit: 0 }, { limit: 501 }, { limit: 1.5 }, { cursor: 'x' }, { cursor: '' }]) {
      expect(await codeOf(vault.audit(call(), id, options))).toBe('invalid');
    }
  });

  it('holds nothing of a value, and is what the caller sent', async () => {
    const { vault, store } = await open();
    const context = call({ actor: 'jwt:https://idp.example#user-1' });
    const { id } = await vault.create(context, BOB);
    const [entry] = (await vault.audit(call(), id)).entries;
    expect(entry).toMatchObject({ actor: 'jwt:https://idp.example#user-1', request_id: context.requestId });
    expect(entry?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const stored = Buffer.from((await store.get(`LOG##${id}`, '000000000001'))?.entry as Uint8Array);
    for (const value of ['Bob', '123456789', '6789', '1980']) expect(stored.includes(value)).toBe(false);
  });

  it.each([
    [{ requestId: '' }, 'malformed'],
    [{ requestId: 'a b' }, 'malformed'],
    [{ requestId: 'x'.repeat(129) }, 'malformed'],
  ])('takes no call that it could not name: %j', async (part, code) => {
    const { vault } = await fixture;
    expect(await codeOf(vault.create({ ...call(), ...part }, {}))).toBe(code);
  });

  it.each([{ actor: '' }, { actor: '\ud800' }, { tenant: 'No' }, { tenant: '' }])(
    'takes no principal like %j',
    async (part) => {
      const { vault } = await fixture;
      expect(await codeOf(vault.create(call(part), {}))).toBe('unauthenticated');
    },
  );
});

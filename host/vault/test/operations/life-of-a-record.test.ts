// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { etagOf, parseIfMatch } from '../../src/index.ts';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const open = vaults();
const REASON = { reason: 'a test' };

describe('a record', () => {
  it('is created, read, updated, decrypted, emptied and deleted', async () => {
    const { vault, store } = await open();
    const { id, rev } = await vault.create(call(), BOB);
    expect(id).toMatch(/^v_[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(rev).toBe(1);

    const before = await vault.presence(call(), id);
    expect(before.rev).toBe(1);
    expect(Object.keys(before.fields)).toEqual([...vault.schema.fields.keys()]);
    expect(Object.entries(before.fields).filter(([, has]) => has)).toEqual(
      ['email', 'first_name', 'ssn9', 'ssn4', 'dob', 'country'].map((name) => [name, true]),
    );

    expect(await vault.update(call(), id, { last_name: 'Meier', ssn9: '987654321' })).toEqual({ rev: 2 });
    const all = [...vault.schema.fields.keys()];
    const { data, errors } = await vault.decrypt(call(), id, { fields: all, ...REASON });
    expect(errors).toEqual([]);
    expect({ ...data }).toEqual({
      ...Object.fromEntries(all.map((name) => [name, null])),
      email: 'Bob@example.org',
      first_name: 'Bob',
      last_name: 'Meier',
      ssn9: '987654321',
      ssn4: '4321',
      dob: '1980-02-29',
      country: 'DE',
    });

    expect(await vault.removeFields(call(), id, ['ssn9', 'city'])).toEqual({ rev: 3 });
    expect({ ...(await vault.presence(call(), id, ['ssn9', 'ssn4'])).fields }).toEqual({
      ssn9: false,
      ssn4: true,
    });
    // What is not there is no change.
    expect(await vault.removeFields(call(), id, ['ssn9'])).toEqual({ rev: 3 });

    await vault.deleteVault(call(), id);
    expect(await codeOf(vault.presence(call(), id))).toBe('not_found');
    expect(await codeOf(vault.update(call(), id, { city: 'Bonn' }))).toBe('not_found');
    expect(await codeOf(vault.deleteVault(call(), id))).toBe('not_found');
    expect(await codeOf(vault.decrypt(call(), id, { fields: ['city'], ...REASON }))).toBe('not_found');
    const tombstone = await store.get(`VAULT##${id}`, 'v0');
    expect(Object.keys(tombstone ?? {}).sort()).toEqual([
      '_ct',
      '_del',
      '_id',
      '_mt',
      '_rev',
      '_tn',
      'pk',
      'sk',
    ]);

    const { entries, next } = await vault.audit(call(), id);
    expect(next).toBeNull();
    expect(entries.map(({ n, event, fields, rev }) => [n, event, fields.length, rev])).toEqual([
      [5, 'DeleteVault', 6, 4],
      [4, 'RemoveFields', 1, 3],
      [3, 'DecryptVault', 7, 2],
      [2, 'UpdateVault', 3, 2],
      [1, 'CreateVault', 6, 1],
    ]);
    expect(await vault.verifyAudit()).toMatchObject({ findings: [] });
  });

  it('is stored as the formats say', async () => {
    const { vault, store } = await open();
    const { id } = await vault.create(call({ tenant: 'clinic-1' }), { first_name: 'Bob' });
    const item = await store.get(`VAULT##${id}`, 'v0');
    expect(item).toMatchObject({ _id: id, _tn: 'clinic-1', _v: 3, _sv: 1, _rev: 1 });
    expect(Buffer.from(item?._hs as Uint8Array).toString('hex')).toBe('48504b45001100020002');
    expect(Buffer.from(item?.first_name as Uint8Array)[0]).toBe(3);
    expect(item?._ct).toBe(item?._mt);
    expect(Number(item?._ct)).toBeGreaterThan(1.6e15);
    expect(JSON.stringify(item)).not.toContain('Bob');
  });

  it('may be empty', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), {});
    const { data } = await vault.decrypt(call(), id, { fields: ['city'], ...REASON });
    expect({ ...data }).toEqual({ city: null });
    expect(await codeOf(vault.update(call(), id, {}))).toBe('invalid');
    expect(await codeOf(vault.removeFields(call(), id, []))).toBe('invalid');
    expect(await codeOf(vault.removeFields(call(), id, ['nope']))).toBe('invalid');
  });

  it('is not changed by being read', async () => {
    const { vault, store } = await open();
    const { id } = await vault.create(call(), BOB);
    const before = await store.get(`VAULT##${id}`, 'v0');
    await vault.presence(call(), id);
    await vault.decrypt(call(), id, { fields: ['email'], ...REASON });
    await vault.audit(call(), id);
    expect(await store.get(`VAULT##${id}`, 'v0')).toEqual(before);
  });

  it('has at most 350 KB', async () => {
    const { vault } = await open();
    const big = 'ä'.repeat(1024);
    const { id } = await vault.create(call(), { city: big });
    expect((await vault.decrypt(call(), id, { fields: ['city'], ...REASON })).data.city).toBe(big);
    const schema = await import('../../src/index.ts').then(({ parseSchema }) => {
      const fields = Object.fromEntries(
        Array.from({ length: 8 }, (_, n) => [`big${n}`, { type: 'text', maxLength: 60_000 }]),
      );
      return parseSchema({ version: 1, fields });
    });
    const other = await open(schema);
    const value = 'x'.repeat(60_000);
    const most = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`big${n}`, value]));
    const { id: full } = await other.vault.create(call(), most);
    expect(await codeOf(other.vault.update(call(), full, { big5: value }))).toBe('too_large');
    expect(await codeOf(other.vault.create(call(), { ...most, big5: value }))).toBe('too_large');
    expect((await other.vault.presence(call(), full)).rev).toBe(1);
  });
});

describe('If-Match', () => {
  it('guards updates and removals', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), BOB);
    expect(etagOf(1)).toBe('"1"');
    const old = { ifMatch: parseIfMatch('"2", "3"') };
    expect(await codeOf(vault.update(call(), id, { city: 'Bonn' }, old))).toBe('precondition_failed');
    expect(await codeOf(vault.removeFields(call(), id, ['dob'], old))).toBe('precondition_failed');
    expect(await vault.update(call(), id, { city: 'Bonn' }, { ifMatch: parseIfMatch('"1"') })).toEqual({
      rev: 2,
    });
    expect(await vault.update(call(), id, { city: 'Bonn' }, { ifMatch: parseIfMatch('*') })).toEqual({
      rev: 3,
    });
  });

  it.each([
    ['"a,b", "7"', [7]],
    ['W/"^O,5Q,<" ,"3","1,"', [3]],
    ['"7"', [7]],
    [' "1" ,"2"', [1, 2]],
    ['W/"1"', []],
    ['"x"', []],
    ['"01"', []],
    ['*', undefined],
  ])('reads %s', (header, expected) => {
    expect(parseIfMatch(header)).toEqual(expected);
  });

  it.each(['', '1', '"1', '"1" "2"', '"a\nb"', `"1"${',"1"'.repeat(512)}`])('refuses %j', (header) => {
    expect(() => parseIfMatch(header)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});

describe('writers at once', () => {
  it('lose no update and fork no chain: 16 in one process', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), {});
    const names = [...vault.schema.fields.keys()].filter(
      (name) => name.startsWith('address') || name === 'city',
    );
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, n) => {
        return vault.update(call(), id, { [names[n % names.length] ?? 'city']: `value ${n}` });
      }),
    );
    expect(results.map(({ rev }) => rev).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, n) => n + 2),
    );
    expect((await vault.audit(call(), id)).entries).toHaveLength(17);
    expect(await vault.verifyAudit()).toMatchObject({ entries: 17, findings: [] });
  });

  it('lose no update and fork no chain: 4 processes', async () => {
    const first = await open();
    const { id } = await first.vault.create(call(), {});
    const processes = [first, await first.again(), await first.again(), await first.again()];
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, n) => {
        return processes[n % 4]?.vault
          .update(call(), id, { city: `value ${n}` })
          .catch((error) => error.code);
      }),
    );
    const won = results.filter((result) => typeof result === 'object').length;
    expect(won).toBeGreaterThanOrEqual(4);
    // Those that gave up said so.
    for (const result of results)
      expect([expect.anything(), 'conflict', 'audit_busy']).toContainEqual(result);
    expect((await first.vault.presence(call(), id)).rev).toBe(won + 1);
    expect(await first.vault.verifyAudit()).toMatchObject({ entries: won + 1, findings: [] });
  });

  it('see no tampering where another process writes between their reads', async () => {
    const first = await open();
    const { id } = await first.vault.create(call(), BOB);
    const { token } = await first.vault.keys.bootstrap();
    const others = [await first.again(), await first.again()];
    for (const { store } of others) {
      for (const name of ['get', 'query'] as const) {
        const original = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
        const late = async (...args: unknown[]): Promise<unknown> => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
          return await original(...args);
        };
        Object.assign(store, { [name]: late });
      }
    }
    const codes = await Promise.all(
      others.map(async ({ vault }) => {
        const seen: (string | undefined)[] = [];
        for (let n = 0; n < 12; n += 1) {
          seen.push(await codeOf(vault.update(call(), id, { city: `${n}` })));
          seen.push(await codeOf(vault.decrypt(call(), id, { fields: ['city'], ...REASON })));
          seen.push(await codeOf(vault.authenticate(token)));
        }
        return seen;
      }),
    );
    for (const code of codes.flat()) expect([undefined, 'conflict', 'audit_busy']).toContain(code);
    expect(others.flatMap(({ reports }) => reports)).toEqual([]);
    expect(await first.vault.verifyAudit()).toMatchObject({ findings: [] });
  });

  it('mixes updates, decrypts and denials on one chain', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), BOB);
    await Promise.all(
      Array.from({ length: 24 }, async (_, n) => {
        if (n % 3 === 0) await vault.update(call(), id, { city: `${n}` });
        else if (n % 3 === 1) {
          const code = await codeOf(vault.decrypt(call(), id, { fields: ['email'], ...REASON }));
          expect([undefined, 'conflict']).toContain(code);
        } else expect(await codeOf(vault.deleteVault(call({ scopes: new Set() }), id))).toBe('scope_missing');
      }),
    );
    expect(await vault.verifyAudit()).toMatchObject({ findings: [] });
  });
});

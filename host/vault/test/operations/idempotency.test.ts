// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const open = vaults();
const DAY = 24 * 3600e6;

describe('an idempotency key', () => {
  it('gives the first answer again', async () => {
    const { vault } = await open();
    const idempotency = 'key-1';
    const first = await vault.create(call(), BOB, { idempotency });
    // The same request, whatever blanks it is written with.
    expect(await vault.create(call(), { ...BOB, first_name: 'Bob' }, { idempotency })).toEqual(first);
    const update = { idempotency: 'key-2' };
    expect(await vault.update(call(), first.id, { city: 'Bonn' }, update)).toEqual({ rev: 2 });
    await vault.update(call(), first.id, { city: 'Köln' });
    expect(await vault.update(call(), first.id, { city: 'Bonn' }, update)).toEqual({ rev: 2 });
    expect((await vault.presence(call(), first.id)).rev).toBe(3);
    expect(await vault.verifyAudit()).toMatchObject({ entries: 3, findings: [] });
  });

  it('is refused for another request', async () => {
    const { vault } = await open();
    const idempotency = 'key-1';
    const { id } = await vault.create(call(), BOB, { idempotency });
    for (const work of [
      () => vault.create(call(), { ...BOB, city: 'Bonn' }, { idempotency }),
      () => vault.create(call(), {}, { idempotency }),
      () => vault.update(call(), id, BOB, { idempotency }),
    ]) {
      expect(await codeOf(work())).toBe('idempotency_key_reused');
    }
    await vault.update(call(), id, BOB, { idempotency: 'key-2' });
    const other = await vault.create(call(), {});
    expect(await codeOf(vault.update(call(), other.id, BOB, { idempotency: 'key-2' }))).toBe(
      'idempotency_key_reused',
    );
    expect(await codeOf(vault.update(call(), id, BOB, { idempotency: 'key-2', ifMatch: [1] }))).toBe(
      'idempotency_key_reused',
    );
  });

  it('is of one caller and one tenant', async () => {
    const { vault } = await open();
    const idempotency = 'key-1';
    const callers = [{}, { actor: 'key:other' }, { tenant: 'other' }];
    const ids = await Promise.all(callers.map((rights) => vault.create(call(rights), BOB, { idempotency })));
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3);
  });

  it('gives nothing to who may no longer ask', async () => {
    const { vault } = await open();
    const idempotency = 'key-1';
    const { id } = await vault.create(call(), BOB, { idempotency });
    await vault.update(call(), id, { city: 'Bonn' }, { idempotency: 'key-2' });
    const narrowed = { fields: new Set(['email']) };
    expect(await codeOf(vault.create(call({ scopes: new Set() }), BOB, { idempotency }))).toBe(
      'scope_missing',
    );
    expect(await codeOf(vault.create(call(narrowed), BOB, { idempotency }))).toBe('field_not_allowed');
    const again = vault.update(call(narrowed), id, { city: 'Bonn' }, { idempotency: 'key-2' });
    expect(await codeOf(again)).toBe('field_not_allowed');
  });

  it('makes one record of many requests at once', async () => {
    const first = await open();
    const second = await first.again();
    const idempotency = 'key-1';
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        (n % 2 === 0 ? first : second).vault.create(call(), BOB, { idempotency }),
      ),
    );
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
    const { items } = await first.store.scan('VAULT##', { limit: 100 });
    expect(items).toHaveLength(1);
    const id = ids[0]?.id ?? '';
    const updates = await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        return (n % 2 === 0 ? first : second).vault.update(
          call(),
          id,
          { city: 'x' },
          { idempotency: 'key-2' },
        );
      }),
    );
    expect(updates).toEqual(Array.from({ length: 12 }, () => ({ rev: 2 })));
    expect(await first.vault.verifyAudit()).toMatchObject({ entries: 2, findings: [] });
  });

  it('gives one answer to updates at once, whatever revision they were for', async () => {
    const { vault } = await open();
    const { id } = await vault.create(call(), BOB);
    const once = { idempotency: 'key-1', ifMatch: [1] };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => vault.update(call(), id, { city: 'Bonn' }, once)),
    );
    expect(answers).toEqual(answers.map(() => ({ rev: 2 })));
    expect((await vault.presence(call(), id)).rev).toBe(2);
  });

  it('gives one answer to updates of two processes at once', async () => {
    const first = await open();
    const second = await first.again();
    const { id } = await first.vault.create(call(), BOB);
    const once = { idempotency: 'key-1' };
    const answers = await Promise.all(
      [first, second, first, second].map(({ vault }) => vault.update(call(), id, { city: 'Bonn' }, once)),
    );
    expect(answers).toEqual(answers.map(() => ({ rev: 2 })));
  });

  it('is forgotten after a day', async () => {
    const { vault, clock } = await open();
    const idempotency = 'key-1';
    const later = (): ReturnType<typeof call> => ({ ...call(), deadline: Date.now() + 2 * DAY });
    const first = await vault.create(later(), BOB, { idempotency });
    clock.offset = DAY - 60e6;
    expect(await vault.create(later(), BOB, { idempotency })).toEqual(first);
    clock.offset = DAY + 60e6;
    const second = await vault.create(later(), {}, { idempotency });
    expect(second.id).not.toBe(first.id);
    expect(await vault.create(later(), {}, { idempotency })).toEqual(second);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(256), 'a\n'])('is refused as %j', async (idempotency) => {
    const { vault } = await shared;
    expect(await codeOf(vault.create(call(), BOB, { idempotency }))).toBe('invalid');
  });
  const shared = open();

  it('keeps nothing of the values, and cannot be written by another', async () => {
    const { vault, store } = await open();
    const idempotency = 'key-1';
    await vault.create(call(), BOB, { idempotency });
    const [row] = (await store.scan('IDEMPOTENCY##', { limit: 9 })).items;
    expect(JSON.stringify(row)).not.toMatch(/Bob|123456789|key-1|key:test/);
    const other = await vault.create(call(), {});
    const forged = { ...row, pk: row?.pk ?? '', sk: 'v0', _an: JSON.stringify({ id: other.id, rev: 1 }) };
    await store.transact([{ put: forged }]);
    expect(await codeOf(vault.create(call(), BOB, { idempotency }))).toBe('integrity_failed');
  });
});

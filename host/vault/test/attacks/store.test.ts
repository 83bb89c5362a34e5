// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Item } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

/** Someone who may write everything in the store, and holds none of its keys. */
const open = vaults();
const reason = 'a test';

interface Scene extends Fixture {
  readonly id: string;
  readonly other: string;
  item(id: string): Promise<Item>;
  write(item: Item): Promise<void>;
}

async function scene(): Promise<Scene> {
  const fixture = await open();
  const { vault, store } = fixture;
  const { id } = await vault.create(call(), BOB);
  const { id: other } = await vault.create(call(), { ...BOB, first_name: 'Eve', email: 'eve@example.org' });
  const item = async (record: string): Promise<Item> => {
    const found = await store.get(`VAULT##${record}`, 'v0');
    if (found === undefined) throw new Error('no such record');
    return { ...found };
  };
  return { ...fixture, id, other, item, write: (changed) => store.transact([{ put: changed }]) };
}

const flip = (value: unknown): Uint8Array => {
  return Buffer.from(value as Uint8Array).map((byte, index) => (index === 9 ? byte ^ 1 : byte));
};

/** Everything one can do with a record fails, with one code, and leaves no plaintext and no new seal behind. */
async function expectRefused({ vault, enclave, id, reports, store }: Scene, finding: string): Promise<void> {
  const before = await store.get(`VAULT##${id}`, 'v0');
  const asked = enclave.envelopes.length;
  for (const work of [
    () => vault.decrypt(call(), id, { fields: ['email', 'first_name'], reason }),
    () => vault.update(call(), id, { city: 'Bonn' }),
    () => vault.removeFields(call(), id, ['dob']),
  ]) {
    expect(await codeOf(work())).toBe('integrity_failed');
  }
  expect(enclave.envelopes.length).toBe(asked);
  expect(await store.get(`VAULT##${id}`, 'v0')).toEqual(before);
  expect(reports.map(({ event }) => event)).toContain('integrity_failed');
  const { findings } = await vault.verifyAudit();
  expect(findings.map(({ log, code }) => [log, code])).toContainEqual([id, finding]);
}

describe('a record', () => {
  const cases: [string, (item: Item, other: Item) => Item][] = [
    [
      'two fields swapped',
      (item) => ({ ...item, email: item.first_name ?? '', first_name: item.email ?? '' }),
    ],
    ['a field of another record', (item, other) => ({ ...item, email: other.email ?? '' })],
    ['a field edited', (item) => ({ ...item, email: flip(item.email) })],
    ['a field dropped', ({ dob: _, ...item }) => item as Item],
    ['a field added', (item) => ({ ...item, city: item.email ?? '' })],
    ['a field renamed', ({ dob, ...item }) => ({ ...item, last_name: dob ?? '' }) as Item],
    [
      'a field as text',
      (item) => ({ ...item, email: Buffer.from(item.email as Uint8Array).toString('hex') }),
    ],
    ['a field as a number', (item) => ({ ...item, email: 1 })],
    ['another wrapped key', (item, other) => ({ ...item, _sk: other._sk ?? '' })],
    ['another key pair', (item, other) => ({ ...item, _sk: other._sk ?? '', _pk: other._pk ?? '' })],
    ['another public key', (item, other) => ({ ...item, _pk: other._pk ?? '' })],
    ['another wrapping key', (item) => ({ ...item, _kk: `${item._kk}0` })],
    ['another suite', (item) => ({ ...item, _hs: Buffer.from('48504b45001000010002', 'hex') })],
    ['another schema version', (item) => ({ ...item, _sv: 2 })],
    ['another revision', (item) => ({ ...item, _rev: 7 })],
    ['another MAC', (item, other) => ({ ...item, _mac: other._mac ?? '' })],
    ['a MAC edited', (item) => ({ ...item, _mac: flip(item._mac) })],
    ['a MAC cut', (item) => ({ ...item, _mac: Buffer.from(item._mac as Uint8Array).subarray(0, 31) })],
    ['no MAC', ({ _mac: _, ...item }) => item as Item],
    ['an attribute of our own kind', (item) => ({ ...item, _x: 1 })],
    ['the whole other record', (_, other) => other],
    ["the other record's id", (item, other) => ({ ...item, _id: other._id ?? '' })],
  ];
  it.each(cases)('with %s is refused and named', async (_, change) => {
    const all = await scene();
    const { pk, sk } = await all.item(all.id);
    await all.write({ ...change(await all.item(all.id), await all.item(all.other)), pk, sk });
    await expectRefused(all, 'record_forged');
    expect(await codeOf(all.vault.presence(call(), all.id))).toBe('integrity_failed');
  });

  it.each(cases)('with %s is refused and named, though it was read a moment before', async (_, change) => {
    const all = await scene();
    await all.vault.decrypt(call(), all.id, { fields: ['email'], reason });
    const { pk, sk } = await all.item(all.id);
    await all.write({ ...change(await all.item(all.id), await all.item(all.other)), pk, sk });
    await expectRefused(all, 'record_forged');
  });

  it('that was read is read again as it is now, and not after it was deleted', async () => {
    const all = await scene();
    const decrypt = (one = all) => one.vault.decrypt(call(), all.id, { fields: ['email'], reason });
    await decrypt();
    const other = await all.again();
    await other.vault.update(call(), all.id, { email: 'new@example.org' });
    expect((await decrypt()).data).toEqual({ email: 'new@example.org' });
    await other.vault.deleteVault(call(), all.id);
    expect(await codeOf(decrypt())).toBe('not_found');
  });

  it('of two revisions mixed is refused and named', async () => {
    const all = await scene();
    const first = await all.item(all.id);
    await all.vault.update(call(), all.id, { email: 'new@example.org', city: 'Bonn' });
    const second = await all.item(all.id);
    for (const mixed of [
      { ...second, email: first.email ?? '' },
      { ...first, email: second.email ?? '', city: second.city ?? '' },
      { ...second, _rev: 1, _mac: first._mac ?? '' },
    ]) {
      await all.write(mixed);
      await expectRefused(all, 'record_forged');
    }
  });

  it('set back as a whole is refused: its chain ends with another state', async () => {
    const all = await scene();
    const first = await all.item(all.id);
    await all.vault.update(call(), all.id, { email: 'new@example.org' });
    await all.write(first);
    expect(await codeOf(all.vault.update(call(), all.id, { city: 'Bonn' }))).toBe('integrity_failed');
    expect(await codeOf(all.vault.decrypt(call(), all.id, { fields: ['email'], reason }))).toBe(
      'integrity_failed',
    );
    expect((await all.vault.verifyAudit()).findings).toMatchObject([{ log: all.id, code: 'record_state' }]);
  });

  it('that was deleted does not come back', async () => {
    const all = await scene();
    const alive = await all.item(all.id);
    await all.vault.deleteVault(call(), all.id);
    await all.write(alive);
    expect(await codeOf(all.vault.decrypt(call(), all.id, { fields: ['email'], reason }))).toBe(
      'integrity_failed',
    );
    expect((await all.vault.verifyAudit()).findings).toMatchObject([{ log: all.id, code: 'record_revived' }]);
  });

  it('that is gone, or made to look deleted, is named', async () => {
    const all = await scene();
    await all.store.transact([{ remove: { pk: `VAULT##${all.id}`, sk: 'v0' } }]);
    expect(await codeOf(all.vault.presence(call(), all.id))).toBe('not_found');
    expect((await all.vault.verifyAudit()).findings).toMatchObject([{ log: all.id, code: 'record_missing' }]);
    await all.write({ pk: `VAULT##${all.other}`, sk: 'v0', _tn: 'default', _del: 1 });
    expect((await all.vault.verifyAudit({ id: all.other })).findings).toMatchObject([
      { code: 'record_missing' },
    ]);
  });

  it('moved to another tenant or another id opens for nobody', async () => {
    const all = await scene();
    const item = await all.item(all.id);
    await all.write({ ...item, _tn: 'evil' });
    const evil = call({ tenant: 'evil' });
    expect(await codeOf(all.vault.decrypt(evil, all.id, { fields: ['email'], reason }))).toBe(
      'integrity_failed',
    );
    expect(await codeOf(all.vault.decrypt(call(), all.id, { fields: ['email'], reason }))).toBe('not_found');
    const moved = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
    await all.write({ ...item, pk: `VAULT##${moved}`, _id: moved });
    expect(await codeOf(all.vault.decrypt(call(), moved, { fields: ['email'], reason }))).toBe(
      'integrity_failed',
    );
    await all.write(item);
    expect((await all.vault.verifyAudit()).findings).toMatchObject([{ log: moved, code: 'log_missing' }]);
  });

  it('that was tampered with is audited on the system chain', async () => {
    const all = await scene();
    await all.write({ ...(await all.item(all.id)), _rev: 9 });
    await codeOf(all.vault.decrypt(call(), all.id, { fields: ['email'], reason }));
    const system = await all.store.query('LOG##system_default', { limit: 9 });
    expect(system.map(({ sk }) => sk)).toEqual(['000000000001', 'head']);
  });
});

describe('an item that cannot be read', () => {
  const LOG_ENTRY = '000000000001';
  it('hides nothing else from the audit, whatever it is', async () => {
    const all = await scene();
    const { id: key } = await all.vault.keys.create(call(), { scopes: ['vaults:read'] });
    const { id: third } = await all.vault.create(call(), BOB);
    const database = new DatabaseSync(all.path);
    const spoil = database.prepare('UPDATE items SET body = ? WHERE pk = ? AND sk = ?');
    spoil.run(Buffer.from('no item'), `VAULT##${all.id}`, 'v0');
    spoil.run(Buffer.from('no item'), `LOG##${all.other}`, LOG_ENTRY);
    spoil.run(Buffer.from('no item'), `LOG##${third}`, 'head');
    spoil.run(Buffer.from('no item'), `KEY##${key}`, 'v0');
    database.close();
    const { findings } = await all.vault.verifyAudit();
    expect(new Map(findings.map(({ log, code }) => [log, code]))).toEqual(
      new Map([
        [all.id, 'record_forged'],
        [all.other, 'entry_forged'],
        [third, 'head_forged'],
        [`key_${key}`, 'key_forged'],
      ]),
    );
    expect(await codeOf(all.vault.presence(call(), all.id))).toBe('store_unavailable');
    expect(await codeOf(all.vault.update(call(), all.other, { city: 'Bonn' }))).toBe('integrity_failed');
    expect(await codeOf(all.vault.audit(call(), all.other))).toBe('integrity_failed');
    expect(await codeOf(all.vault.update(call(), third, { city: 'Bonn' }))).toBe('integrity_failed');
  });
});

describe('the keys of the deployment', () => {
  it.each([
    ['record', { wrapped: Buffer.alloc(60) }],
    ['audit', { wrapped: Buffer.alloc(0) }],
    ['system', { wrapped: 'text' }],
  ])('%s: altered, the vault does not open', async (purpose, change) => {
    const all = await scene();
    await all.write({ pk: 'SYSTEM', sk: `integrity-key#${purpose}`, ...change });
    await expect(all.again()).rejects.toMatchObject({ code: 'integrity_key_refused' });
  });

  it('swapped, the vault does not open', async () => {
    const all = await scene();
    const key = await all.store.get('SYSTEM', 'integrity-key#audit');
    await all.write({ pk: 'SYSTEM', sk: 'integrity-key#record', wrapped: key?.wrapped ?? '' });
    await expect(all.again()).rejects.toMatchObject({ code: 'integrity_key_refused' });
  });

  it.each([[['record']], [['record', 'audit', 'system']]])(
    'gone (%j), the vault does not make new ones',
    async (gone) => {
      const all = await scene();
      for (const purpose of gone) {
        await all.store.transact([{ remove: { pk: 'SYSTEM', sk: `integrity-key#${purpose}` } }]);
      }
      const made = all.kms.calls.filter((name) => name === 'generateIntegrityKey').length;
      await expect(all.again()).rejects.toMatchObject({ code: 'integrity_key_missing' });
      expect(all.kms.calls.filter((name) => name === 'generateIntegrityKey')).toHaveLength(made);
    },
  );

  it('are made once, however many open an empty store', async () => {
    const first = await open();
    const both = await Promise.all([first.again(), first.again(), first.again()]);
    const { id } = await first.vault.create(call(), BOB);
    for (const { vault } of both) {
      expect((await vault.presence(call(), id)).rev).toBe(1);
    }
  });
});

describe('the schema', () => {
  it('as stored cannot be edited', async () => {
    const all = await scene();
    const item = await all.store.get('SYSTEM', 'schema');
    await all.write({ ...item, pk: 'SYSTEM', sk: 'schema', schema: `${item?.schema} ` });
    await expect(all.again()).rejects.toMatchObject({ code: 'integrity_failed' });
  });
});

// SPDX-License-Identifier: Apache-2.0
import { P256, P521 } from '@enclave-vault/hpke';
import { describe, expect, it } from 'vitest';
import { type ForeignRecord, Importer, type ImporterOptions, type ImportOutcome } from '../../src/import.ts';
import { KmsError, parseSchema, StoreError, VaultError } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, thrownBy, vaults } from '../support/fixture.ts';
import { LEGACY_KEY_ARN } from '../support/local-kms.ts';
import { sampleRecord } from '../support/sample-writer.ts';

const open = vaults();
const VALUES = { first_name: 'Bob', ssn9: '219099999', ssn4: '9999', dob: '1980-02-29', city: 'Öl "x"' };
const IMPORTED = { result: 'imported', again: false, replaced: false, dropped: [] };

const OPTIONS: ImporterOptions = {
  tenant: 'default',
  keyArn: LEGACY_KEY_ARN,
  importId: 'one',
  from: 'a test',
  timeoutMs: 10_000,
  replace: false,
  dryRun: false,
  without: new Set(),
  withoutDamaged: false,
};

async function importer(fixture: Fixture, options: Partial<ImporterOptions> = {}): Promise<Importer> {
  const { store, kms, sink, clock, vault } = fixture;
  const report = (one: (typeof fixture.reports)[number]) => fixture.reports.push(one);
  const dependencies = { store, kms, sink, clock, schema: vault.schema, report };
  return await Importer.open(dependencies, { ...OPTIONS, ...options });
}

async function fixture(): Promise<
  Fixture & { run(record: ForeignRecord, options?: Partial<ImporterOptions>): Promise<ImportOutcome> }
> {
  const made = await open();
  return { ...made, run: async (record, options) => (await importer(made, options)).import(record) };
}

async function reveal({ vault }: Fixture, id: string): Promise<unknown> {
  const fields = Object.keys(VALUES);
  const { data, errors } = await vault.decrypt(call(), id, { fields, reason: 'a test' });
  return errors.length === 0 ? { ...data } : errors;
}

const with_ = (record: ForeignRecord, changes: Partial<ForeignRecord>): ForeignRecord => ({
  ...record,
  ...changes,
});
const withField = (record: ForeignRecord, name: string, value: Uint8Array | string): ForeignRecord =>
  with_(record, { fields: new Map([...record.fields, [name, value]]) });

describe('a record of the sample', () => {
  it.each([
    ['hex', { encoding: 1 as const }],
    ['binary', { encoding: 2 as const }],
    ['both', { encoding: 'mixed' as const }],
    ['P-256', { suite: P256 }],
    ['P-521', { suite: P521, encoding: 2 as const }],
  ])('opens after it: %s', async (_, how) => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES, how);
    expect(await made.run(record)).toEqual(IMPORTED);
    expect(await reveal(made, record.id)).toEqual(VALUES);
    expect(made.kms.calls).not.toContain('generateRecordKeyPair');
  });

  it('keeps its id, key, times and encoding, and gets revision, MAC and a chain', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES, { encoding: 2 });
    await made.run(record);
    const item = await made.store.get(`VAULT##${record.id}`, 'v0');
    expect(item).toMatchObject({
      ...{ _id: record.id, _tn: 'default', _v: 2, _sv: 1, _rev: 1, _kk: LEGACY_KEY_ARN },
      ...{ _ct: record.created, _mt: record.modified },
    });
    expect((await made.vault.presence(call(), record.id)).rev).toBe(1);
    const { entries } = await made.vault.audit(call(), record.id);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      ...{ n: 1, event: 'ImportVault', actor: 'system:import', result: 'ok', rev: 1 },
      ...{ request_id: 'import-one', reason: 'a test', fields: Object.keys(VALUES).sort() },
    });
    expect(made.sink.heads.map(({ log }) => log)).toContain(record.id);
    expect((await made.vault.verifyAudit({ against: made.sink.heads })).findings).toEqual([]);
  });

  it('can be written to: old and new encodings side by side, under the old key', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES, { encoding: 'mixed' });
    await made.run(record);
    await made.vault.update(call(), record.id, { first_name: 'Rob', ssn9: '987654321' });
    expect(await reveal(made, record.id)).toEqual({
      ...VALUES,
      ...{ first_name: 'Rob', ssn9: '987654321', ssn4: '4321' },
    });
    const item = await made.store.get(`VAULT##${record.id}`, 'v0');
    expect(item).toMatchObject({ _v: 3, _rev: 2, _kk: LEGACY_KEY_ARN, _ct: record.created });
    expect(Buffer.from(item?._sk as Uint8Array)).toEqual(record.wrappedKey);
    expect(Buffer.from(item?.first_name as Uint8Array)[0]).toBe(3);
    expect(item?.dob).toEqual(record.fields.get('dob'));
    await made.vault.removeFields(call(), record.id, ['dob']);
    expect(await reveal(made, record.id)).toMatchObject({ dob: null, city: VALUES.city });
    await made.vault.deleteVault(call(), record.id);
    expect(await codeOf(made.vault.presence(call(), record.id))).toBe('not_found');
    expect((await made.vault.verifyAudit()).findings).toEqual([]);
  });

  it('without fields is a record', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, {});
    expect(await made.run(record)).toEqual(IMPORTED);
    await made.vault.update(call(), record.id, { city: 'Graz' });
    expect(await reveal(made, record.id)).toMatchObject({ city: 'Graz', dob: null });
  });
});

describe('again', () => {
  it('changes nothing, and says by whom it was imported', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    await made.run(record);
    expect(await made.run(record)).toEqual({ ...IMPORTED, again: true });
    expect(await made.run(record, { importId: 'two' })).toEqual({ result: 'already', changedHere: false });
    await made.vault.update(call(), record.id, { city: 'Graz' });
    expect(await made.run(record)).toEqual({ result: 'already', changedHere: true });
    expect((await made.vault.audit(call(), record.id)).entries.map(({ event }) => event)).toEqual([
      'UpdateVault',
      'ImportVault',
    ]);
  });

  it('at once from two processes imports once', async () => {
    const made = await fixture();
    const other = await made.again();
    const records = Array.from({ length: 20 }, () => sampleRecord(made.kms, { city: 'Graz' }));
    const [a, b] = [await importer(made), await importer(other, { importId: 'two' })];
    const outcomes = await Promise.all(records.flatMap((record) => [a.import(record), b.import(record)]));
    expect(outcomes.filter(({ result }) => result === 'imported')).toHaveLength(20);
    expect(outcomes.filter(({ result }) => result === 'already')).toHaveLength(20);
    expect((await made.vault.verifyAudit()).findings).toEqual([]);
  });

  it('does not bring back what was deleted', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    await made.run(record);
    await made.vault.deleteVault(call(), record.id);
    expect(await made.run(record, { replace: true })).toEqual({ result: 'skipped', code: 'deleted' });
  });

  it('names what has changed at the source, and replaces it only when asked and only what was never written to here', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    await made.run(record);
    const changed = withField(record, 'city', record.fields.get('dob') ?? '');
    expect(await made.run(changed)).toEqual({ result: 'skipped', code: 'source_changed' });
    const wrongKey = LEGACY_KEY_ARN.replace(/f$/, 'e');
    expect(await made.run(record, { keyArn: wrongKey })).toEqual({
      result: 'skipped',
      code: 'source_changed',
    });
    // Reads and denials in between are no writes.
    await reveal(made, record.id);
    await codeOf(made.vault.deleteVault(call({ scopes: new Set() }), record.id));
    expect(await made.run(changed, { replace: true })).toEqual({ ...IMPORTED, replaced: true });
    expect(await made.run(changed, { replace: true })).toMatchObject({ again: true, replaced: true });
    expect((await made.vault.presence(call(), record.id)).rev).toBe(2);
    expect(await made.run(record, { replace: true, importId: 'two' })).toMatchObject({ replaced: true });
    expect(await reveal(made, record.id)).toEqual(VALUES);
    await made.vault.removeFields(call(), record.id, ['dob']);
    expect(await made.run(changed, { replace: true })).toEqual({ result: 'already', changedHere: true });
    expect((await made.vault.verifyAudit({ against: made.sink.heads })).findings).toEqual([]);
  });
});

describe('what is skipped', () => {
  it.each<[string, (record: ForeignRecord) => ForeignRecord, object]>([
    ['an id of ours', (r) => with_(r, { id: 'v_01HV1XW70Q03PHK892JFQAY0Z5' }), { code: 'bad_id' }],
    ['an id that is none', (r) => with_(r, { id: `${r.id}\n` }), { code: 'bad_id' }],
    [
      'another suite',
      (r) => with_(r, { suite: Buffer.from('HPKE\0\x20\0\x01\0\x03', 'latin1') }),
      { code: 'unknown_suite' },
    ],
    ['no suite', (r) => with_(r, { suite: new Uint8Array() }), { code: 'unknown_suite' }],
    [
      'a key of another suite',
      (r) => with_(r, { suite: Buffer.from('HPKE\0\x10\0\x01\0\x02', 'latin1') }),
      { code: 'bad_public_key' },
    ],
    ['no public key', (r) => with_(r, { publicKey: new Uint8Array() }), { code: 'bad_public_key' }],
    ['no private key', (r) => with_(r, { wrappedKey: new Uint8Array() }), { code: 'bad_wrapped_key' }],
    [
      'a private key too large',
      (r) => with_(r, { wrappedKey: Buffer.alloc(6145) }),
      { code: 'bad_wrapped_key' },
    ],
    ['a field of no schema', (r) => withField(r, 'iban', 'x'), { code: 'unknown_field', fields: ['iban'] }],
    [
      'encoding 3',
      (r) => withField(r, 'city', Buffer.concat([Buffer.from([3, 0, 0]), Buffer.alloc(130, 4)])),
      { code: 'bad_field', fields: ['city'] },
    ],
    ['plaintext', (r) => withField(r, 'city', 'Graz'), { code: 'bad_field', fields: ['city'] }],
    [
      'a cut value',
      (r) => withField(r, 'city', String(r.fields.get('city')).slice(0, -2 * 20)),
      { code: 'bad_field', fields: ['city'] },
    ],
    [
      'a point off the curve',
      (r) => withField(r, 'dob', String(r.fields.get('dob')).replace(/^04.{8}/, '0400000000')),
      { code: 'bad_field', fields: ['dob'] },
    ],
  ])('%s', async (_, change, expected) => {
    const made = await fixture();
    const record = change(sampleRecord(made.kms, VALUES));
    expect(await made.run(record)).toEqual({ result: 'skipped', ...expected });
    expect(await made.store.get(`VAULT##${record.id}`, 'v0')).toBeUndefined();
  });

  it('fields alone, where they are named or damaged and that is asked for', async () => {
    const made = await fixture();
    const record = withField(withField(sampleRecord(made.kms, VALUES), 'iban', 'x'), 'dob', 'Graz');
    const options = { without: new Set(['iban']), withoutDamaged: true };
    expect(await made.run(record, options)).toEqual({ ...IMPORTED, dropped: ['dob', 'iban'] });
    expect(await reveal(made, record.id)).toEqual({ ...VALUES, dob: null });
  });

  it('a record too large', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `f${n}`);
    const fields = Object.fromEntries(names.map((name) => [name, { type: 'text', maxLength: 60_000 }]));
    const made = await open(parseSchema({ version: 1, fields }));
    const values = Object.fromEntries(names.map((name) => [name, 'x'.repeat(30_000)]));
    const run = async (encoding: 1 | 2) =>
      (await importer(made)).import(sampleRecord(made.kms, values, { encoding }));
    expect(await run(1)).toEqual({ result: 'skipped', code: 'too_large' });
    expect(await run(2)).toEqual(IMPORTED);
  });

  it('a field whose type is not text', async () => {
    const fields = { age: { type: 'integer' }, city: { type: 'text' } };
    const made = await open(parseSchema({ version: 1, fields }));
    const outcome = await (await importer(made)).import(sampleRecord(made.kms, { age: '7', city: 'x' }));
    expect(outcome).toEqual({ result: 'skipped', code: 'field_type', fields: ['age'] });
  });

  it("another tenant's record, and what was tampered with", async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    await made.run(record);
    expect(await made.run(record, { tenant: 'other' })).toEqual({ result: 'skipped', code: 'other_tenant' });
    const item = await made.store.get(`VAULT##${record.id}`, 'v0');
    if (item === undefined) throw new Error('not there');
    await made.store.transact([{ put: { ...item, _kk: 'arn:other' } }]);
    expect(await made.run(record)).toEqual({ result: 'skipped', code: 'integrity_failed' });
    await made.store.transact([{ remove: { pk: item.pk, sk: item.sk } }]);
    expect(await made.run(record, { replace: true })).toEqual({
      result: 'skipped',
      code: 'integrity_failed',
    });
    expect(made.reports.map(({ code }) => code)).toEqual(['record_mac', 'record_state']);
  });
});

describe('an importer', () => {
  it('writes nothing when it only looks', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    expect(await made.run(record, { dryRun: true })).toEqual(IMPORTED);
    expect(await made.run(withField(record, 'iban', 'x'), { dryRun: true })).toMatchObject({
      code: 'unknown_field',
    });
    expect(await made.store.get(`VAULT##${record.id}`, 'v0')).toBeUndefined();
    expect((await made.store.query(`LOG##${record.id}`, { limit: 1 })).length).toBe(0);
  });

  it('does not open without the keys of the store, or with words that could not be audited', async () => {
    const made = await fixture();
    made.kms.failure = new KmsError('unavailable');
    await expect(importer(made)).rejects.toMatchObject({ code: 'unavailable' });
    made.kms.failure = undefined;
    for (const bad of [{ tenant: 'No' }, { importId: '' }, { importId: 'a b' }, { from: 'x'.repeat(257) }])
      expect((await thrownBy(importer(made, bad))).code).toBe('malformed');
  });

  it('fails, to be tried again, when the sink or the store do', async () => {
    const made = await fixture();
    const record = sampleRecord(made.kms, VALUES);
    made.sink.failing = true;
    expect(await codeOf(made.run(record))).toBe('audit_unavailable');
    expect(await codeOf(made.run(record))).toBe('audit_unavailable');
    made.sink.failing = false;
    expect(made.sink.heads.map(({ log }) => log)).not.toContain(record.id);
    expect(await made.run(record)).toEqual({ ...IMPORTED, again: true });
    expect(made.sink.heads).toContainEqual(expect.objectContaining({ log: record.id, n: 1 }));
    expect((await made.vault.verifyAudit({ against: made.sink.heads })).findings).toEqual([]);
    const one = await importer(made);
    await made.store.close();
    const error = await one.import(record).catch((thrown: unknown) => thrown);
    expect(error instanceof StoreError || error instanceof VaultError).toBe(true);
  });
});

it('no record of ours passes for one of the sample: neither by its id nor by the encoding of its fields', async () => {
  const made = await fixture();
  const { id } = await made.vault.create(call(), BOB);
  const item = await made.store.get(`VAULT##${id}`, 'v0');
  if (item === undefined) throw new Error('not there');
  const fields = new Map(
    Object.entries(item).filter(([name]) => /^[a-z]/.test(name) && !/^[ps]k$/.test(name)),
  );
  const stolen: ForeignRecord = {
    ...{
      id,
      suite: item._hs as Uint8Array,
      publicKey: item._pk as Uint8Array,
      wrappedKey: item._sk as Uint8Array,
    },
    ...{ created: null, modified: null, fields: fields as ForeignRecord['fields'] },
  };
  expect(await made.run(stolen)).toEqual({ result: 'skipped', code: 'bad_id' });
  const renamed = { ...stolen, id: sampleRecord(made.kms, {}).id };
  expect(await made.run(renamed)).toMatchObject({ code: 'bad_field', fields: [...fields.keys()] });
});

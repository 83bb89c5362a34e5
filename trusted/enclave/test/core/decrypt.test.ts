// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingOf, Question, type StoredRecord, store, storeLegacy } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { testEnclave } from '../support/enclave.ts';

let deployment: TestDeployment;
let enclave: ReturnType<typeof testEnclave>;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;

beforeAll(async () => {
  deployment = await startDeployment();
  enclave = testEnclave(deployment);
  expect(await enclave.configure()).toBe('empty');
  key = await deployment.dataKey();
  record = await store(deployment, { dob: '1980-02-29', city: 'Bern' });
});
afterAll(async () => {
  await enclave?.close();
  await deployment?.close();
});

const ask = (request: Parameters<typeof everythingOf>[1] & object, from = record) =>
  enclave.ask(new Question(key, everythingOf(from, request)));

describe('results', () => {
  test('reveals what was asked for, in that order', async () => {
    expect(await ask({ reveal: ['dob', 'city'] })).toEqual({
      data: [
        ['dob', '"1980-02-29"'],
        ['city', '"Bern"'],
      ],
      errors: [],
    });
  });

  test('what only an expression uses is not revealed', async () => {
    const expressions = [{ name: 'adult', source: 'date(dob).age() >= 18' }];
    expect(await ask({ reveal: ['city'], expressions })).toEqual({
      data: [
        ['city', '"Bern"'],
        ['adult', 'true'],
      ],
      errors: [],
    });
  });

  test('a later expression may use an earlier result', async () => {
    const expressions = [
      { name: 'loud', source: 'city.to_uppercase()' },
      { name: 'louder', source: 'loud + "!"' },
    ];
    expect(await ask({ reveal: [], expressions })).toMatchObject({
      data: [
        ['loud', '"BERN"'],
        ['louder', '"BERN!"'],
      ],
    });
  });

  test('a known field without a value is null', async () => {
    const expressions = [{ name: 'none', source: 'email == null' }];
    expect(await ask({ reveal: [], expressions })).toMatchObject({ data: [['none', 'true']] });
  });

  test('each failing expression has its own code, and the others their results', async () => {
    const expressions = [
      { name: 'wrong', source: 'city +' },
      { name: 'fails', source: '1 / 0' },
      { name: 'right', source: '1 + 1' },
    ];
    expect(await ask({ reveal: ['city'], expressions })).toEqual({
      data: [
        ['city', '"Bern"'],
        ['right', '2'],
      ],
      errors: [
        { name: 'wrong', code: 'expression_invalid' },
        { name: 'fails', code: 'expression_failed' },
      ],
    });
  });

  test('an imported record: key of no context', async () => {
    const legacy = storeLegacy(deployment, { email: 'bob@example.org' });
    expect(await ask({}, legacy)).toEqual({ data: [['email', '"bob@example.org"']], errors: [] });
  });

  test('nothing asked, nothing said', async () => {
    expect(await ask({ fields: new Map(), reveal: [] })).toEqual({ data: [], errors: [] });
  });
});

describe('a field that does not open', () => {
  const spoil = (name: string): Map<string, Uint8Array | string> => {
    const fields = new Map(record.fields);
    const bytes = Buffer.from(fields.get(name) ?? '');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return fields.set(name, bytes);
  };

  test('is an error, and the others are revealed', async () => {
    expect(await ask({ fields: spoil('dob') })).toEqual({
      data: [['city', '"Bern"']],
      errors: [{ name: 'dob', code: 'field_unreadable' }],
    });
  });

  test('spoils each expression that may use it, and no other', async () => {
    const expressions = [
      { name: 'by_name', source: 'dob == null' },
      { name: 'by_record', source: 'has(record.dob)' },
      { name: 'by_key', source: '"dob" in record' },
      { name: 'by_whole', source: 'size(record)' },
      { name: 'by_escape', source: 'record["d\\x6fb"]' },
      { name: 'by_alias', source: '[record].exists(r, has(r.city))' },
      { name: 'by_root', source: '.dob' },
      { name: 'by_comment', source: 'dob// x' },
      { name: 'by_result', source: 'by_name ? 1 : 2' },
      { name: 'apart', source: 'city + "!"' },
      { name: 'broken', source: 'dob +' },
      { name: 'near', source: '[1].map(dobs, dobs + 1)' },
    ];
    const answer = await ask({ fields: spoil('dob'), reveal: [], expressions });
    expect(answer).toEqual({
      data: [
        ['apart', '"Bern!"'],
        ['near', '[2]'],
      ],
      errors: [
        { name: 'dob', code: 'field_unreadable' },
        ...expressions
          .filter(({ name }) => name.startsWith('by_') || name === 'broken')
          .map(({ name }) => ({ name, code: 'expression_failed' })),
      ],
    });
  });

  test('two fields exchanged are two errors', async () => {
    const fields = new Map([
      ['city', record.fields.get('dob') ?? ''],
      ['dob', record.fields.get('city') ?? ''],
    ]);
    expect(await ask({ fields })).toMatchObject({
      data: [],
      errors: [{ code: 'field_unreadable' }, { code: 'field_unreadable' }],
    });
  });
});

describe('a record that is not what it says', () => {
  test('of a key that is not configured', async () => {
    const keyArn = deployment.keys.vault.replace(/.{4}$/, '0000');
    expect(await ask({ keyArn })).toEqual({ error: 'unknown_key' });
  });

  test('of the request key', async () => {
    const answer = await ask({ keyArn: deployment.keys.request, wrappedKey: key.wrappedKey });
    expect(answer).toEqual({ error: 'unknown_key' });
  });

  test('its wrapped key under another id, another tenant, or without its context', async () => {
    const other = await store(deployment, { city: 'Basel' });
    for (const change of [
      { vaultId: other.vaultId },
      { tenant: 'other' },
      { wrappedKey: other.wrappedKey },
      { keyArn: deployment.keys.legacy },
    ]) {
      expect(await ask(change)).toEqual({ error: 'record_unreadable' });
    }
  });

  test('garbage for a wrapped key', async () => {
    expect(await ask({ wrappedKey: Buffer.alloc(200, 1) })).toEqual({ error: 'record_unreadable' });
  });

  test('fields of another record under this record’s key', async () => {
    const other = await store(deployment, { city: 'Basel', dob: '2000-01-01' });
    expect(await ask({ fields: other.fields })).toMatchObject({ data: [] });
  });

  test('a suite that there is not, and one that the key does not fit', async () => {
    const suite = Buffer.from('48504b45001100020001', 'hex');
    expect(await ask({ suite })).toEqual({ error: 'malformed' });
    const p256 = Buffer.from('48504b45001000010002', 'hex');
    expect(await ask({ suite: p256 })).toEqual({ error: 'record_unreadable' });
  });

  test('an id that is a KSUID by form and none by value', async () => {
    expect(await ask({ vaultId: `v_${'z'.repeat(27)}` }, storeLegacy(deployment, { city: 'x' }))).toEqual({
      error: 'malformed',
    });
  });
});

test('nothing that was asked or answered is in the log', async () => {
  const log = JSON.stringify(enclave.events);
  for (const value of ['Bern', '1980', 'example', 'date(', record.vaultId, 'default']) {
    expect(log).not.toContain(value);
  }
});

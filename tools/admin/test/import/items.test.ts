// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/import/attributes.ts';
import { readSampleItem } from '../../src/import/sample-item.ts';

const ID = 'v_2hRK9u2DOzmAPMhdVNt9qlJ3UvL';
const ITEM = {
  pk: { S: `VAULT##${ID}` },
  sk: { S: 'v0' },
  _id: { S: ID },
  _v: { N: '1' },
  _hs: { B: 'SFBLRQARAAIAAg==' },
  _pk: { B: 'cGs=' },
  _sk: { B: 'c2s=' },
  _ct: { N: '1700000000000000' },
  _mt: { N: '1700000000000001' },
  first_name: { S: '04ab#cd' },
  dob: { B: 'BAE=' },
};
const read = (item: object) => readSampleItem(parseLine(JSON.stringify({ Item: item })) ?? new Map());
const refused = (item: object) => {
  const found = read(item);
  return found.kind === 'refused' ? found : found.kind;
};

describe('an item of the sample', () => {
  it('is taken apart', () => {
    expect(read(ITEM)).toEqual({
      kind: 'record',
      record: {
        id: ID,
        suite: Buffer.from('HPKE\0\x11\0\x02\0\x02', 'latin1'),
        publicKey: Buffer.from('pk'),
        wrappedKey: Buffer.from('sk'),
        created: 1_700_000_000_000_000,
        modified: 1_700_000_000_000_001,
        fields: new Map<string, unknown>([
          ['first_name', '04ab#cd'],
          ['dob', Buffer.from([4, 1])],
        ]),
      },
    });
  });

  it('has its fields under the names they were sealed with', () => {
    const found = read({ ...ITEM, ' Last_Name ': { S: 'x' } });
    expect(found.kind === 'record' && [...found.record.fields.keys()]).toEqual([
      'first_name',
      'dob',
      'last_name',
    ]);
    expect(refused({ ...ITEM, DOB: { S: 'x' } })).toMatchObject({ code: 'field_collision', fields: ['dob'] });
  });

  it('keeps what is no sealed value for the vault to refuse, and own attributes of others as fields', () => {
    const odd = {
      city: { N: '1' },
      state: { L: [] },
      country: { B: 'no base64!' },
      expire_at: { N: '1' },
      _x: { S: 'y' },
    };
    const found = read({ ...ITEM, ...odd });
    const fields = found.kind === 'record' ? found.record.fields : new Map();
    for (const name of ['city', 'state', 'country', 'expire_at']) expect(fields.get(name)).toBe('');
    expect(fields.get('_x')).toBe('y');
  });

  it('may have no version and no times', () => {
    const { _v, _ct, _mt, ...older } = ITEM;
    expect(read(older)).toMatchObject({ kind: 'record', record: { created: null, modified: null } });
    expect(read({ ...ITEM, _ct: { N: '1e99' }, _mt: { S: 'x' } })).toMatchObject({
      record: { created: null },
    });
  });

  const { _sk, ...keyless } = ITEM;
  it.each<[string, object, object | string]>([
    ['a log entry', { pk: { S: `LOG##${ID}` }, sk: { S: '1700000000000000' } }, 'log'],
    ['no key', keyless, { id: ID, code: 'no_key' }],
    ['a key that is text', { ...ITEM, _sk: { S: 'c2s=' } }, { code: 'no_key' }],
    ['another id', { ...ITEM, _id: { S: 'v_other' } }, { code: 'bad_id' }],
    ['encoding 3', { ...ITEM, _v: { N: '3' } }, { code: 'unknown_encoding' }],
    ['a version that is text', { ...ITEM, _v: { S: '1' } }, { code: 'unknown_encoding' }],
    ['a record of ours', { ...ITEM, _mac: { B: '' } }, { code: 'not_of_the_sample' }],
    ['another sort key', { ...ITEM, sk: { S: 'v1' } }, { code: 'not_of_the_sample' }],
    ['something else', { pk: { S: 'USER##1' } }, { id: null, code: 'not_of_the_sample' }],
    ['no key at all', {}, { code: 'not_of_the_sample' }],
    [
      'a long id',
      { ...ITEM, pk: { S: `VAULT##${'x'.repeat(9_000)}` } },
      { id: 'x'.repeat(64), code: 'bad_id' },
    ],
  ])('that is none: %s', (_, item, expected) => {
    const found = refused(item);
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatchObject({ kind: 'refused', ...expected });
  });
});

describe('a line of an export', () => {
  it.each([
    ['no JSON', '{"Item":'],
    ['no item', '{"Items":{}}'],
    ['more than an item', '{"Item":{},"Keys":{}}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['an item that is none', '{"Item":[]}'],
  ])('is refused: %s', (_, line) => {
    expect(parseLine(line)).toBeUndefined();
  });

  it('may name what objects have already', () => {
    const item = parseLine('{"Item":{"__proto__":{"S":"x"},"constructor":{"S":"y"}}}');
    expect([...(item ?? [])]).toEqual([
      ['__proto__', { S: 'x' }],
      ['constructor', { S: 'y' }],
    ]);
  });
});

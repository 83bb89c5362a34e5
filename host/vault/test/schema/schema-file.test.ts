// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseSchema, VaultOpenError } from '../../src/index.ts';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const open = vaults();
const text = { type: 'text' };

function problem(file: unknown): string | undefined {
  try {
    parseSchema(file);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'schema_malformed' });
    return (error as VaultOpenError).message;
  }
}

describe('a schema file', () => {
  it.each<[string, unknown]>([
    ['no object', []],
    ['an unknown member', { version: 1, fields: { a: text }, more: 1 }],
    ['no version', { fields: { a: text } }],
    ['version 0', { version: 0, fields: { a: text } }],
    ['no fields', { version: 1, fields: {} }],
    ['a capital name', { version: 1, fields: { Name: text } }],
    ['a name of our own', { version: 1, fields: { _rev: text } }],
    ['__proto__', { version: 1, fields: JSON.parse('{"__proto__":{"type":"text"}}') }],
    ['a reserved name', { version: 1, fields: { record: text } }],
    ['the key of an item', { version: 1, fields: { pk: text } }],
    ['a name that CEL keeps', { version: 1, fields: { in: text } }],
    ['a name of a type', { version: 1, fields: { string: text } }],
    ['an unknown type', { version: 1, fields: { a: { type: 'toString' } } }],
    ['no type', { version: 1, fields: { a: {} } }],
    ['an option of another type', { version: 1, fields: { a: { type: 'email', length: 3 } } }],
    ['a missing option', { version: 1, fields: { a: { type: 'digits' } } }],
    ['a length of 0', { version: 1, fields: { a: { type: 'digits', length: 0 } } }],
    ['a length as text', { version: 1, fields: { a: { type: 'digits', length: '9' } } }],
    ['a maxLength beyond a value', { version: 1, fields: { a: { type: 'text', maxLength: 65_537 } } }],
    [
      'derived from nothing',
      { version: 1, fields: { a: { type: 'digits', length: 4, derived: { from: 'b', last: 4 } } } },
    ],
    [
      'derived from itself',
      { version: 1, fields: { a: { type: 'digits', length: 4, derived: { from: 'a', last: 4 } } } },
    ],
    [
      'derived longer than its source',
      {
        version: 1,
        fields: {
          b: { type: 'digits', length: 3 },
          a: { type: 'digits', length: 4, derived: { from: 'b', last: 4 } },
        },
      },
    ],
    [
      'derived of another length',
      {
        version: 1,
        fields: {
          b: { type: 'digits', length: 9 },
          a: { type: 'digits', length: 5, derived: { from: 'b', last: 4 } },
        },
      },
    ],
    ['an expression named as a field', { version: 1, fields: { a: text }, expressions: { a: '1' } }],
    ['an expression that is none', { version: 1, fields: { a: text }, expressions: { b: '1 +' } }],
    // A name that is no field would be an earlier result, which the caller could supply.
    ['an expression over another name', { version: 1, fields: { a: text }, expressions: { b: 'aa == 1' } }],
    ['an expression that is no text', { version: 1, fields: { a: text }, expressions: { b: 1 } }],
    ['no purposes', { version: 1, fields: { a: text }, purposes: [] }],
    ['a purpose twice', { version: 1, fields: { a: text }, purposes: ['x', 'x'] }],
    ['a purpose that is no name', { version: 1, fields: { a: text }, purposes: ['X'] }],
  ])('is refused with %s', (_, file) => {
    expect(problem(file)).toBeDefined();
  });

  it('needs no more than version and fields', () => {
    const schema = parseSchema({ version: 2, fields: { a: text } });
    expect(schema).toMatchObject({ version: 2, purposes: ['general'] });
    expect(schema.expressions.size).toBe(0);
  });
});

describe('a changed schema', () => {
  const one = parseSchema({ version: 1, fields: { a: text, b: text }, expressions: { e: 'a' } });
  const code = async (work: Promise<unknown>): Promise<string | undefined> => {
    return await work.then(
      () => undefined,
      (error: unknown) => (error instanceof VaultOpenError ? error.code : String(error)),
    );
  };

  it('is the same in another order', async () => {
    const first = await open(one);
    const other = parseSchema({ version: 1, expressions: { e: 'a' }, fields: { b: text, a: text } });
    expect(await code(first.again(other))).toBeUndefined();
  });

  it('needs a higher version', async () => {
    const first = await open(one);
    const fields = { a: text, b: text, c: text };
    expect(await code(first.again(parseSchema({ version: 1, fields })))).toBe('schema_version_reused');
    const second = await first.again(parseSchema({ version: 2, fields }));
    await second.vault.create(call(), { c: 'x' });
    expect(await code(first.again(one))).toBe('schema_version_reused');
  });

  it('may not orphan stored fields, unless it is asked for', async () => {
    const first = await open(one);
    const less = parseSchema({ version: 2, fields: { a: text } });
    const other = parseSchema({ version: 2, fields: { a: text, b: { type: 'date' } } });
    const { id } = await first.vault.create(call(), { a: 'x', b: 'y' });
    expect(await code(first.again(less))).toBe('schema_orphans_fields');
    expect(await code(first.again(other))).toBe('schema_orphans_fields');
    const { vault } = await first.again(less, { allowOrphans: true });
    const reason = 'a test';
    expect({ ...(await vault.presence(call(), id)).fields }).toEqual({ a: true });
    expect(await codeOf(vault.decrypt(call(), id, { fields: ['b'], reason }))).toBe('invalid');
    const expressions = [
      { name: 'all', source: 'record' },
      { name: 'b', source: "a + '!'" },
    ];
    const { data } = await vault.decrypt(call(), id, { fields: ['a'], reason, expressions });
    expect({ ...data }).toEqual({ a: 'x', all: { a: 'x' }, b: 'x!' });
    // The orphan can still be removed.
    expect(await vault.removeFields(call(), id, ['b'])).toEqual({ rev: 2 });
    expect(await vault.verifyAudit()).toMatchObject({ findings: [] });
  });

  it('may drop fields while there are no records', async () => {
    const first = await open(one);
    const { id } = await first.vault.create(call(), { a: 'x' });
    await first.vault.deleteVault(call(), id);
    expect(await code(first.again(parseSchema({ version: 2, fields: { a: text } })))).toBeUndefined();
  });

  it('leaves its version on what is written', async () => {
    const first = await open(one);
    const { id } = await first.vault.create(call(), { a: 'x' });
    const second = await first.again(parseSchema({ version: 5, fields: { a: text, b: text, c: text } }));
    await second.vault.update(call(), id, { c: 'z' });
    expect((await second.store.get(`VAULT##${id}`, 'v0'))?._sv).toBe(5);
    expect(await codeOf(first.vault.create(call(), BOB))).toBe('invalid');
  });
});

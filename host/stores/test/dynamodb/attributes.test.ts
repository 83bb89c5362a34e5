// SPDX-License-Identifier: Apache-2.0
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Attribute } from '@enclave-vault/vault';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAttribute, toAttributes, toItem, toItemOrKey } from '../../src/dynamodb/attributes.ts';

const KEY = { pk: { S: 'a' }, sk: { S: 'b' } };

describe('attributes', () => {
  it('come back as they were', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.uint8Array());
    const name = fc.string({ minLength: 1 }).filter((one) => !['pk', 'sk', '__proto__'].includes(one));
    fc.assert(
      fc.property(fc.dictionary(name, value), (values) => {
        const item = { ...values, pk: 'a', sk: 'b' };
        const plain = (attributes: object) =>
          Object.entries(attributes)
            .map(([key, one]: [string, Attribute]) => [key, one instanceof Uint8Array ? [...one] : one])
            .sort();
        expect(plain(toItem(toAttributes(item)))).toEqual(plain(item));
      }),
    );
  });

  it('are written in DynamoDB’s three types', () => {
    expect(toAttribute('x')).toEqual({ S: 'x' });
    expect(toAttribute(Number.MAX_SAFE_INTEGER)).toEqual({ N: '9007199254740991' });
    expect(toAttribute(-1)).toEqual({ N: '-1' });
    expect(toAttribute(Uint8Array.of(1))).toEqual({ B: Uint8Array.of(1) });
  });

  it('are copies', () => {
    const bytes = Buffer.from('before');
    const { B } = toAttribute(bytes);
    bytes.fill(0);
    expect(Buffer.from(B ?? [])).toEqual(Buffer.from('before'));
  });

  it.each<[string, AttributeValue]>([
    ['a flag', { BOOL: true }],
    ['nothing', { NULL: true }],
    ['a list', { L: [] }],
    ['a map', { M: {} }],
    ['a set', { SS: ['x'] }],
    ['a fraction', { N: '1.5' }],
    ['a number beyond what is safe', { N: '9007199254740993' }],
    ['no number', { N: 'x' }],
    ['a type unknown', { $unknown: ['X', 1] }],
  ])('refuse what this program does not write: %s', (_, value) => {
    expect(() => toItem({ ...KEY, x: value })).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect({ ...toItemOrKey({ ...KEY, n: { N: '1' }, x: value }) }).toEqual({ pk: 'a', sk: 'b' });
  });

  it('have no prototype, whatever their names', () => {
    const item = toItem({ ...KEY, constructor: { S: 'x' } });
    expect(Object.getPrototypeOf(item)).toBeNull();
    expect(item.constructor).toBe('x');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { StoreError } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { conditionExpression, prefixExpression, rangeExpression } from '../../src/dynamodb/expressions.ts';

describe('a condition', () => {
  it('of absence asks for the key', () => {
    expect(conditionExpression({ absent: true })).toEqual({
      text: 'attribute_not_exists(#k)',
      names: { '#k': 'pk' },
    });
  });

  it('of equality asks for the item and each attribute, by names that no word is reserved for', () => {
    expect(conditionExpression({ equals: { hash: Uint8Array.of(1), n: 2, size: 'x' } })).toEqual({
      text: 'attribute_exists(#k) AND #n0 = :v0 AND #n1 = :v1 AND #n2 = :v2',
      names: { '#k': 'pk', '#n0': 'hash', '#n1': 'n', '#n2': 'size' },
      values: { ':v0': { B: Uint8Array.of(1) }, ':v1': { N: '2' }, ':v2': { S: 'x' } },
    });
  });

  it('of no attribute has no values: DynamoDB refuses an empty list of them', () => {
    expect(conditionExpression({ equals: {} })).toEqual({
      text: 'attribute_exists(#k)',
      names: { '#k': 'pk' },
    });
  });

  it('that compares more than an expression holds is refused', () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`a${n}`, n]));
    expect(() => conditionExpression({ equals: many })).toThrow(StoreError);
  });
});

describe('a range', () => {
  const text = (after?: string, before?: string) => rangeExpression('p', { after, before })?.text;

  it.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, '#p = :p'],
    ['', undefined, '#p = :p'],
    ['a', undefined, '#p = :p AND #s > :a'],
    [undefined, 'b', '#p = :p AND #s < :b'],
    ['', 'b', '#p = :p AND #s < :b'],
    ['a', 'b', '#p = :p AND #s BETWEEN :a AND :b'],
    // Bounds that DynamoDB would answer with ValidationException.
    ['a', 'a', undefined],
    ['b', 'a', undefined],
    [undefined, '', undefined],
    // Bytewise: in UTF-16 the first would be the greater one.
    ['\uffff', '\u{10000}', '#p = :p AND #s BETWEEN :a AND :b'],
  ])('after %j and before %j', (after, before, expected) => {
    expect(text(after, before)).toBe(expected);
  });

  it('names no value that it does not use', () => {
    expect(rangeExpression('p', {})?.values).toEqual({ ':p': { S: 'p' } });
    expect(rangeExpression('p', { after: 'a' })?.values).toEqual({ ':p': { S: 'p' }, ':a': { S: 'a' } });
  });
});

it('a prefix is matched at the beginning of the partition key', () => {
  expect(prefixExpression('V##')).toEqual({
    text: 'begins_with(#p, :p)',
    names: { '#p': 'pk' },
    values: { ':p': { S: 'V##' } },
  });
});

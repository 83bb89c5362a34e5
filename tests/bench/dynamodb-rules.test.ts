// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readUnits, transactionUnits, wireSize } from '../../bench/dynamodb/rules.ts';

describe('DynamoDB’s rules', () => {
  it('count names and text in UTF-8, bytes as they are, and numbers by their digits', () => {
    expect(wireSize({ pk: { S: 'ab' }, ü: { S: '€' } })).toBe(2 + 2 + 2 + 3);
    expect(wireSize({ b: { B: Buffer.alloc(100).toString('base64') } })).toBe(101);
    // 16 digits are 8 bytes, and one more; zeros at an end count for nothing; a sign is a byte.
    expect(wireSize({ n: { N: '1234567890123456' } })).toBe(1 + 9);
    expect(wireSize({ n: { N: '1000' } })).toBe(1 + 2);
    expect(wireSize({ n: { N: '0' } })).toBe(1 + 1);
    expect(wireSize({ n: { N: '-12' } })).toBe(1 + 3);
    expect(() => wireSize({ l: {} })).toThrow('type');
  });

  it('charge a consistent read by 4 KB of all its items together, and for nothing one', () => {
    expect([0, 1, 4096, 4097, 8192, 8193].map(readUnits)).toEqual([1, 1, 1, 2, 2, 3]);
  });

  it('charge a transaction twice for each KB of each item', () => {
    expect(transactionUnits([500, 80])).toBe(4);
    expect(transactionUnits([2625, 569, 80])).toBe(2 * (3 + 1 + 1));
    expect(transactionUnits([1024, 1025])).toBe(2 * (1 + 2));
  });
});

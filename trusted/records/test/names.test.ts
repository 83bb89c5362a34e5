// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFieldName, isTenant, isUlidVaultId, isVaultId } from '../src/index.ts';

const OTHERS: readonly unknown[] = [
  undefined,
  null,
  7,
  {},
  [],
  ['v_01HV1XW70Q03PHK892JFQAY0Z5'],
  new String('a'),
];

describe('vault ids', () => {
  test.each([
    ['v_01HV1XW70Q03PHK892JFQAY0Z5', true, true],
    ['v_00000000000000000000000000', true, true],
    ['v_7ZZZZZZZZZZZZZZZZZZZZZZZZZ', true, true],
    ['v_8ZZZZZZZZZZZZZZZZZZZZZZZZZ', false, false],
    ['v_01hv1xw70q03phk892jfqay0z5', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0ZI', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0ZL', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0ZO', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0ZU', false, false],
    ['v_2hRK9u2DOzmAPMhdVNt9qlJ3UvL', true, false],
    ['v_000000000000000000000000000', true, false],
    ['v_aWgEPTl1tmebfsQzFP4bxwgy80V', true, false],
    ['v_aWgEPTl1tmebfsQzFP4bxwgy80W', false, false],
    ['v_zzzzzzzzzzzzzzzzzzzzzzzzzzz', false, false],
    ['v_2hRK9u2DOzmAPMhdVNt9qlJ3Uv-', false, false],
    ['v_2hRK9u2DOzmAPMhdVNt9qlJ3UvLx', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0Z', false, false],
    ['v_01HV1XW70Q03PHK892JFQAY0Z5\n', false, false],
    ['\nv_01HV1XW70Q03PHK892JFQAY0Z5', false, false],
    ['av_2hRK9u2DOzmAPMhdVNt9qlJ3UvL', false, false],
    ['V_01HV1XW70Q03PHK892JFQAY0Z5', false, false],
    ['01HV1XW70Q03PHK892JFQAY0Z5', false, false],
    ['v_', false, false],
    ['', false, false],
  ])('%j: to be read %j, of this vault %j', (id, readable, ours) => {
    expect(isVaultId(id)).toBe(readable);
    expect(isUlidVaultId(id)).toBe(ours);
  });

  test('every ULID of 128 bits is one', () => {
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
        let text = '';
        for (let i = 0, rest = value; i < 26; i++, rest /= 32n) text = digits[Number(rest % 32n)] + text;
        expect(isUlidVaultId(`v_${text}`)).toBe(true);
        expect(isVaultId(`v_${text}`)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

test.each([
  ['default', true],
  ['a', true],
  ['a-1', true],
  ['a-', true],
  [`a${'b'.repeat(62)}`, true],
  [`a${'b'.repeat(63)}`, false],
  ['', false],
  ['1a', false],
  ['-a', false],
  ['a_b', false],
  ['A', false],
  ['a\0b', false],
  ['a\n', false],
  ['ä', false],
])('tenant %j: %j', (tenant, allowed) => expect(isTenant(tenant)).toBe(allowed));

test.each([
  ['ssn9', true],
  ['first_name', true],
  ['a', true],
  [`a${'b'.repeat(63)}`, true],
  [`a${'b'.repeat(64)}`, false],
  ['_pk', false],
  ['', false],
  ['9ssn', false],
  ['First', false],
  ['a-b', false],
  ['a\n', false],
  ['__proto__', false],
  ['constructor', true],
])('field %j: %j', (name, allowed) => expect(isFieldName(name)).toBe(allowed));

test('whatever is no string is no name', () => {
  for (const value of OTHERS) {
    for (const check of [isVaultId, isUlidVaultId, isTenant, isFieldName]) expect(check(value)).toBe(false);
  }
});

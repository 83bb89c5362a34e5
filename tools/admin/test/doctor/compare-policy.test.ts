// SPDX-License-Identifier: Apache-2.0
import { type PolicyDocument, type Statement, vaultKeyPolicy } from '@enclave-vault/policies';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOCAL } from '../../src/dev/deployment.ts';
import { comparePolicies } from '../../src/doctor/compare-policy.ts';
import { MEASURED } from './deployed.ts';

const WANTED = vaultKeyPolicy(LOCAL, MEASURED);
const changed = (change: (one: Statement) => object): object => ({
  ...WANTED,
  Statement: WANTED.Statement.map(change),
});
const only = (sid: string, change: (one: Statement) => object) =>
  comparePolicies(
    changed((one) => (one.Sid === sid ? change(one) : one)),
    WANTED,
  );

describe('two policies', () => {
  test('are the same, whatever the order of statements, actions and values', () => {
    const shuffled = <T>(of: readonly T[]) => fc.shuffledSubarray([...of], { minLength: of.length });
    fc.assert(
      fc.property(shuffled(WANTED.Statement), fc.infiniteStream(fc.boolean()), (statements, coins) => {
        const turned = (value: unknown): unknown => {
          if (Array.isArray(value)) return coins.next().value ? value.toReversed() : value;
          if (typeof value === 'string') return coins.next().value ? [value] : value;
          return value;
        };
        const Statement = statements.map((one) => ({
          ...one,
          Action: turned(one.Action),
          Condition:
            one.Condition &&
            Object.fromEntries(
              Object.entries(one.Condition).map(([operator, keys]) => [
                operator,
                Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, turned(value)])),
              ]),
            ),
        }));
        // Members that are undefined do not reach KMS.
        expect(comparePolicies(JSON.parse(JSON.stringify({ ...WANTED, Statement })), WANTED)).toEqual([]);
      }),
    );
  });

  test('are the same with the account written in either way, and actions in either case', () => {
    const other = JSON.parse(
      JSON.stringify(WANTED)
        .replaceAll(`arn:aws:iam::${LOCAL.account}:root`, LOCAL.account)
        .replaceAll('"kms:Decrypt"', '"kms:decrypt"'),
    );
    expect(comparePolicies(other, WANTED)).toEqual([]);
  });

  test('differ in any statement that is left out, and in any that is doubled under another name', () => {
    for (const { Sid, Effect } of WANTED.Statement) {
      const without = { ...WANTED, Statement: WANTED.Statement.filter((one) => one.Sid !== Sid) };
      expect(comparePolicies(without, WANTED)).toEqual([`missing statement ${Sid}`]);
      const copy = WANTED.Statement.map((one) => ({ ...one, Sid: one.Sid === Sid ? 'Copy' : one.Sid }));
      expect(
        comparePolicies(
          { ...WANTED, Statement: [...WANTED.Statement, ...copy.filter((one) => one.Sid === 'Copy')] },
          WANTED,
        ),
      ).toEqual([`extra statement Copy (${Effect})`]);
    }
  });

  test('differ in any member of any statement', () => {
    for (const { Sid } of WANTED.Statement) {
      for (const [member, value] of [
        ['Effect', 'Neither'],
        ['Action', 'kms:ListGrants2'],
        ['Resource', 'arn:aws:kms:*'],
        ['Principal', { AWS: '999999999999' }],
        ['NotPrincipal', '*'],
      ] as const) {
        const [line, ...more] = only(Sid, (one) => ({ ...one, [member]: value }));
        expect(line).toContain(`changed statement ${Sid}: `);
        expect(more).toEqual([]);
      }
      const [line] = only(Sid, (one) => ({
        ...one,
        Condition: { ...one.Condition, DateLessThan: { 'aws:X': 'x' } },
      }));
      expect(line).toBe(`changed statement ${Sid}: added Condition.DateLessThan.aws:X`);
    }
  });

  test('differ in the values of a register, and not in their case', () => {
    const condition = (value: string) => ({
      Condition: { StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:PCR8': value } },
    });
    expect(only('DenyWithoutPCR8', (one) => ({ ...one, ...condition('E'.repeat(96)) }))).toEqual([]);
    expect(only('DenyWithoutPCR8', (one) => ({ ...one, ...condition('1'.repeat(96)) }))).toHaveLength(1);
    // A context is compared by case, so an upper-case one is another.
    expect(
      only('DenyWithoutVaultId', (one) => ({
        ...one,
        Condition: { StringNotLike: { 'kms:EncryptionContext:vault_id': 'V_?*' } },
      })),
    ).toHaveLength(1);
  });

  test.each([
    ['nothing', null],
    ['a list', []],
    ['text', 'x'],
    ['no statements', { Version: '2012-10-17' }],
    ['statements that are none', { Version: '2012-10-17', Statement: [null, 3, 'x', []] }],
    ['another version', { ...WANTED, Version: '2008-10-17' }],
    [
      'strange members',
      { ...WANTED, Statement: [...WANTED.Statement, { Sid: { a: 1 }, Condition: 'x', Principal: 3 }] },
    ],
  ])('differ when one is %s', (_what, found) => {
    expect(comparePolicies(found, WANTED).length).toBeGreaterThan(0);
  });

  test('a name that would write to the terminal is not repeated', () => {
    const evil = '\u001b[2J\u0007';
    const found: unknown = {
      ...WANTED,
      Statement: [
        ...WANTED.Statement.map((one) => (one.Sid === 'DenyGrants' ? { ...one, [evil]: 1 } : one)),
        { Sid: evil, Effect: evil },
      ],
    };
    const lines = comparePolicies(found, WANTED satisfies PolicyDocument).join('\n');
    expect(lines).toContain('extra statement (without Sid) (no effect)');
    expect([...lines].every((letter) => letter >= ' ' || letter === '\n')).toBe(true);
  });
});

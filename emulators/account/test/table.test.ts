// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { actionsOf, HANDLERS } from '../src/index.ts';

describe('the table of handlers', () => {
  test.each([...HANDLERS.values()].map((handler) => [handler.type, handler] as const))(
    '%s',
    (type, handler) => {
      const { create, read, update, remove, createOnly, named, taken } = handler;
      // Every call is one operation of one service, by its name.
      for (const { action } of [create, read, update, remove].flat())
        expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/);
      expect(create.length, 'is made by a call').toBeGreaterThan(0);
      expect(remove.length, 'and goes by one').toBeGreaterThan(0);
      expect(update.length > 0 || createOnly.length > 0, 'changes or is replaced').toBe(true);
      expect(named === undefined || taken !== undefined, 'has words for a name that is taken').toBe(true);
      expect(type).toMatch(/^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$/);
    },
  );

  test('lists what a type may need', () => {
    expect(actionsOf('AWS::KMS::Alias')).toEqual([
      'kms:CreateAlias',
      'kms:DeleteAlias',
      'kms:ListAliases',
      'kms:UpdateAlias',
    ]);
    expect(actionsOf('AWS::DynamoDB::GlobalTable')).toContain('kms:CreateGrant');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { decodeEntry } from '../../src/audit/entry.ts';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const vault = vaults();
const ABSENT = 'v_01KASPQ4Z7C3V3R8N4W8Q0W3XH';

/** What a caller put where an id belongs. */
describe('a text in the place of an id', () => {
  test.each(['Jane Q. Public', '219-09-9999', 'v_Jane', 'V_01KASPQ4Z7C3V3R8N4W8Q0W3XH', `${ABSENT}\n`])(
    '%j is audited as an attempt on nothing',
    async (text) => {
      const { vault: own, store } = await vault();
      const asking = { fields: ['email'], reason: 'test' };
      const nobody = () => call({ scopes: new Set() });
      expect(await codeOf(own.decrypt(call(), text, asking))).toBe('not_found');
      expect(await codeOf(own.decrypt(nobody(), text, asking))).toBe('scope_missing');
      expect(await codeOf(own.decrypt(call({ deriveOnly: true }), text, asking))).toBe('derive_only');
      expect(await codeOf(own.presence(nobody(), text))).toBe('scope_missing');
      expect(await codeOf(own.update(nobody(), text, BOB))).toBe('scope_missing');
      expect(await codeOf(own.removeFields(nobody(), text, ['email']))).toBe('scope_missing');
      expect(await codeOf(own.deleteVault(nobody(), text))).toBe('scope_missing');
      expect(await codeOf(own.audit(nobody(), text))).toBe('scope_missing');

      const { items } = await store.scan('', { limit: 1000 });
      const entries = items.filter(({ pk, sk }) => pk.startsWith('LOG##system_') && sk !== 'head');
      expect(entries.map(({ entry }) => decodeEntry(entry as Uint8Array)?.subject)).toEqual(
        Array(8).fill(null),
      );
      for (const value of items.flatMap((item) => Object.values(item)))
        expect(Buffer.from(typeof value === 'number' ? String(value) : value).includes(text)).toBe(false);
    },
  );

  test('an id of no vault is named: that is what probing leaves behind', async () => {
    const { vault: own, store } = await vault();
    expect(await codeOf(own.decrypt(call(), ABSENT, { fields: ['email'], reason: 'test' }))).toBe(
      'not_found',
    );
    const item = await store.get('LOG##system_default', '000000000001');
    expect(decodeEntry(item?.entry as Uint8Array)?.subject).toBe(ABSENT);
  });
});

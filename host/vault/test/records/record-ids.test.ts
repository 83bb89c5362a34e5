// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { recordIds } from '../../src/index.ts';
import { BOB, call, vaults } from '../support/fixture.ts';

const open = vaults();

async function idsOf(store: Parameters<typeof recordIds>[0], tenant: string): Promise<string[]> {
  const all: string[] = [];
  for await (const ids of recordIds(store, tenant)) all.push(...ids);
  return all.sort();
}

describe('ids by the store', () => {
  it('are those of the tenant’s records, and of none that was deleted', async () => {
    const { vault, store } = await open();
    const made: string[] = [];
    for (let n = 0; n < 40; n += 1) made.push((await vault.create(call(), BOB)).id);
    const others = await vault.create(call({ tenant: 'other' }), BOB);
    const [gone = '', ...left] = made;
    await vault.deleteVault(call(), gone);
    expect(await idsOf(store, call().principal.tenant)).toEqual(left.sort());
    expect(await idsOf(store, 'other')).toEqual([others.id]);
    expect(await idsOf(store, 'nobody')).toEqual([]);
  });
});

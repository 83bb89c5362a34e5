// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '@enclave-vault/stores';
import { afterAll, expect, it, vi } from 'vitest';
import { defaultSchema, systemClock, Vault } from '../../src/index.ts';
import { call, codeOf, ListSink } from '../support/fixture.ts';
import { InProcessEnclave } from '../support/in-process-enclave.ts';
import { LocalKms } from '../support/local-kms.ts';

const folder = mkdtempSync(join(tmpdir(), 'vault-'));
const open: Vault[] = [];
afterAll(async () => {
  for (const vault of open) await vault.close();
  rmSync(folder, { recursive: true });
});

async function openVault(file: string, kms: LocalKms, pool = { size: 64, perSecond: 1_000 }): Promise<Vault> {
  const vault = await Vault.open({
    store: SqliteStore.open(join(folder, file)),
    kms,
    enclave: new InProcessEnclave(kms),
    sink: new ListSink(),
    clock: systemClock(),
    schema: defaultSchema(),
    keyPool: pool,
  });
  open.push(vault);
  return vault;
}

it('two processes on one store, and one started anew, give each record an id and a pair of its own', async () => {
  const kms = new LocalKms();
  const [one, two] = [await openVault('shared.db', kms), await openVault('shared.db', kms)];
  const make = (vault: Vault, tenant: string, n: number) =>
    Promise.all(
      Array.from({ length: n }, async (_, i) => {
        const fields = { first_name: `${tenant} ${i}` };
        const { id } = await vault.create(call({ tenant }), fields);
        return { id, tenant, ...fields };
      }),
    );
  const made = await Promise.all([make(one, 'a', 12), make(two, 'a', 8), make(one, 'b', 6)]);
  await vi.waitFor(() => expect(one.recordKeys.ready).toBeGreaterThan(12), 60_000);
  made.push(await make(one, 'a', 12), await make(two, 'a', 12));
  await one.close();
  const again = await openVault('shared.db', kms);
  made.push(await make(again, 'a', 6));
  const records = made.flat();
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  expect(two.recordKeys.fromPool).toBeGreaterThan(0);
  for (const { id, tenant, first_name } of records) {
    const input = { fields: ['first_name'], reason: 'a test' };
    const { data } = await again.decrypt(call({ tenant }), id, input);
    expect(data).toEqual({ first_name });
  }
  expect((await again.verifyAudit()).findings).toEqual([]);
});

it('a create that fails after it took a pair has used it up', async () => {
  const kms = new LocalKms();
  const vault = await openVault('failing.db', kms);
  await vault.create(call(), {});
  await vi.waitFor(() => expect(vault.recordKeys.ready).toBe(2), 60_000);
  const taken = vi.spyOn(SqliteStore.prototype, 'transact').mockRejectedValue(new Error('disk gone'));
  expect(await codeOf(vault.create(call(), {}))).toBe('internal');
  const attempted = taken.mock.calls.flatMap(([operations]) =>
    operations.flatMap((one) => ('put' in one && one.put.pk.startsWith('VAULT##') ? [one.put.pk] : [])),
  );
  taken.mockRestore();
  await vi.waitFor(() => expect(vault.recordKeys.ready).toBe(2), 60_000);
  const ids = await Promise.all(Array.from({ length: 3 }, async () => (await vault.create(call(), {})).id));
  expect(attempted).toHaveLength(1);
  expect(ids.map((id) => `VAULT##${id}`)).not.toContain(attempted[0]);
});

it('a repeat under an idempotency key uses no pair', async () => {
  const kms = new LocalKms();
  const vault = await openVault('repeats.db', kms);
  const first = await vault.create(call(), {}, { idempotency: 'once' });
  const { fromPool, fromKms } = vault.recordKeys;
  expect(await vault.create(call(), {}, { idempotency: 'once' })).toEqual(first);
  expect(vault.recordKeys).toMatchObject({ fromPool, fromKms });
});

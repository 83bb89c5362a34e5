// SPDX-License-Identifier: Apache-2.0
import { DynamoStore } from '@enclave-vault/stores/dynamodb';
import { defaultSchema, systemClock, Vault, VaultError } from '@enclave-vault/vault';
import { expect, it } from 'vitest';
import { call, ListSink } from '../../../../../host/vault/test/support/fixture.ts';
import { InProcessEnclave } from '../../../../../host/vault/test/support/in-process-enclave.ts';
import { LocalKms } from '../../../../../host/vault/test/support/local-kms.ts';
import { dynamoDbLocal, newTable } from '../../peers.ts';
import { roughLine } from '../../rough-line.ts';

const WRITERS = 16;
const UPDATES = 6;
/** What a caller is answered when others were quicker (409, 503): he tries again. */
const BUSY = new Set(['conflict', 'audit_busy', 'store_unavailable']);

/** Vaults as so many processes would have them: each its own store, locks and caches, on one table. */
async function open(count: number, endpoint = dynamoDbLocal().endpoint) {
  const place = { ...(await newTable(dynamoDbLocal())), endpoint };
  const kms = new LocalKms();
  const sink = new ListSink();
  const openOne = async (): Promise<Vault> => {
    const store = await DynamoStore.open(place);
    const enclave = new InProcessEnclave(kms);
    const schema = defaultSchema();
    return await Vault.open({ store, kms, enclave, sink, schema, clock: systemClock() });
  };
  // All at once: who is first makes the keys, and the others take them.
  return { vaults: await Promise.all(Array.from({ length: count }, openOne)), sink };
}

it('16 writers on one record lose no update and fork no chain', async () => {
  await manyWriters(dynamoDbLocal().endpoint);
});

it('nor do they on a line that loses answers and meets conflicts', async () => {
  const line = await roughLine(dynamoDbLocal().endpoint, (nth) => {
    return nth % 7 === 3 ? 'lost' : nth % 5 === 2 ? 'conflict' : 'passes';
  });
  try {
    await manyWriters(line.endpoint);
    expect(line.count.lost).toBeGreaterThan(10);
    expect(line.count.conflict).toBeGreaterThan(10);
  } finally {
    await line.stop();
  }
});

async function manyWriters(endpoint: string): Promise<void> {
  const { vaults, sink } = await open(WRITERS, endpoint);
  const [first] = vaults;
  if (first === undefined) throw new Error('no vault');
  const { id } = await first.create(call(), { city: 'none' });
  const written = new Map<number, string>();
  let refused = 0;
  const write = async (vault: Vault, writer: number): Promise<void> => {
    for (let n = 0; n < UPDATES; ) {
      const city = `${writer}-${n}`;
      try {
        const { rev } = await vault.update(call({ actor: `key:writer-${writer}` }, 60_000), id, { city }, {});
        expect(written.has(rev)).toBe(false);
        written.set(rev, city);
        n += 1;
      } catch (error) {
        if (!(error instanceof VaultError) || !BUSY.has(error.code)) throw error;
        refused += 1;
      }
    }
  };
  await Promise.all(vaults.map(write));

  // Each update that was acknowledged is a revision of its own, and there is none that was not.
  const total = WRITERS * UPDATES;
  expect([...written.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, n) => n + 2));
  expect((await first.presence(call(), id)).rev).toBe(total + 1);
  const { data } = await first.decrypt(call(), id, { fields: ['city'], reason: 'test', purpose: 'general' });
  expect(JSON.stringify(data)).toContain(written.get(total + 1));

  // One chain: an entry for each, of the writer who was acknowledged, in the order of revisions.
  const { entries } = await first.audit(call(), id, { limit: 500 });
  const updates = entries.filter(({ event }) => event === 'UpdateVault').reverse();
  expect(updates.map(({ rev }) => rev)).toEqual(Array.from({ length: total }, (_, n) => n + 2));
  expect(updates.map(({ rev }) => `${written.get(rev ?? 0)?.split('-')[0]}`)).toEqual(
    updates.map(({ actor }) => actor.replace('key:writer-', '')),
  );
  const report = await first.verifyAudit({ against: sink.heads });
  expect(report).toMatchObject({ chains: 1, entries: total + 2, findings: [] });
  console.log(`16 writers: ${total} updates, ${refused} answers of "try again"`);
  await Promise.all(vaults.map((vault) => vault.close()));
}

it('decrypts, updates and denials of many processes share a chain without a fork', async () => {
  const { vaults, sink } = await open(8);
  const [first] = vaults;
  if (first === undefined) throw new Error('no vault');
  const { id } = await first.create(call(), { city: 'Ulm' });
  const retried = async (work: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        if (error.status === 403) return;
        if (!BUSY.has(error.code)) throw error;
      }
    }
  };
  await Promise.all(
    vaults.flatMap((vault, index) => [
      retried(() => vault.update(call({}, 60_000), id, { city: `${index}` }, {})),
      retried(() =>
        vault.decrypt(call({}, 60_000), id, { fields: ['city'], reason: 'x', purpose: 'general' }),
      ),
      retried(() => vault.presence(call({ scopes: new Set() }, 60_000), id)),
    ]),
  );
  const { findings, chains } = await first.verifyAudit({ against: sink.heads });
  expect({ findings, chains }).toEqual({ findings: [], chains: 1 });
  expect((await first.presence(call(), id)).rev).toBe(9);
  await Promise.all(vaults.map((vault) => vault.close()));
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest';
import { KnownTails } from '../../src/audit/known-tails.ts';
import type { Item } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

/**
 * Rollback by a writer of the store: items are put back as they were, all of them authentic, so that they agree with each other. What
 * remains of it, and who notices when (docs/rollback.md).
 */
const open = vaults();
const reason = 'a test';

/** A record with some entries, and what its items were when it had `at` of them. */
async function scene(at: number) {
  const fixture = await open();
  const { vault, store } = fixture;
  const { id } = await vault.create(call(), BOB);
  const items = async (): Promise<Item[]> => {
    const record = await store.get(`VAULT##${id}`, 'v0');
    return [...(await store.query(`LOG##${id}`, { limit: 99 })), ...(record === undefined ? [] : [record])];
  };
  let then = await items();
  for (const [n, city] of ['Bonn', 'Ulm', 'Linz'].entries()) {
    if (n + 1 === at) then = await items();
    await vault.update(call(), id, { city });
  }
  if (at === 4) then = await items();
  const before = then;
  /** Record and chain together, as they were. */
  const setBack = async (): Promise<void> => {
    for (const { pk, sk } of await items()) await store.transact([{ remove: { pk, sk } }]);
    await store.transact(before.map((put) => ({ put })));
  };
  return { ...fixture, id, setBack };
}

/** Ids in the form of a record's. */
const recordId = (n: number): string => `v_01HV1XW70Q03PHK892JF${String(n).padStart(6, '0')}`;

const read = ({ vault }: Pick<Fixture, 'vault'>, id: string) =>
  codeOf(vault.decrypt(call(), id, { fields: ['city'], reason }));

describe('a record that is set back with its log', () => {
  it('is noticed at once by a process that has seen more: it reads, writes and adds nothing there, and says so', async () => {
    const all = await scene(2);
    const { vault, setBack, id, reports } = all;
    await setBack();
    expect(await read(all, id)).toBe('integrity_failed');
    expect(await codeOf(vault.update(call(), id, { city: 'Rom' }))).toBe('integrity_failed');
    expect(await codeOf(vault.deleteVault(call(), id))).toBe('integrity_failed');
    expect(reports).toContainEqual(
      expect.objectContaining({ event: 'integrity_failed', code: 'chain_set_back', log: id }),
    );
    // Other records go on.
    const { id: other } = await vault.create(call(), BOB);
    expect(await read(all, other)).toBeUndefined();
  });

  it('is noticed by one that has only read it, not written', async () => {
    const all = await scene(3);
    const reader = await all.again();
    expect(await read(reader, all.id)).toBeUndefined();
    await all.setBack();
    expect(await read(reader, all.id)).toBe('integrity_failed');
  });

  it('to another future of the same length is noticed as well', async () => {
    const all = await scene(4);
    const { id, setBack, again } = all;
    await all.vault.update(call(), id, { city: 'Rom' });
    await setBack();
    // Another process, which remembers nothing, writes over it.
    const other = await again();
    await other.vault.update(call(), id, { city: 'Paris' });
    expect(await read(all, id)).toBe('integrity_failed');
    expect(await read(other, id)).toBeUndefined();
  });

  it.each([
    [1, ['Paris', 'Wien']],
    [20, Array.from({ length: 21 }, (_, n) => `Ort ${n}`)],
  ])(
    'to another future that has grown longer, by %i, is noticed by who saw the first one',
    async (_, cities) => {
      const all = await scene(4);
      const { id, setBack, again } = all;
      await all.vault.update(call(), id, { city: 'Rom' });
      const seen = await all.store.get(`LOG##${id}`, '000000000005');
      await setBack();
      const other = await again();
      for (const city of cities) await other.vault.update(call(), id, { city });
      expect(await read(all, id)).toBe('integrity_failed');
      expect(all.reports).toContainEqual(expect.objectContaining({ code: 'chain_set_back', log: id }));
      expect(await read(other, id)).toBeUndefined();
      // Nor does it help to put the entry that was seen back below what came of the other one.
      if (seen === undefined) throw new TypeError('there is no such entry');
      await all.store.transact([{ put: seen }]);
      expect(await read(all, id)).toBe('integrity_failed');
    },
  );

  it('is none where others add to it, one entry or many', async () => {
    const all = await scene(4);
    const { id, again } = all;
    const other = await again();
    for (const times of [1, 2, 30]) {
      for (let n = 0; n < times; n += 1) await other.vault.update(call(), id, { city: `Ort ${n}` });
      expect(await read(all, id)).toBeUndefined();
    }
  });

  it('is not noticed by a process that starts after it, but by the sink: as truncated, and once it grew again as another entry', async () => {
    const { setBack, id, again, sink } = await scene(2);
    await setBack();
    const later = await again();
    expect((await later.vault.verifyAudit()).findings).toEqual([]);
    expect((await later.vault.verifyAudit({ against: sink.heads })).findings).toMatchObject([
      { log: id, code: 'truncated', n: 3, to: 4 },
    ]);
    expect(await read(later, id)).toBeUndefined();
    for (const city of ['Rom', 'Paris', 'Wien']) await later.vault.update(call(), id, { city });
    const findings = (await later.vault.verifyAudit({ against: sink.heads })).findings;
    expect(findings).toMatchObject([
      { log: id, code: 'sink_mismatch', n: 3 },
      { log: id, code: 'sink_mismatch', n: 4 },
    ]);
  });

  it('between a write and its head in the sink leaves no trace: what the sink never took, nobody else knows', async () => {
    const { setBack, id, again, sink } = await scene(4);
    sink.failing = true;
    const writer = await again();
    await writer.vault.update(call(), id, { city: 'Rom' });
    await setBack();
    sink.failing = false;
    // The process that wrote is gone with its memory, and with the heads that it kept for the sink.
    const later = await again();
    expect((await later.vault.verifyAudit({ against: sink.heads })).findings).toEqual([]);
    // While it lives, it knows; and the head that it still holds is the proof when the sink is back.
    expect(await read(writer, id)).toBe('integrity_failed');
    await writer.vault.create(call(), BOB);
    expect((await later.vault.verifyAudit({ against: sink.heads })).findings).toMatchObject([
      { log: id, code: 'truncated', n: 5 },
    ]);
  });

  it('nothing was ever revealed that the sink does not know: a decryption waits for it', async () => {
    const { id, again, sink } = await scene(4);
    sink.failing = true;
    expect(await read(await again(), id)).toBe('audit_unavailable');
  });
});

describe('an API key that is set back with its log', () => {
  it('stays revoked in a process that saw it revoked, and comes back to life in one that did not: the sink names it', async () => {
    const { vault, store, again, sink } = await open();
    const { id, token } = await vault.keys.create(call(), { scopes: ['vaults:read'] });
    const watcher = await again();
    expect(await codeOf(watcher.vault.authenticate(token))).toBeUndefined();
    const items = [
      ...(await store.query(`LOG##key_${id}`, { limit: 9 })),
      await store.get(`KEY##${id}`, 'v0'),
    ].filter((item) => item !== undefined);
    await vault.keys.revoke(call(), id);
    watcher.clock.offset = 2_000_000;
    expect(await codeOf(watcher.vault.authenticate(token))).toBe('unauthenticated');
    await store.transact([{ remove: { pk: `LOG##key_${id}`, sk: '000000000002' } }]);
    await store.transact(items.map((put) => ({ put })));
    watcher.clock.offset = 4_000_000;
    expect(await codeOf(watcher.vault.authenticate(token))).toBe('unauthenticated');
    expect(watcher.reports).toContainEqual(
      expect.objectContaining({ event: 'integrity_failed', code: 'chain_set_back', log: `key_${id}` }),
    );
    const later = await again();
    expect(await codeOf(later.vault.authenticate(token))).toBeUndefined();
    expect((await later.vault.verifyAudit({ against: sink.heads })).findings).toMatchObject([
      { log: `key_${id}`, code: 'truncated', n: 2 },
    ]);
  });

  it('stays revoked however many records are read after it: who has a key makes records, and must not have others forgotten by that', async () => {
    const { vault, store, again } = await open();
    const { id, token } = await vault.keys.create(call(), { scopes: ['vaults:read'] });
    const { id: record } = await vault.create(call(), BOB);
    const watcher = await again();
    const reading = vi.spyOn(KnownTails.prototype, 'read');
    expect(await codeOf(watcher.vault.authenticate(token))).toBeUndefined();
    const [memory] = reading.mock.contexts;
    reading.mockRestore();
    if (!(memory instanceof KnownTails)) throw new TypeError('it has no memory of chains');
    const log = `key_${id}`;
    const row = await store.get(`KEY##${id}`, 'v0');
    const chain = await store.query(`LOG##${log}`, { limit: 9 });
    await vault.keys.revoke(call(), id);
    watcher.clock.offset = 2_000_000;
    expect(await codeOf(watcher.vault.authenticate(token))).toBe('unauthenticated');
    // What ten thousand decryptions leave in it, without the hour of them.
    for (let n = 0; n < 10_000; n += 1) memory.note(recordId(n), { n: 1, hash: Buffer.alloc(32) });
    expect(await read(watcher, record)).toBeUndefined();
    await store.transact([{ remove: { pk: `LOG##${log}`, sk: '000000000002' } }]);
    await store.transact([row, ...chain].flatMap((put) => (put === undefined ? [] : [{ put }])));
    watcher.clock.offset = 4_000_000;
    expect(await codeOf(watcher.vault.authenticate(token))).toBe('unauthenticated');
    expect(watcher.reports).toContainEqual(expect.objectContaining({ code: 'chain_set_back', log }));
  });
});

describe('the memory of chains', () => {
  const key = {} as never;
  /** A store whose chain has no entries: the tests are about what is remembered. */
  const empty = { query: async () => [] } as never;
  const tail = (n: number) => ({ n, hash: Buffer.alloc(32, n) });

  it('is bounded: the chain that was looked at longest ago is forgotten', async () => {
    const known = new KnownTails(2);
    for (const [log, n] of [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['c', 1],
    ] as const)
      known.note(log, tail(n));
    await expect(known.read(empty, key, 'b')).resolves.toMatchObject({ n: 0 });
    for (const log of ['a', 'c'])
      await expect(known.read(empty, key, log)).rejects.toMatchObject({ code: 'chain_set_back' });
  });

  it('of keys and of the system is apart from that of records, which anybody may make: each has its own bound', async () => {
    const known = new KnownTails(10);
    for (const log of ['key_a', 'system_default']) known.note(log, tail(1));
    for (let n = 0; n < 11; n += 1) known.note(recordId(n), tail(1));
    for (const log of ['key_a', 'system_default', recordId(1), recordId(10)])
      await expect(known.read(empty, key, log), log).rejects.toMatchObject({ code: 'chain_set_back' });
    await expect(known.read(empty, key, recordId(0))).resolves.toMatchObject({ n: 0 });
    for (let n = 0; n < 9; n += 1) known.note(`key_${n}`, tail(1));
    await expect(known.read(empty, key, 'key_a')).resolves.toMatchObject({ n: 0 });
    await expect(known.read(empty, key, recordId(1))).rejects.toMatchObject({ code: 'chain_set_back' });
  });

  it('goes by what was known before the read began: what others add meanwhile is no rollback', async () => {
    const known = new KnownTails();
    const slow = {
      query: async () => {
        known.note('a', tail(7));
        return [];
      },
    } as never;
    await expect(known.read(slow, key, 'a')).resolves.toMatchObject({ n: 0 });
    await expect(known.read(empty, key, 'a')).rejects.toMatchObject({ code: 'chain_set_back' });
  });

  it('keeps the later of two ends, whichever is told last', async () => {
    const known = new KnownTails();
    known.note('a', tail(7));
    known.note('a', tail(6));
    const six = { query: async () => [] } as never;
    await expect(known.read(six, key, 'a')).rejects.toMatchObject({ code: 'chain_set_back' });
  });
});

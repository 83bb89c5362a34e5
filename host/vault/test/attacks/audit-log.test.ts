// SPDX-License-Identifier: Apache-2.0
import { SqliteStore } from '@enclave-vault/stores';
import { describe, expect, it, vi } from 'vitest';
import type { Item } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

const open = vaults();
const reason = 'a test';

interface Scene extends Fixture {
  readonly id: string;
  readonly other: string;
  entry(n: number, log?: string): Promise<Item>;
  head(log?: string): Promise<Item>;
  put(item: Item): Promise<void>;
  remove(sk: string): Promise<void>;
  /** Findings of all chains, `code n`; against the sink where asked. */
  findings(against?: boolean): Promise<string[]>;
}

/** Two records, with five entries each: made once, and put back for each test. */
const template = (async () => {
  const fixture = await open();
  const { vault, store, sink } = fixture;
  const [id = '', other = ''] = await Promise.all(
    [BOB, BOB].map(async (fields) => {
      const record = (await vault.create(call(), fields)).id;
      for (const city of ['Bonn', 'Köln']) await vault.update(call(), record, { city });
      for (const field of ['email', 'dob']) await vault.decrypt(call(), record, { fields: [field], reason });
      return record;
    }),
  );
  const { items } = await store.scan('', { limit: 99 });
  return { ...fixture, id, other, items, heads: [...sink.heads] };
})();

async function scene(): Promise<Scene> {
  const { items, heads, id: made, other, again } = await template;
  // A process that remembers nothing of what the tests before did to the store.
  const fixture = { ...(await again()), id: made, other };
  const { vault, store, sink, id } = fixture;
  const before = await store.scan('', { limit: 999 });
  await store.transact(before.items.map(({ pk, sk }) => ({ remove: { pk, sk } })));
  await store.transact(items.map((item) => ({ put: item })));
  sink.heads.splice(0, Number.POSITIVE_INFINITY, ...heads);
  const get = async (sk: string, log: string): Promise<Item> => {
    const found = await store.get(`LOG##${log}`, sk);
    if (found === undefined) throw new Error('no such entry');
    return { ...found };
  };
  return {
    ...fixture,
    entry: (n, log = id) => get(String(n).padStart(12, '0'), log),
    head: (log = id) => get('head', log),
    put: (item) => store.transact([{ put: item }]),
    remove: (sk) => store.transact([{ remove: { pk: `LOG##${id}`, sk } }]),
    findings: async (against = false) => {
      const report = await vault.verifyAudit(against ? { against: sink.heads } : {});
      expect(report.findings.every(({ log }) => log === id)).toBe(true);
      return report.findings.map(({ code, n, to }) =>
        [code, n, to].filter((part) => part !== undefined).join(' '),
      );
    },
  };
}

const sk = (n: number): string => String(n).padStart(12, '0');
const edited = (item: Item): Item => {
  const bytes = Buffer.from(item.entry as Uint8Array);
  const at = bytes.indexOf('default');
  bytes.write('devault', at);
  return { ...item, entry: bytes };
};

describe('audit verify', () => {
  it('finds nothing where nothing was done', async () => {
    const { findings, vault, sink } = await scene();
    expect(await findings()).toEqual([]);
    expect(await findings(true)).toEqual([]);
    expect(await vault.verifyAudit({ against: sink.heads })).toMatchObject({ chains: 2, entries: 10 });
  });

  it.each([1, 3, 4])('names an edited entry: %d', async (n) => {
    const { put, entry, findings } = await scene();
    await put(edited(await entry(n)));
    expect(await findings()).toEqual([`entry_changed ${n}`]);
    expect(await findings(true)).toEqual([`entry_changed ${n}`]);
  });

  it('names an edited last entry, and adds nothing to it', async () => {
    const { put, entry, findings, vault, id } = await scene();
    await put(edited(await entry(5)));
    expect(await findings()).toEqual(['entry_changed 5']);
    const work = vault.decrypt(call(), id, { fields: ['email'], reason });
    expect(await codeOf(work)).toBe('integrity_failed');
    expect(await codeOf(vault.audit(call(), id))).toBe('integrity_failed');
    expect(await codeOf(vault.audit(call(), id, { cursor: sk(5) }))).toBeUndefined();
  });

  it.each<[string, (last: Item, before: Item) => Item]>([
    ['is edited', edited],
    ['has another hash', (last) => ({ ...last, hash: Buffer.alloc(32) })],
    ['is that before it', (last, before) => ({ ...before, sk: last.sk })],
    ['has no hash', ({ hash: _, ...last }) => last as Item],
  ])('adds nothing to a last entry that it wrote itself a moment before and that %s', async (_, change) => {
    const { put, entry, vault, id } = await scene();
    const decrypt = () => vault.decrypt(call(), id, { fields: ['email'], reason });
    await decrypt();
    await put(change(await entry(6), await entry(5)));
    expect(await codeOf(decrypt())).toBe('integrity_failed');
    await expect(entry(7)).rejects.toThrow('no such entry');
  });

  it('names an entry whose hash was edited', async () => {
    const { put, entry, findings } = await scene();
    await put({ ...(await entry(2)), hash: Buffer.alloc(32) });
    expect(await findings()).toEqual(['entry_changed 2']);
  });

  it('names a forged entry', async () => {
    const { put, entry, findings } = await scene();
    await put({ ...edited(await entry(3)), hash: Buffer.alloc(32, 1) });
    expect(await findings()).toEqual(['entry_forged 3']);
    await put({ ...(await entry(3)), entry: Buffer.from('no entry') });
    expect(await findings()).toEqual(['entry_forged 3']);
    await put({ pk: (await entry(3)).pk, sk: sk(3), entry: 'text', hash: 7 });
    expect(await findings()).toEqual(['entry_forged 3']);
  });

  it('names an entry that was added', async () => {
    const { put, entry, head, findings, vault, id } = await scene();
    const { pk } = await entry(5);
    await put({ ...edited(await entry(5)), sk: sk(6) });
    expect(await findings()).toEqual(['entry_forged 6', 'head_behind']);
    await put({ ...(await head()), n: 6 });
    // Its hash is that of entry 5, which the forger copied: content and place disagree with it.
    expect(await findings()).toEqual(['entry_changed 6']);
    expect(await codeOf(vault.update(call(), id, { city: 'x' }))).toBe('integrity_failed');
    await put({ pk, sk: 'x', entry: Buffer.alloc(1), hash: Buffer.alloc(32) });
    expect(await findings()).toContain('entry_forged');
  });

  it.each([1, 2, 4])('names a removed entry: %d', async (n) => {
    const { remove, findings } = await scene();
    await remove(sk(n));
    expect(await findings()).toEqual([`entry_missing ${n}`]);
  });

  it('names removed entries, first to last', async () => {
    const { remove, findings } = await scene();
    for (const n of [2, 3, 4]) await remove(sk(n));
    expect(await findings()).toEqual(['entry_missing 2 4']);
  });

  it('names a tail that was cut off, where the head stayed', async () => {
    const { remove, findings, vault, id } = await scene();
    for (const n of [4, 5]) await remove(sk(n));
    expect(await findings()).toEqual(['entry_missing 4 5']);
    expect(await codeOf(vault.update(call(), id, { city: 'x' }))).toBe('integrity_failed');
  });

  it('names a tail that was cut off with its head, by the sink', async () => {
    const { remove, put, entry, head, findings, again, id } = await scene();
    for (const n of [4, 5]) await remove(sk(n));
    const { hash } = await entry(3);
    await put({ ...(await head()), n: 3, hash: hash ?? '' });
    // Nothing in the store tells: entries 4 and 5 left the record as it was.
    expect(await findings()).toEqual([]);
    expect(await findings(true)).toEqual(['truncated 4 5']);
    // And not when the chain has grown again.
    const { vault } = await again();
    for (const _ of [4, 5, 6]) await vault.decrypt(call(), id, { fields: ['email'], reason });
    expect(await findings()).toEqual([]);
    expect(await findings(true)).toEqual(['sink_mismatch 4', 'sink_mismatch 5']);
  });

  it('names a cut that hides a write, by the state of the record', async () => {
    const { remove, put, entry, head, findings } = await scene();
    for (const n of [3, 4, 5]) await remove(sk(n));
    const { hash } = await entry(2);
    await put({ ...(await head()), n: 2, hash: hash ?? '' });
    expect(await findings()).toEqual(['record_state']);
  });

  it('names a chain that is gone, by its record or by the sink', async () => {
    const { remove, findings } = await scene();
    for (const key of [1, 2, 3, 4, 5].map(sk)) await remove(key);
    await remove('head');
    expect(await findings()).toEqual(['log_missing']);
    expect(await findings(true)).toEqual(['truncated 1 5', 'log_missing']);
  });

  it('names a store set back as a whole, by the sink', async () => {
    const { store, vault, id, findings } = await scene();
    const items = [
      ...(await store.query(`LOG##${id}`, { limit: 99 })),
      await store.get(`VAULT##${id}`, 'v0'),
    ];
    await vault.update(call(), id, { city: 'Ulm' });
    await store.transact([{ remove: { pk: `LOG##${id}`, sk: sk(6) } }]);
    await store.transact(items.flatMap((item) => (item === undefined ? [] : [{ put: item }])));
    expect(await findings()).toEqual([]);
    expect(await findings(true)).toEqual(['truncated 6']);
  });

  it('names reordered entries', async () => {
    const { put, entry, findings } = await scene();
    const [two, three] = [await entry(2), await entry(3)];
    await put({ ...two, sk: three.sk });
    await put({ ...three, sk: two.sk });
    expect(await findings()).toEqual(['entry_reordered 2', 'entry_reordered 3']);
  });

  it('names a repeated entry', async () => {
    const { put, entry, findings } = await scene();
    await put({ ...(await entry(4)), sk: sk(5) });
    expect(await findings()).toEqual(['entry_reordered 5']);
  });

  it('names a transplanted entry', async () => {
    const { put, entry, findings, other } = await scene();
    const { pk } = await entry(3);
    await put({ ...(await entry(3, other)), pk });
    expect(await findings()).toEqual(['entry_transplanted 3']);
  });

  it('names a transplanted chain', async () => {
    const { put, entry, head, findings, other, vault, id } = await scene();
    const { pk } = await entry(3);
    for (const n of [1, 2, 3, 4, 5]) await put({ ...(await entry(n, other)), pk });
    await put({ ...(await head(other)), pk });
    expect(await findings()).toEqual([1, 2, 3, 4, 5].map((n) => `entry_transplanted ${n}`));
    expect(await codeOf(vault.decrypt(call(), id, { fields: ['email'], reason }))).toBe('integrity_failed');
  });

  it.each<[string, (head: Item) => Item, string[]]>([
    ['behind', (head) => ({ ...head, n: 4 }), ['head_behind']],
    ['ahead', (head) => ({ ...head, n: 7 }), ['entry_missing 6 7']],
    ['of another hash', (head) => ({ ...head, hash: Buffer.alloc(32) }), ['head_forged']],
    ['of another type', (head) => ({ ...head, n: '5' }), ['head_forged']],
  ])('names a head that is %s, and adds nothing to it', async (_, change, expected) => {
    const { put, head, findings, vault, id } = await scene();
    await put(change(await head()));
    expect(await findings()).toEqual(expected);
    expect(await codeOf(vault.update(call(), id, { city: 'x' }))).toBe('integrity_failed');
  });

  it('names a head that is gone, and does not begin a second chain', async () => {
    const { remove, findings, vault, id } = await scene();
    await remove('head');
    expect(await findings()).toEqual(['head_missing']);
    expect(await codeOf(vault.update(call(), id, { city: 'x' }))).toBe('integrity_failed');
  });

  it('names an entry that another fork has', async () => {
    const { store, vault, id, put, findings, entry, again } = await scene();
    const before = await Promise.all([
      store.query(`LOG##${id}`, { limit: 99 }),
      store.get(`VAULT##${id}`, 'v0'),
    ]);
    await vault.update(call(), id, { city: 'Ulm' });
    const fork = await entry(6);
    // Set back, grown otherwise, and an entry of the first life put in.
    for (const item of [...before[0], before[1]]) if (item !== undefined) await put(item);
    await store.transact([{ remove: { pk: `LOG##${id}`, sk: sk(6) } }]);
    const { vault: later } = await again();
    await later.update(call(), id, { city: 'Linz' });
    await later.update(call(), id, { city: 'Graz' });
    await put(fork);
    expect(await findings()).toEqual(['chain_broken 7']);
    expect(await findings(true)).toEqual(['sink_mismatch 6', 'chain_broken 7']);
  });

  it('looks at one chain where it is asked to', async () => {
    const { put, entry, vault, id, other } = await scene();
    await put(edited(await entry(2)));
    expect(await vault.verifyAudit({ id: other })).toMatchObject({ chains: 1, entries: 5, findings: [] });
    expect((await vault.verifyAudit({ id })).findings).toEqual([
      { log: id, code: 'entry_changed', n: 2, message: 'the entry was edited' },
    ]);
  });

  it('says nothing false while the vault is at work', async () => {
    const { vault, id } = await scene();
    let working = true;
    const work = (async () => {
      for (let n = 0; n < 40; n += 1) await vault.update(call(), id, { city: `${n}` });
      working = false;
    })();
    while (working) expect((await vault.verifyAudit()).findings).toEqual([]);
    await work;
  });
});

it('finds the same whether all heads are held at once or a few: the sink is read again for each part of the chains', async () => {
  const { vault, store } = await scene();
  const made: string[] = [];
  for (let n = 0; n < 12; n += 1) made.push((await vault.create(call(), BOB)).id);
  const { sink } = await template;
  const [gone = '', cut = ''] = made;
  for (const { pk, sk } of await store.query(`LOG##${gone}`, { limit: 9 }))
    await store.transact([{ remove: { pk, sk } }]);
  await vault.update(call(), cut, { city: 'Rom' });
  const heads = [...sink.heads, { log: cut, n: 3, hash: Buffer.alloc(32), time: 0 }];
  let reads = 0;
  const verify = async (headsAtOnce?: number) => {
    reads = 0;
    const against = () => {
      reads += 1;
      return heads;
    };
    const report = await vault.verifyAudit({
      against,
      ...(headsAtOnce === undefined ? {} : { headsAtOnce }),
    });
    return { ...report, findings: report.findings.map(({ log, code }) => `${log} ${code}`).sort() };
  };
  const whole = await vault.verifyAudit({ against: heads });
  expect(whole.findings.length).toBeGreaterThanOrEqual(3);
  const { findings, ...counts } = await verify();
  expect(findings).toEqual(whole.findings.map(({ log, code }) => `${log} ${code}`).sort());
  // Counted, and read.
  expect(reads).toBe(2);
  expect(await verify(4)).toEqual({ ...counts, findings });
  expect(reads).toBe(1 + Math.ceil(heads.length / 4));
});

it('a sink that holds less when it is read again is an error: what it held would be missed in silence', async () => {
  const { vault, id, sink } = await scene();
  const truncated = { log: id, n: 99, hash: Buffer.alloc(32), time: 0 };
  // As a pipe: what was read is gone.
  const pipe = [...sink.heads, truncated];
  await expect(vault.verifyAudit({ against: () => pipe.splice(0) })).rejects.toMatchObject({
    code: 'sink_shrank',
  });
});

it('a chain may be as long as it likes: the sink of a busy one is compared like any other', async () => {
  const { vault, id, sink } = await scene();
  const last = 200_000;
  const more = Array.from({ length: last - 5 }, (_, index) => ({
    log: id,
    n: index + 6,
    hash: Buffer.alloc(32),
    time: 0,
  }));
  const { findings } = await vault.verifyAudit({ id, against: [...sink.heads, ...more] });
  expect(findings).toMatchObject([{ code: 'truncated', n: 6, to: last }]);
});

it('verifies each chain as it comes by, and keeps no list of them: one of a hundred million would not fit into memory', async () => {
  const { vault, store } = await open();
  // Three rows each, so that one page of keys does not hold them all.
  const made = await Promise.all(Array.from({ length: 200 }, () => vault.create(call(), BOB)));
  for (const { pk, sk } of await store.query(`LOG##${made[7]?.id}`, { limit: 9 }))
    await store.transact([{ remove: { pk, sk } }]);
  const asked: string[] = [];
  const scan = vi.spyOn(store, 'scan').mockImplementation(async (...args) => {
    asked.push('scan');
    return await SqliteStore.prototype.scan.apply(store, args);
  });
  const get = vi.spyOn(store, 'get').mockImplementation(async (pk, sk) => {
    asked.push(pk);
    return await SqliteStore.prototype.get.apply(store, [pk, sk]);
  });
  const report = await vault.verifyAudit();
  scan.mockRestore();
  get.mockRestore();
  expect(report.findings).toMatchObject([{ log: made[7]?.id, code: 'log_missing' }]);
  // Every record was looked at once, and most of those of the first page before the next was asked for.
  const records = asked.filter((what) => what.startsWith('VAULT##'));
  expect(records.toSorted()).toEqual(made.map(({ id }) => `VAULT##${id}`).toSorted());
  const second = asked.indexOf('scan', asked.indexOf('scan') + 1);
  expect(asked.slice(0, second).filter((what) => what.startsWith('VAULT##')).length).toBeGreaterThan(100);
});

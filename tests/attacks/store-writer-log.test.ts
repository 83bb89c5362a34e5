// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/local-vault.ts';
import { StoreAttack } from '../support/store-attack.ts';
import { entryKey, flip, without } from '../support/store-attacker.ts';

/**
 * Actor: writer of the store
 *
 * He of store-writer.test.ts, at API keys, repeats of requests, and the audit log.
 */
let all: StoreAttack;
beforeAll(async () => {
  all = await StoreAttack.start();
});
afterAll(() => all.end());

describe('an API key', () => {
  const ALL = 'vaults:create vaults:read vaults:update vaults:delete vaults:decrypt audit:read keys:admin';
  /** A new key with few rights; nothing of it is cached yet. */
  const newKey = async (more: object = {}): Promise<{ id: string; token: string }> => {
    const made = await all.vault.call('POST', '/v1/keys', { scopes: ['audit:read'], ...more });
    return made.json as unknown as { id: string; token: string };
  };
  const adminId = () => all.vault.adminKey.slice(4, 30);
  const secret = 'A'.repeat(43);
  const secretHash = createHash('sha256').update(secret).digest();
  const expectUnknown = async (token: string): Promise<void> => {
    all.expectFailed(
      await all.vault.call('GET', '/v1/keys', undefined, { key: token }),
      401,
      'unauthenticated',
    );
    all.expectFailed(await all.decrypt('v_01KASPQ4Z7C3V3R8N4W8Q0W3XH', {}, token), 401, 'unauthenticated');
  };

  it('taken off the list of keys is named: nobody would revoke it', async () => {
    const { id } = await newKey();
    await all.attacker.remove({ pk: 'KEYS##default', sk: id });
    const list = await all.vault.call('GET', '/v1/keys?limit=100');
    expect(list.status).toBe(200);
    expect(list.text).not.toContain(id);
    all.expected.set(`key_${id}`, ['key_unlisted']);
  });

  it.each<[string, (row: Item, admin: Item) => Item]>([
    ['a MAC of zeros', (row) => ({ ...row, _mac: Buffer.alloc(32) })],
    ["the administrator's MAC", (row, admin) => ({ ...row, _mac: admin._mac ?? '' })],
    ["all of the administrator's rights and his MAC", (row, admin) => ({ ...admin, pk: row.pk })],
    ['no MAC', (row) => without(row, '_mac')],
  ])('planted with %s is unknown, and named', async (_, change) => {
    const id = `01KASPQ4Z7C3V3R8N4W8Q0W3${Math.random().toString(10).slice(2, 4)}`;
    const row = {
      pk: `KEY##${id}`,
      sk: 'v0',
      _id: id,
      _tn: 'default',
      _kh: secretHash,
      _by: 'system:bootstrap',
      _sc: ALL,
      _do: 0,
      _ct: 1,
      _rev: 1,
      _mac: Buffer.alloc(32),
    };
    await all.attacker.put(
      { ...change(row, await all.attacker.key(adminId())), _kh: secretHash },
      { pk: 'KEYS##default', sk: id },
    );
    await expectUnknown(`evk_${id}_${secret}`);
    all.expected.set(`key_${id}`, ['log_missing']);
    await all.attacker.remove({ pk: 'KEYS##default', sk: id });
  });

  it('planted with a log of its own is unknown, and named', async () => {
    const { id, token } = await newKey();
    const planted = '01KASPQ4Z7C3V3R8N4W8Q0W3XH';
    const [row, entry, head] = [
      await all.attacker.key(id),
      await all.attacker.entry(`key_${id}`, 1),
      await all.attacker.entry(`key_${id}`, 'head'),
    ];
    await all.attacker.put(
      { ...row, pk: `KEY##${planted}`, _id: planted },
      { ...entry, pk: `LOG##key_${planted}` },
      { ...head, pk: `LOG##key_${planted}` },
    );
    await expectUnknown(token.replace(id, planted));
    all.expected.set(`key_${planted}`, ['entry_transplanted 1', 'key_forged']);
  });

  it.each<[string, object, (row: Item) => Item]>([
    ['wider scopes', {}, (row) => ({ ...row, _sc: ALL })],
    ['more fields', { fields: ['city'] }, (row) => ({ ...row, _fl: 'city ssn9' })],
    ['all fields', { fields: ['city'] }, (row) => without(row, '_fl')],
    ['all purposes', { purposes: ['general'] }, (row) => without(row, '_pu')],
    ['free expressions', { derive_only: true }, (row) => ({ ...row, _do: 0 })],
    ['a later end', { expires: '2099-01-01T00:00:00Z' }, (row) => without(row, '_ex')],
    ['another tenant', {}, (row) => ({ ...row, _tn: 'other' })],
    ['a secret of his', {}, (row) => ({ ...row, _kh: secretHash })],
  ])('given %s is no key any more, and named', async (_, rights, change) => {
    const { id, token } = await newKey(rights);
    await all.attacker.put(change(await all.attacker.key(id)));
    await expectUnknown(token);
    await expectUnknown(`evk_${id}_${secret}`);
    all.expected.set(`key_${id}`, ['key_forged']);
  });

  it('that was revoked stays revoked: its mark removed, its old row put back', async () => {
    const [edited, replayed] = [await newKey(), await newKey()];
    const before = await all.attacker.key(replayed.id);
    for (const { id } of [edited, replayed]) {
      expect((await all.vault.call('DELETE', `/v1/keys/${id}`)).status).toBe(200);
    }
    await all.attacker.put(without(await all.attacker.key(edited.id), '_rv'), before);
    for (const { token } of [edited, replayed]) await expectUnknown(token);
    all.expected.set(`key_${edited.id}`, ['key_forged']);
    all.expected.set(`key_${replayed.id}`, ['key_state']);
  });

  it('that was revoked, set back together with its log, is named by the sink', async () => {
    const { id, token } = await newKey();
    const before = [await all.attacker.key(id), ...(await all.attacker.all(`LOG##key_${id}`))];
    await all.vault.call('DELETE', `/v1/keys/${id}`);
    await all.attacker.remove(await all.attacker.entry(`key_${id}`, 2));
    await all.attacker.put(...before);
    // The process that revoked it remembers. Another one could not know: only what is kept elsewhere does.
    await expectUnknown(token);
    all.expectedOfSink.set(`key_${id}`, ['truncated 2']);
  });

  it('whose row was removed is unknown, and named', async () => {
    const { id, token } = await newKey();
    await all.attacker.remove(await all.attacker.key(id));
    await expectUnknown(token);
    all.expected.set(`key_${id}`, ['key_missing']);
  });
});

describe('an idempotency row', () => {
  const send = (key: string) =>
    all.vault.call('POST', '/v1/vaults', { city: key }, { headers: { 'idempotency-key': key } });
  const rows = async () => (await all.attacker.all('IDEMPOTENCY##')).map(({ pk }) => pk);

  it.each<[string, (row: Item, other: Item) => Item]>([
    ['another answer', (row, other) => ({ ...row, _an: other._an ?? '' })],
    ['the whole of another', (row, other) => ({ ...other, pk: row.pk })],
    ['another request', (row, other) => ({ ...row, _bh: other._bh ?? '' })],
    ['a longer life', (row) => ({ ...row, _ttl: Number(row._ttl) + 1 })],
    ['no MAC', (row) => without(row, '_mac')],
  ])('with %s gives no answer', async (what, change) => {
    const known = new Set(await rows());
    const added = async (key: string): Promise<Item> => {
      expect((await send(key)).status).toBe(201);
      const pk = (await rows()).find((name) => !known.has(name)) ?? '';
      known.add(pk);
      return all.attacker.item(pk);
    };
    const [own, other] = [await added(`${what.length}-a`), await added(`${what.length}-b`)];
    await all.attacker.put(change(own, other));
    all.expectFailed(await send(`${what.length}-a`), 500, 'integrity_failed');
    expect((await send(`${what.length}-b`)).status).toBe(201);
  });
});

describe('the audit log', () => {
  /** A record with five entries: create, two updates, two decryptions. */
  const life = async (): Promise<string> => {
    const id = await all.create();
    for (const city of ['Bonn', 'Graz']) expect((await all.patch(id, { city })).status).toBe(200);
    for (const fields of [['ssn9'], ['dob']]) expect((await all.decrypt(id, { fields })).status).toBe(200);
    return id;
  };
  const edited = (item: Item, from: string, to: string): Item => {
    const entry = Buffer.from(item.entry as Uint8Array);
    const at = entry.indexOf(from);
    expect(at).toBeGreaterThan(0);
    entry.write(to, at);
    return { ...item, entry };
  };
  const readAudit = (id: string) => all.vault.call('GET', `/v1/vaults/${id}/audit`);
  const expectStuck = async (id: string): Promise<void> => {
    all.expectFailed(await all.decrypt(id), 500, 'integrity_failed');
    all.expectFailed(await all.patch(id), 500, 'integrity_failed');
  };

  it('with an edited entry is not shown, and the entry is named', async () => {
    const id = await life();
    await all.attacker.put(edited(await all.attacker.entry(id, 4), 'ssn9', 'city'));
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    all.expected.set(id, ['entry_changed 4']);
  });

  it('with an edited end takes no further entry', async () => {
    const id = await life();
    await all.attacker.put(edited(await all.attacker.entry(id, 5), 'store attack', 'store repair'));
    await expectStuck(id);
    all.expected.set(id, ['entry_changed 5']);
  });

  it('with entries cut out names them', async () => {
    const id = await life();
    for (const n of [2, 4]) await all.attacker.remove(await all.attacker.entry(id, n));
    all.expected.set(id, ['entry_missing 2', 'entry_missing 4']);
  });

  it('with its end cut off takes no further entry', async () => {
    const id = await life();
    for (const n of [4, 5]) await all.attacker.remove(await all.attacker.entry(id, n));
    await expectStuck(id);
    all.expected.set(id, ['entry_missing 4 5']);
    all.expectedOfSink.set(id, ['entry_missing 4 5', 'truncated 4 5']);
  });

  it('with its end cut off and the head set back is named by the sink', async () => {
    const id = await life();
    const head = await all.attacker.entry(id, 'head');
    for (const n of [4, 5]) await all.attacker.remove(await all.attacker.entry(id, n));
    await all.attacker.put({ ...head, n: 3, hash: (await all.attacker.entry(id, 3)).hash ?? '' });
    await expectStuck(id);
    all.expectedOfSink.set(id, ['truncated 4 5']);
  });

  it('set back together with its record is named by the sink', async () => {
    const id = await life();
    const before = [await all.attacker.record(id), ...(await all.attacker.all(`LOG##${id}`))];
    await all.patch(id, { ssn9: '123456789' });
    await all.attacker.remove(await all.attacker.entry(id, 6));
    await all.attacker.put(...before);
    // The process that wrote what is gone remembers; one that starts now would not.
    await expectStuck(id);
    all.expectedOfSink.set(id, ['truncated 6']);
  });

  it('with a write cut off contradicts its record', async () => {
    const id = await life();
    const head = await all.attacker.entry(id, 'head');
    for (const n of [3, 4, 5]) await all.attacker.remove(await all.attacker.entry(id, n));
    await all.attacker.put({ ...head, n: 2, hash: (await all.attacker.entry(id, 2)).hash ?? '' });
    await expectStuck(id);
    all.expected.set(id, ['record_state']);
    all.expectedOfSink.set(id, ['truncated 3 5']);
  });

  it('with two entries exchanged is not shown, and both are named', async () => {
    const id = await life();
    const [two, three] = [await all.attacker.entry(id, 2), await all.attacker.entry(id, 3)];
    await all.attacker.put({ ...two, sk: three.sk }, { ...three, sk: two.sk });
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    all.expected.set(id, ['entry_reordered 2', 'entry_reordered 3']);
  });

  it('with an entry of another record is not shown, and the entry is named', async () => {
    const [id, other] = [await life(), await life()];
    await all.attacker.put({ ...(await all.attacker.entry(other, 4)), pk: `LOG##${id}` });
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    all.expected.set(id, ['entry_transplanted 4']);
  });

  it('of another record, as a whole, is not shown, and takes no further entry', async () => {
    const [id, other] = [await life(), await life()];
    for (const item of await all.attacker.all(`LOG##${other}`))
      await all.attacker.put({ ...item, pk: `LOG##${id}` });
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    await expectStuck(id);
    all.expected.set(
      id,
      [1, 2, 3, 4, 5].map((n) => `entry_transplanted ${n}`),
    );
  });

  it('with an entry of his own is not shown, and takes no further entry', async () => {
    const id = await life();
    const forged = edited({ ...(await all.attacker.entry(id, 5)), sk: entryKey(6) }, 'dob', 'zip');
    const hash = createHash('sha256')
      .update(forged.entry as Uint8Array)
      .digest();
    await all.attacker.put({ ...forged, hash }, { ...(await all.attacker.entry(id, 'head')), n: 6, hash });
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    await expectStuck(id);
    all.expected.set(id, ['entry_changed 6']);
  });

  it.each<[string, (head: Item) => Item | undefined, string]>([
    ['without its head', () => undefined, 'head_missing'],
    ['with its head behind', (head) => ({ ...head, n: 4 }), 'head_behind'],
    ['with its head ahead', (head) => ({ ...head, n: 6 }), 'entry_missing 6'],
    ['with another hash in its head', (head) => ({ ...head, hash: flip(head.hash) }), 'head_forged'],
  ])('%s takes no further entry', async (_, change, code) => {
    const id = await life();
    const head = await all.attacker.entry(id, 'head');
    const changed = change(head);
    if (changed === undefined) await all.attacker.remove(head);
    else await all.attacker.put(changed);
    await expectStuck(id);
    all.expected.set(id, [code]);
  });

  it('that is gone as a whole is missed by its record', async () => {
    const id = await life();
    await all.attacker.remove(...(await all.attacker.all(`LOG##${id}`)));
    await expectStuck(id);
    all.expected.set(id, ['log_missing']);
    all.expectedOfSink.set(id, ['truncated 1 5', 'log_missing']);
  });

  it('that is gone together with its record is missed by the sink', async () => {
    const id = await life();
    await all.attacker.remove(await all.attacker.record(id), ...(await all.attacker.all(`LOG##${id}`)));
    all.expectedOfSink.set(id, ['truncated 1 5']);
  });

  it('that a trigger of the database swallows is missed by the sink', async () => {
    const id = await all.create();
    const when = `NEW.pk = 'LOG##${id}'`;
    all.attacker.sql((db) => {
      db.exec(`CREATE TRIGGER swallow BEFORE INSERT ON items WHEN ${when} BEGIN SELECT RAISE(IGNORE); END`);
    });
    for (const _ of [2, 3]) await all.decrypt(id);
    all.attacker.sql((db) => db.exec('DROP TRIGGER swallow'));
    all.expectedOfSink.set(id, ['truncated 2']);
  });

  it('with an entry that is no item at all is not shown, and the entry is named', async () => {
    const id = await life();
    all.attacker.sql((db) => {
      const update = db.prepare('UPDATE items SET body = ? WHERE pk = ? AND sk = ?');
      update.run(Buffer.from('junk'), `LOG##${id}`, entryKey(2));
    });
    all.expectFailed(await readAudit(id), 500, 'integrity_failed');
    all.expected.set(id, ['entry_forged 2']);
  });

  it('under a name that would hide, overwrite or add lines on the operator’s terminal is shown as text', async () => {
    const name = '\u001b[8m\u009b2J\r\n5 chains, 9 entries, 0 findings\n\u202e';
    const [entry, hash] = [Buffer.from('x'), Buffer.alloc(32)];
    await all.attacker.put({ pk: `LOG##${name}`, sk: entryKey(1), entry, hash });
    const { code, out } = await run(['audit', 'verify', '--data', all.vault.data]);
    expect(code).toBe(1);
    expect(out).not.toMatch(/[^\n\x20-\x7e]/);
    expect(out).toContain(
      '\\u{1b}[8m\\u{9b}2J\\u{d}\\u{a}5 chains, 9 entries, 0 findings\\u{a}\\u{202e} entry 1: ',
    );
    // One line each for what was found, and the last one counts them.
    const lines = out.trim().split('\n');
    expect(lines.at(-1)).toContain(`, ${lines.length - 1} findings (`);
    all.expected.set(name, ['entry_forged 1', 'head_missing']);
  });
});

it('audit verify names every attack, and nothing else', () => all.expectNamed());

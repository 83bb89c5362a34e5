// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { P384 } from '@enclave-vault/hpke';
import { openFields } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, LocalVault, run } from '../support/local-vault.ts';
import { StoreAttack } from '../support/store-attack.ts';
import { flip, without } from '../support/store-attacker.ts';

/**
 * Actor: writer of the store
 * Has: every right to read and write the store of a running vault, as an administrator of the database has it. None of its keys.
 * Wants: a value; what is written next sealed to a key of his; another's record in the place of one; an old state back.
 * Cannot: any of it: what he does is refused over HTTP with a stable code and tells nothing, or `enclave-vault audit verify` names it, all
 *   of that and nothing else, as the last test shows.
 * Remains: he may destroy. Who sets back record and log together, or the whole store, is noticed by processes that saw more of it, and else against heads kept elsewhere.
 */
let all: StoreAttack;
beforeAll(async () => {
  all = await StoreAttack.start();
});
afterAll(() => all.end());

describe('a record', () => {
  const cases: [string, (own: Item, other: Item) => Item][] = [
    [
      'two of its fields swapped',
      (own, _) => ({ ...own, first_name: own.ssn9 ?? '', ssn9: own.first_name ?? '' }),
    ],
    ['the field of another record', (own, other) => ({ ...own, ssn9: other.ssn9 ?? '' })],
    [
      'all fields of another record',
      (own, other) => ({ ...other, pk: own.pk, _id: own._id ?? '', _mac: own._mac ?? '' }),
    ],
    ['a bit of a field turned', (own) => ({ ...own, ssn9: flip(own.ssn9) })],
    ['a field dropped', (own) => without(own, 'ssn4')],
    ['a field under another name', (own) => ({ ...without(own, 'ssn9'), postal_code: own.ssn9 ?? '' })],
    ['a field of his own, sealed to the right key', (own) => ({ ...own, ...forgedFields(own) })],
    ['the wrapped private key of another record', (own, other) => ({ ...own, _sk: other._sk ?? '' })],
    [
      'the key pair of another record',
      (own, other) => ({ ...own, _sk: other._sk ?? '', _pk: other._pk ?? '' }),
    ],
    [
      'another KMS key named',
      (own) => ({ ...own, _kk: String(own._kk).replace(/.$/, (c) => (c === '0' ? '1' : '0')) }),
    ],
    ['another suite', (own) => ({ ...own, _hs: Buffer.from('48504b45001000010002', 'hex') })],
    ['another revision', (own) => ({ ...own, _rev: 2 })],
    ['another schema version', (own) => ({ ...own, _sv: 2 })],
    ['no MAC', (own) => without(own, '_mac')],
    ['the MAC of another record', (own, other) => ({ ...own, _mac: other._mac ?? '' })],
    ['a number in the place of a field', (own) => ({ ...own, ssn9: 219_099_999 })],
    ['the whole of another record', (own, other) => ({ ...other, pk: own.pk })],
  ];

  it.each(cases)('with %s is dead, and named', async (_, change) => {
    const [id, other] = [await all.create(), await all.create({ first_name: 'Eve', ssn9: '987654321' })];
    await all.attacker.put(change(await all.attacker.record(id), await all.attacker.record(other)));
    await all.expectDead(id);
    all.expectFailed(await all.vault.call('GET', `/v1/vaults/${id}`), 500, 'integrity_failed');
    all.expected.set(id, ['record_forged']);
  });

  it('with two revisions mixed is dead, and named', async () => {
    const id = await all.create();
    const first = await all.attacker.record(id);
    expect((await all.patch(id, { ssn9: '123456789' })).status).toBe(200);
    const second = await all.attacker.record(id);
    for (const mixed of [
      { ...second, ssn9: first.ssn9 ?? '' },
      { ...first, _rev: second._rev ?? 0, _mac: second._mac ?? '' },
      { ...second, _rev: 1, _mac: first._mac ?? '' },
    ]) {
      await all.attacker.put(mixed);
      await all.expectDead(id);
    }
    all.expected.set(id, ['record_forged']);
  });

  it('set back as a whole is dead, and named by the state in its log', async () => {
    const id = await all.create();
    const first = await all.attacker.record(id);
    await all.patch(id, { ssn9: '123456789' });
    await all.attacker.put(first);
    await all.expectDead(id);
    all.expected.set(id, ['record_state']);
  });

  it('put back after its deletion is dead, and named', async () => {
    const id = await all.create();
    const alive = await all.attacker.record(id);
    expect((await all.vault.call('DELETE', `/v1/vaults/${id}?delete_all=true`)).status).toBe(200);
    await all.attacker.put(alive);
    await all.expectDead(id);
    all.expected.set(id, ['record_revived']);
  });

  it('made to look deleted is gone for its readers, and named', async () => {
    const id = await all.create();
    const { pk, sk, _id = '', _tn = '' } = await all.attacker.record(id);
    await all.attacker.put({ pk, sk, _id, _tn, _ct: 1, _mt: 1, _rev: 2, _del: 1 });
    all.expectFailed(await all.decrypt(id), 404, 'not_found');
    all.expectFailed(await all.patch(id), 404, 'not_found');
    all.expected.set(id, ['record_missing']);
  });

  it('removed is gone for its readers, and named', async () => {
    const id = await all.create();
    await all.attacker.remove(await all.attacker.record(id));
    all.expectFailed(await all.decrypt(id), 404, 'not_found');
    all.expected.set(id, ['record_missing']);
  });

  it('moved to another tenant is gone for its owner, and named', async () => {
    const id = await all.create();
    await all.attacker.put({ ...(await all.attacker.record(id)), _tn: 'evil' });
    all.expectFailed(await all.decrypt(id), 404, 'not_found');
    all.expectFailed(await all.vault.call('GET', `/v1/vaults/${id}/audit`), 404, 'not_found');
    all.expected.set(id, ['record_forged']);
  });

  it('copied to another id is dead there, and named', async () => {
    const id = await all.create();
    const copy = `${id.slice(0, -4)}ZZZZ`;
    await all.attacker.put({ ...(await all.attacker.record(id)), pk: `VAULT##${copy}`, _id: copy });
    await all.expectDead(copy);
    all.expected.set(copy, ['log_missing']);
  });

  it('that is no item at all is out of reach, and named', async () => {
    const id = await all.create();
    all.attacker.sql((db) =>
      db.prepare('UPDATE items SET body = ? WHERE pk = ?').run(Buffer.from('junk'), `VAULT##${id}`),
    );
    for (const answer of [
      await all.decrypt(id),
      await all.patch(id),
      await all.vault.call('GET', `/v1/vaults/${id}`),
    ])
      all.expectFailed(answer, 503, 'store_unavailable');
    all.expected.set(id, ['record_forged']);
  });
});

/** What whoever knows the public key can do: a well-formed value of his own choice. */
function forgedFields({ _id, _tn, _pk }: Item): Record<string, Buffer> {
  const identity = { tenant: String(_tn), vaultId: String(_id) };
  return Object.fromEntries(
    sealFields(identity, P384, _pk as Uint8Array, new Map([['ssn9', '"111111111"']])),
  );
}

describe('a public key of his own', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const der = (key: KeyObject, type: 'spki' | 'pkcs8') => key.export({ type, format: 'der' });

  /** Fields of an item that open with the attacker's key. */
  const opened = ({ pk: _, sk: __, ...item }: Item): string[] => {
    const sealed = Object.entries(item).filter(([name]) => !name.startsWith('_'));
    const identity = { tenant: 'default', vaultId: String(item._id) };
    const fields = openFields(
      identity,
      P384,
      der(pair.privateKey, 'pkcs8'),
      new Map(sealed as [string, Buffer][]),
    );
    return [...fields].filter(([, { ok }]) => ok).map(([name]) => name);
  };

  it('opens what is sealed to it: the test would see a leak', async () => {
    const item = { ...(await all.attacker.record(await all.create())), _pk: der(pair.publicKey, 'spki') };
    expect(opened({ ...item, ...forgedFields(item) })).toEqual(['ssn9']);
  });

  it('is never sealed to', async () => {
    const id = await all.create();
    await all.attacker.put({ ...(await all.attacker.record(id)), _pk: der(pair.publicKey, 'spki') });
    await all.expectDead(id);
    expect(opened(await all.attacker.record(id))).toEqual([]);
    all.expected.set(id, ['record_forged']);
  });

  it('is never sealed to, however quickly it comes and goes', async () => {
    const id = await all.create();
    const seen: Item[] = [];
    let writing = true;
    const flicker = (async () => {
      while (writing) {
        const item = await all.attacker.record(id);
        seen.push(item);
        await all.attacker.put({ ...item, _pk: der(pair.publicKey, 'spki') });
        await all.attacker.put(item);
      }
    })();
    const answers: Answer[] = [];
    for (let n = 0; n < 15; n += 1) answers.push(await all.patch(id, { ssn9: '219099999', city: `${n}` }));
    writing = false;
    await flicker;
    seen.push(await all.attacker.record(id));
    for (const { status } of answers) expect([200, 409, 500, 503]).toContain(status);
    expect(seen.length).toBeGreaterThan(15);
    expect(seen.flatMap(opened)).toEqual([]);
    await all.attacker.remove(await all.attacker.record(id));
    all.expected.set(id, ['record_missing']);
  });
});

it('audit verify names every attack, and nothing else', () => all.expectNamed());

describe('what the vault opens with', () => {
  const SYSTEM = 'SYSTEM';
  const integrityKey = (purpose: string) => all.attacker.item(SYSTEM, `integrity-key#${purpose}`);

  it.each<[string, (key: Item, other: Item) => Item | undefined, string]>([
    ['removed', () => undefined, 'integrity_key_missing'],
    ['edited', (key) => ({ ...key, wrapped: flip(key.wrapped) }), 'integrity_key_refused'],
    ['exchanged', (key, other) => ({ ...key, wrapped: other.wrapped ?? '' }), 'integrity_key_refused'],
  ])('an integrity key that was %s is not replaced by a new one', async (_, change, code) => {
    const key = await integrityKey('record');
    const changed = change(key, await integrityKey('audit'));
    if (changed === undefined) await all.attacker.remove(key);
    else await all.attacker.put(changed);
    const verified = await run(['audit', 'verify', '--data', all.vault.data]);
    expect([verified.code, verified.out]).toEqual([1, '']);
    expect(verified.err).toMatch(new RegExp(`^enclave-vault: ${code}: .*\\n$`));
    await all.attacker.put(key);
  });

  it('another schema than it had: the vault does not start', async () => {
    // A first attempt may have ended without one.
    if (all.vault.process.exitCode !== null) all.vault = await LocalVault.start({ data: all.vault.data });
    const id = await all.create();
    expect(await all.vault.stop({ keep: true })).toBe(0);
    const schema = await all.attacker.item(SYSTEM, 'schema');
    const edited = String(schema.schema).replace('"version":1', '"version":0');
    expect(edited).not.toBe(schema.schema);
    await all.attacker.put({ ...schema, schema: edited });
    const refused = new LocalVault({ data: all.vault.data });
    const late = setTimeout(() => refused.process.kill('SIGTERM'), 100_000);
    try {
      expect(await refused.exited).toBe(1);
      expect(refused.output).toContain('integrity_failed: the stored schema does not authenticate');
    } finally {
      clearTimeout(late);
      await all.attacker.put(schema);
    }
    const { data } = all.vault;
    all.vault = await LocalVault.start({ data });
    expect((await all.decrypt(id)).json.data).toEqual({ first_name: 'Zebulon', ssn9: '219099999' });
  });
});

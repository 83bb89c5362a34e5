// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCbor } from '@enclave-vault/codec';
import { SqliteStore } from '@enclave-vault/stores';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeaks, secretText } from '../support/leak-search.ts';
import { LocalVault, run } from '../support/local-vault.ts';

/**
 * Actor: stolen backup
 * Has: a copy of everything that the vault has on disk at one moment: database with its write-ahead log, heads, files of keys under a
 *   passphrase. Time, and a vault of his own. Later, perhaps, a way to put the copy back.
 * Wants: values; whose record is whose; to bring back what was deleted or revoked.
 * Cannot: read a value or a key, tell whether two records hold the same value, open the store with keys of his own, or put an old store
 *   back without contradicting the heads that were kept elsewhere.
 * Remains: he reads what is not encrypted, listed below to the last attribute: ids, tenants, which fields are there, times, sizes in
 *   steps of 32 bytes, and the log with its reasons. A store put back as a whole serves until somebody holds it against the heads.
 */
const VALUES = {
  first_name: 'Zebulon-Bartholomew',
  last_name: 'Quackenbush',
  ssn9: '219099999',
  dob: '1971-03-05',
  city: 'Ouagadougou',
};
const REASON = 'a reason that is no secret';
const env = { ENCLAVE_VAULT_PASSPHRASE: 'correct horse battery staple' };
const live = mkdtempSync(join(tmpdir(), 'ev-live-'));
const stolen = mkdtempSync(join(tmpdir(), 'ev-stolen-'));
let vault: LocalVault;
let store: SqliteStore;
let token = '';
const ids: string[] = [];

beforeAll(async () => {
  vault = await LocalVault.start({ data: live, env });
  // Two of the same person, one of another.
  for (const fields of [VALUES, VALUES, { ...VALUES, first_name: 'Evangeline-Clementine' }])
    ids.push(String((await vault.call('POST', '/v1/vaults', fields)).json.id));
  const made = await vault.call('POST', '/v1/keys', { scopes: ['vaults:decrypt'], fields: ['city'] });
  token = String(made.json.token);
  const ask = { fields: ['ssn9'], reason: REASON, expressions: { adult: 'date(dob).age() >= 18' } };
  expect((await vault.call('POST', `/v1/vaults/${ids[0]}/decrypt`, ask)).status).toBe(200);
  // While it runs, as a snapshot of its disk has it.
  for (const name of readdirSync(live)) cpSync(join(live, name), join(stolen, name), { recursive: true });
  // Says where the vault runs: elsewhere that is nowhere.
  rmSync(join(stolen, 'running.json'));
  cpSync(join(stolen, 'vault.db'), join(stolen, 'copy.db'));
  cpSync(join(stolen, 'vault.db-wal'), join(stolen, 'copy.db-wal'));
  store = SqliteStore.open(join(stolen, 'copy.db'));
});
afterAll(async () => {
  await store?.close();
  await vault?.stop();
  for (const folder of [live, stolen]) rmSync(folder, { recursive: true, force: true });
});

const all = async (prefix: string): Promise<readonly Item[]> =>
  (await store.scan(prefix, { limit: 1_000 })).items;
const record = async (at: number): Promise<Item> => {
  const item = await store.get(`VAULT##${ids[at]}`, 'v0');
  if (item === undefined) throw new Error('the backup has no such record');
  return item;
};
/** What he sees of an item: names of attributes, and their values where they are in the clear. */
const shown = ({ pk: _, sk: __, ...item }: Item) =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? `${value.length} bytes` : value,
    ]),
  );

describe('the copy, offline', () => {
  it('has the records: the attempts below are on what is there', async () => {
    expect((await all('VAULT##')).map(({ _id }) => _id).sort()).toEqual([...ids].sort());
  });

  it('has no value, and no key that could be told to anybody, in any file and any form', () => {
    const own = secretText('the token', token.slice(-43));
    const secrets = [
      ...Object.entries(VALUES).map(([name, value]) => secretText(name, value)),
      // Of a token its hash is what is kept.
      { ...own, forms: own.forms.filter(([form]) => !form.startsWith('SHA-256')) },
      secretText('the passphrase', env.ENCLAVE_VAULT_PASSPHRASE),
    ];
    const names = readdirSync(stolen);
    expect(names).toEqual(
      expect.arrayContaining(['vault.db', 'vault.db-wal', 'audit-heads.log', 'kms.json', 'kms-events.log']),
    );
    for (const name of names) expect(findLeaks(name, readFileSync(join(stolen, name)), secrets)).toEqual([]);
    // The search finds what is there: the reason is in the clear, and documented to be.
    expect(
      findLeaks('x', readFileSync(join(stolen, 'vault.db-wal')), [secretText('reason', REASON)]),
    ).not.toEqual([]);
  });

  it('shows of a record exactly this', async () => {
    const time = expect.any(Number);
    expect(shown(await record(0))).toEqual({
      ...{ _id: ids[0], _tn: 'default', _v: 3, _sv: 1, _rev: 1, _ct: time, _mt: time },
      _kk: expect.stringMatching(/^arn:aws:kms:us-east-1:000000000000:key\//),
      ...{ _hs: '10 bytes', _pk: '120 bytes', _mac: '32 bytes', _sk: expect.stringMatching(/^\d+ bytes$/) },
      // 97 of an encapsulated key, 16 of a tag, a few of framing; the rest is the value, in steps of 32.
      ...Object.fromEntries(
        [...Object.keys(VALUES), 'ssn4'].map((name) => [name, expect.stringMatching(/^\d+ bytes$/)]),
      ),
    });
  });

  it('tells lengths in steps of 32 bytes only', async () => {
    const size = async (at: number, name: string) => ((await record(at))[name] as Uint8Array).length;
    // 19 and 21 letters, 9 digits and 10 letters: one step.
    expect(await size(0, 'first_name')).toBe(await size(2, 'first_name'));
    expect(await size(0, 'ssn9')).toBe(await size(0, 'last_name'));
  });

  it('does not tell that two records hold the same: they have no eight bytes in common where a value is', async () => {
    const [one, two] = [await record(0), await record(1)];
    // Framing and suite are of one kind everywhere; what is sealed begins after the encapsulated key.
    const sealed = (item: Item, name: string) => Buffer.from(item[name] as Uint8Array);
    for (const name of Object.keys(VALUES)) {
      const [a, b] = [sealed(one, name), sealed(two, name)];
      expect(a.length).toBe(b.length);
      for (let at = 16; at + 8 <= a.length; at += 1) expect(b.indexOf(a.subarray(at, at + 8))).toBe(-1);
    }
  });

  it('shows of the log exactly this, its reasons among it', async () => {
    const [, entry] = (await all(`LOG##${ids[0]}`)).filter(({ sk }) => sk !== 'head');
    const members = decodeCbor(entry?.entry as Uint8Array) as unknown as Map<string, unknown>;
    const { expressions, fields, used, ...told } = Object.fromEntries(members);
    expect(told).toEqual({
      ...{ v: 1, log: ids[0], vault_id: ids[0], tenant: 'default', n: 2, event: 'DecryptVault' },
      ...{ operation: null, purpose: expect.toSatisfy((one) => one === null || typeof one === 'string') },
      ...{ actor: expect.stringMatching(/^key:/), reason: REASON, result: 'ok', code: null, rev: 1 },
      ...{ time: expect.any(Number), request_id: expect.any(String) },
      ...{ state: expect.any(Uint8Array), prev: expect.any(Uint8Array) },
    });
    expect([fields, used]).toEqual([['ssn9'], ['dob']]);
    // Of an expression its name, and a MAC of its text.
    expect(expressions).toEqual([['adult', expect.any(Uint8Array)]]);
  });

  it('shows of an API key its rights and a hash of 256 random bits', async () => {
    const row = (await all(`KEY##${token.slice(4, 30)}`))[0];
    expect(shown(row as Item)).toMatchObject({ _kh: '32 bytes', _sc: 'vaults:decrypt', _tn: 'default' });
    expect(JSON.stringify(shown(row as Item))).not.toContain(token.slice(-43));
  });
});

describe('the copy, with keys of his own', () => {
  it('opens in no vault of his: its integrity keys are another’s', async () => {
    const own = mkdtempSync(join(stolen, 'own-'));
    for (const name of ['vault.db', 'vault.db-wal', 'audit-heads.log'])
      cpSync(join(stolen, name), join(own, name));
    const his = new LocalVault({ data: own });
    const late = setTimeout(() => his.process.kill('SIGTERM'), 100_000);
    expect(await his.exited).toBe(1);
    clearTimeout(late);
    expect(his.output).toContain('integrity_key_refused');
    expect(his.output).not.toContain('Ctrl-C stops it.');
  });

  it('and the stolen file of KMS’s keys does not open with a guess', async () => {
    const guess = { ENCLAVE_VAULT_PASSPHRASE: 'correct horse battery stable' };
    const { code, out, err } = await run(['audit', 'verify', '--data', stolen], guess);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/passphrase/i);
  });
});

describe('the copy, put back', () => {
  it('over the live store brings back a deleted record and a revoked key, and every chain of them is named by the heads', async () => {
    const [changed = '', deleted = ''] = ids;
    expect((await vault.call('PATCH', `/v1/vaults/${changed}`, { city: 'Graz' })).status).toBe(200);
    expect((await vault.call('DELETE', `/v1/vaults/${deleted}?delete_all=true`)).status).toBe(200);
    expect((await vault.call('DELETE', `/v1/keys/${token.slice(4, 30)}`)).status).toBe(200);
    expect(await vault.stop({ keep: true })).toBe(0);
    for (const name of ['vault.db-wal', 'vault.db-shm']) rmSync(join(live, name), { force: true });
    cpSync(join(stolen, 'vault.db'), join(live, 'vault.db'));
    writeFileSync(join(live, 'vault.db-wal'), readFileSync(join(stolen, 'vault.db-wal')));

    const verify = async (...args: string[]) => {
      const { out } = await run(['audit', 'verify', '--data', live, '--json', ...args], env);
      const { findings } = JSON.parse(out) as { findings: { log: string; code: string; n?: number }[] };
      return findings.map(({ log, code, n }) => `${log} ${code} ${n}`).sort();
    };
    // All of it is authentic, so it is silent on its own: that is what heads are kept elsewhere for.
    expect(await verify()).toEqual([]);
    expect(await verify('--against', join(live, 'audit-heads.log'))).toEqual(
      [`${changed} truncated 3`, `${deleted} truncated 2`, `key_${token.slice(4, 30)} truncated 2`].sort(),
    );
  });
});

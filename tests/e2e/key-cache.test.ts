// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDevOptions } from '../../tools/admin/src/dev/options.ts';
import { kmsTrail } from '../support/kms-trail.ts';
import { LocalVault } from '../support/local-vault.ts';

/** Records' keys in the enclave's memory, in the processes that a user starts: KMS's own log has what it was asked. */
let vault: LocalVault;
const ids: string[] = [];

async function records(): Promise<void> {
  ids.length = 0;
  for (let n = 0; n < 4; n += 1)
    ids.push(String((await vault.call('POST', '/v1/vaults', { first_name: `Ada ${n}` })).json.id));
}
/** Decryptions of the first record that gave its value. */
let given = 0;
async function decrypt(record: string, more: object = {}): Promise<unknown> {
  const ask = { fields: ['first_name'], reason: 'a test', ...more };
  const { status, json } = await vault.call('POST', `/v1/vaults/${record}/decrypt`, ask);
  if (status === 200 && record === ids[0]) given += 1;
  return status === 200 ? (json.data as unknown as Record<string, unknown>).first_name : json.code;
}
/** How often KMS was asked for the keys of these records. Its log is written beside its answers. */
async function asked(): Promise<number> {
  await new Promise((done) => setTimeout(done, 500));
  return kmsTrail(vault, 'Decrypt').filter(({ requestParameters }) =>
    ids.includes(requestParameters?.encryptionContext?.vault_id ?? ''),
  ).length;
}

describe('as the program comes', () => {
  beforeAll(async () => {
    vault = await LocalVault.start();
    await records();
  });
  afterAll(() => vault.stop());

  it('a hundred decryptions of four records are four calls of KMS: under 0.05 each', async () => {
    for (let round = 0; round < 5; round += 1) {
      const names = Array.from({ length: 20 }, (_, n) => `Ada ${n % 4}`);
      expect(await Promise.all(names.map((_, n) => decrypt(ids[n % 4] ?? '')))).toEqual(names);
    }
    expect(await asked()).toBe(4);
  });

  it('has KMS asked by who wants it asked: `fresh`', async () => {
    const before = await asked();
    expect(await decrypt(ids[0] ?? '', { fresh: true })).toBe('Ada 0');
    expect(await decrypt(ids[0] ?? '', { fresh: false })).toBe('Ada 0');
    expect((await asked()) - before).toBe(1);
    expect(await decrypt(ids[0] ?? '', { fresh: 'yes' })).toBe('invalid');
  });

  it('leaves an entry in the record’s log for each decryption, wherever its key came from', async () => {
    const { json } = await vault.call('GET', `/v1/vaults/${ids[0]}/audit?limit=100`);
    const entries = json.entries as unknown as Record<string, unknown>[];
    expect(entries.filter(({ event }) => event === 'DecryptVault')).toHaveLength(given);
    expect(given).toBeGreaterThanOrEqual(27);
  });
});

describe('--enclave-key-cache', () => {
  it('0: every decryption asks KMS', async () => {
    vault = await LocalVault.start({ args: ['--enclave-key-cache', '0,60,1000'] });
    try {
      await records();
      for (let n = 0; n < 3; n += 1) expect(await decrypt(ids[1] ?? '')).toBe('Ada 1');
      expect(await asked()).toBe(3);
    } finally {
      await vault.stop();
    }
  });

  const parse = (text: string) => parseDevOptions(['--enclave-key-cache', text], {}, '/').keyCache;

  it('is three numbers: how many, seconds, uses', () => {
    expect(parse('0,60,1000')).toEqual({ entries: 0, ageMs: 60_000, uses: 1_000 });
    const env = { ENCLAVE_VAULT_ENCLAVE_KEY_CACHE: '65536,300,1000000' };
    expect(parseDevOptions([], env, '/').keyCache).toEqual({
      entries: 65_536,
      ageMs: 300_000,
      uses: 1_000_000,
    });
    expect(parseDevOptions([], {}, '/').keyCache).toBeUndefined();
  });

  it.each(['1,2', '65537,60,1', '1,301,1', '1,0,1', '1,1,0', '1,1,1000001', '1,1,x'])(
    '%s is refused',
    (text) => {
      expect(() => parse(text)).toThrow(/--enclave-key-cache takes three whole numbers/);
    },
  );
});

// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withAlias, withKey } from '../../src/state/changes.ts';
import { StateStore } from '../../src/state/store.ts';
import { testKey, testState } from '../support/keys.ts';

const HERE = { region: 'eu-central-1', account: '111122223333' };
const code = (value: string) => expect.objectContaining({ code: value });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-state-'));
  path = join(folder, 'kms.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const openStore = (passphrase?: string) => StateStore.open({ path, passphrase }, HERE, () => testState());

async function filled(passphrase?: string) {
  const store = await openStore(passphrase);
  const key = { ...testKey(), rotation: { periodDays: 90, nextAt: 5 } };
  const alias = { name: 'alias/a', keyId: key.id, createdAt: 1, updatedAt: 2 };
  await store.update((state) => [withAlias(withKey(state, key), alias), undefined]);
  return { store, key };
}

describe('StateStore', () => {
  it.each([
    ['plain', undefined],
    ['under a passphrase', 'correct horse'],
  ])('gives back what was written: %s', async (_, passphrase) => {
    const { store } = await filled(passphrase);
    const again = await openStore(passphrase);
    expect(again.current).toEqual(store.current);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['kms.json']);
  });

  it('hides all but its format behind a passphrase, and says plainly what is wrong with one', async () => {
    const { key } = await filled('correct horse');
    const text = readFileSync(path, 'utf8');
    expect(Object.keys(JSON.parse(text))).toEqual(['format', 'generation', 'salt', 'nonce', 'sealed']);
    expect(text).not.toContain(key.id);
    expect(text).not.toContain(key.materials[0]?.bytes.toString('base64'));
    await expect(openStore('battery staple')).rejects.toThrow(code('passphrase_wrong'));
    await expect(openStore()).rejects.toThrow(code('passphrase_missing'));
    rmSync(path);
    await filled();
    await expect(openStore('correct horse')).rejects.toThrow(code('passphrase_unexpected'));
  });

  it('refuses a damaged file and leaves it as it is', async () => {
    await filled();
    const good = readFileSync(path, 'utf8');
    const damaged = [
      '',
      'nonsense',
      good.slice(0, -1),
      good.replace('eu-central-1', 'eu-central-2'),
      good.replace('enclave-vault-kms/1', 'enclave-vault-kms/2'),
      JSON.stringify({ ...JSON.parse(good), generation: 'x' }),
    ];
    for (const text of damaged) {
      writeFileSync(path, text);
      await expect(openStore(), text.slice(0, 40)).rejects.toThrow(code('state_corrupt'));
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('refuses a file that others may read, or of another account', async () => {
    await filled();
    const elsewhere = { ...HERE, account: '444455556666' };
    await expect(StateStore.open({ path }, elsewhere, () => testState())).rejects.toThrow(
      code('state_mismatch'),
    );
    chmodSync(path, 0o640);
    await expect(openStore()).rejects.toThrow(code('state_exposed'));
  });

  it('does not write over what another process wrote, nor change itself then', async () => {
    const { store } = await filled();
    const other = await openStore();
    await other.update((state) => [withKey(state, testKey()), undefined]);
    const before = store.current;
    await expect(store.update((state) => [withKey(state, testKey()), undefined])).rejects.toThrow(
      code('state_changed'),
    );
    expect(store.current).toBe(before);
    expect((await openStore()).current.keys.size).toBe(2);
    rmSync(path);
    await expect(other.update((state) => [state, undefined])).rejects.toThrow(code('state_changed'));
  });

  it('applies changes one after the other, and none that throws', async () => {
    const { store } = await filled();
    const changes = [1, 2, 3].map(() =>
      store.update((state) => [withKey(state, testKey()), state.keys.size] as const),
    );
    const failing = store.update(() => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await Promise.all(changes)).toEqual([1, 2, 3]);
    expect((await openStore()).current.keys.size).toBe(4);
  });

  it('replaces a temporary file that a crash left', async () => {
    writeFileSync(join(folder, '.kms.json.new'), 'half', { mode: 0o644 });
    await filled();
    expect(readdirSync(folder)).toEqual(['kms.json']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps nothing without a path', async () => {
    const store = await StateStore.open({ path: null }, HERE, () => testState());
    await store.update((state) => [withKey(state, testKey()), undefined]);
    expect(store.current.keys.size).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';

const BOB = { first_name: 'Bob', dob: '1990-01-02' };
let vault: LocalVault;
let folder: string;
beforeAll(async () => {
  vault = await LocalVault.start();
  folder = mkdtempSync(join(tmpdir(), 'ev-backup-'));
});
afterAll(async () => {
  await vault.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  it('of a vault that runs and is written to opens beside its keys, verifies, and lets no key out', async () => {
    const { json } = await vault.call('POST', '/v1/vaults', BOB);
    const target = join(folder, 'copy');
    const writes = Array.from({ length: 20 }, () => vault.call('POST', '/v1/vaults', BOB));
    const made = await run(['backup', target, '--data', vault.data]);
    await Promise.all(writes);
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toMatch(/^vault\.db and audit-heads\.log are in .* MB in .* s\. Keys are not/);
    expect(readdirSync(target).sort()).toEqual(['audit-heads.log', 'vault.db']);
    expect(statSync(target).mode & 0o777).toBe(0o700);
    for (const name of ['audit-heads.log', 'vault.db'])
      expect(statSync(join(target, name)).mode & 0o777).toBe(0o600);

    const heads = join(target, 'audit-heads.log');
    for (const name of ['kms.json', 'hypervisor.json', 'admin.key'])
      copyFileSync(join(vault.data, name), join(target, name));
    const verified = await run(['audit', 'verify', '--data', target, '--against', heads]);
    expect([verified.code, verified.out]).toEqual([0, expect.stringMatching(/chains, .* 0 findings$/m)]);
    const restored = await LocalVault.start({ data: target });
    try {
      const ask = { fields: ['dob'], reason: 'a restored backup' };
      const opened = await restored.call('POST', `/v1/vaults/${json.id}/decrypt`, ask);
      expect([opened.status, opened.json.data]).toEqual([200, { dob: BOB.dob }]);
    } finally {
      await restored.stop();
    }
  });

  it('overwrites nothing, and says what is not there', async () => {
    const target = join(folder, 'copy');
    const before = readFileSync(join(target, 'vault.db'));
    const [again, nothing, words] = await Promise.all([
      run(['backup', target, '--data', vault.data]),
      run(['backup', join(folder, 'other'), '--data', join(folder, 'none')]),
      run(['backup']),
    ]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('is there already')]);
    expect(readFileSync(join(target, 'vault.db')).equals(before)).toBe(true);
    mkdirSync(join(folder, 'linked'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'linked', 'audit-heads.log'));
    const linked = await run(['backup', join(folder, 'linked'), '--data', vault.data]);
    expect([linked.code, linked.err]).toEqual([1, expect.stringContaining('is there already')]);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
    expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('there is no vault.db')]);
    expect(existsSync(join(folder, 'other'))).toBe(false);
    expect([words.code, words.err]).toEqual([2, expect.stringContaining('enclave-vault backup FOLDER')]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedImage, oneByteChanged } from '../support/images.ts';
import { type Answer, LocalVault, run } from '../support/local-vault.ts';

/**
 * Actor: supply chain
 *
 * He can write files on the machine, but not the key policy: he changes the enclave's program and starts the vault again: first with
 * the program that the policy pins, then the changed one, then the old one, then told to accept.
 */
const data = mkdtempSync(join(tmpdir(), 'ev-changed-'));
const image = changedImage(data, { bundle: oneByteChanged });
const SECRET = 'Wilhelmina';
const vaults: LocalVault[] = [];
let vault: LocalVault;
let before = '';
let meanwhile = '';

async function restart(...args: string[]): Promise<void> {
  await vault?.stop();
  vault = await LocalVault.start({ data, args });
  vaults.push(vault);
}

const decrypt = (id: string): Promise<Answer> => {
  const ask = { fields: ['first_name'], reason: 'attack', expressions: { n: 'size(first_name)' } };
  return vault.call('POST', `/v1/vaults/${id}/decrypt`, ask);
};
const create = async () => String((await vault.call('POST', '/v1/vaults', { first_name: SECRET })).json.id);

beforeAll(async () => {
  await restart();
  before = await create();
  expect((await decrypt(before)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
});
afterAll(async () => {
  await vault.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('one byte of the bundle changed', () => {
  it('the vault starts and says that it is not trusted', async () => {
    await restart('--image', image);
    expect(vault.output).toContain('the enclave differs from what the key policy admits, in PCR0, PCR2:');
    expect(vault.logged('enclave_not_trusted')).toEqual([
      expect.objectContaining({ differing: ['PCR0', 'PCR2'] }),
    ]);
  });

  it('decrypts nothing: 503 enclave_not_trusted, and the log names the registers', async () => {
    const answer = await decrypt(before);
    expect([answer.status, answer.json.code]).toEqual([503, 'enclave_not_trusted']);
    expect(answer.text).not.toContain(SECRET);
    const denied = vault.logged('kms_denied');
    expect(denied.length).toBeGreaterThan(0);
    for (const line of denied)
      expect(line).toMatchObject({
        action: 'kms:Decrypt',
        attested: true,
        decision: 'explicit_deny',
        registers: ['PCR0', 'PCR2'],
      });
  });

  it('still takes what is written, without reading it', async () => {
    meanwhile = await create();
    expect((await vault.call('GET', `/v1/vaults/${meanwhile}?fields=first_name,dob`)).json).toEqual({
      first_name: true,
      dob: false,
    });
    expect((await vault.call('PATCH', `/v1/vaults/${before}`, { city: 'Graz' })).status).toBe(200);
    expect((await decrypt(meanwhile)).json.code).toBe('enclave_not_trusted');
  });

  it('audits the attempt as failed', async () => {
    const { entries } = (await vault.call('GET', `/v1/vaults/${before}/audit`)).json as unknown as {
      entries: object[];
    };
    expect(entries).toContainEqual(
      expect.objectContaining({ event: 'DecryptVault', result: 'failed', code: 'enclave_not_trusted' }),
    );
  });

  it('with the old bundle back, everything opens', async () => {
    await restart();
    expect(vault.output).not.toContain('differs from what the key policy admits');
    for (const id of [before, meanwhile])
      expect((await decrypt(id)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
    expect((await run(['audit', 'verify', '--data', data])).out).toContain(' 0 findings');
  }, 30_000);

  it('who may write the key policy can admit it', async () => {
    await restart('--image', image, '--accept-measurements');
    expect(vault.logged('measurements_accepted')).toEqual([
      expect.objectContaining({ differing: ['PCR0', 'PCR2'] }),
    ]);
    expect((await decrypt(before)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
  }, 30_000);

  it('no run of any of them wrote the value to a log', () => {
    expect(vaults).toHaveLength(4);
    for (const { output } of vaults) expect(output).not.toContain(SECRET);
  });
});

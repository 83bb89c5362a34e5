// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyDocument, Statement } from '@enclave-vault/policies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFile, sealFile } from '../../emulators/kms/src/state/envelope.ts';
import { writePrivateFile } from '../../emulators/kms/src/state/file.ts';
import { changedImage, oneByteChanged } from '../support/images.ts';
import { type Answer, LocalVault, run } from '../support/local-vault.ts';

/**
 * Actor: supply chain
 *
 * He can write files on the machine, but not the key policy: he changes the enclave's program and starts the vault again: first with
 * the program that the policy pins, then the changed one, then the old one, then told to accept. Between, the key policy was opened
 * for him, as the owner of the machine can: the next start takes no program for its own because of that.
 */
const data = mkdtempSync(join(tmpdir(), 'ev-changed-'));
const image = changedImage(data, { bundle: oneByteChanged });
const pins = join(data, 'pinned.json');
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
/** What the key policies say in KMS's file, of a vault that was stopped; and leaves those statements alone that are to stay. */
async function policies(stays: (statement: Statement) => boolean = () => true): Promise<string[]> {
  await vault.stop();
  const path = join(data, 'kms.json');
  const { generation, payload } = await openFile(readFileSync(path, 'utf8'), undefined);
  const state = JSON.parse(payload) as { keys: { policyText: string }[] };
  const texts = state.keys.map(({ policyText }) => policyText);
  for (const key of state.keys) {
    const policy = JSON.parse(key.policyText) as PolicyDocument;
    key.policyText = JSON.stringify({ ...policy, Statement: policy.Statement.filter(stays) });
  }
  await writePrivateFile(path, sealFile(JSON.stringify(state), generation + 1, null));
  return texts;
}

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
    expect(vault.output).toContain('the enclave differs from what is pinned, in PCR0, PCR2:');
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
    expect(vault.output).not.toContain('the enclave differs');
    for (const id of [before, meanwhile])
      expect((await decrypt(id)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
    expect((await run(['audit', 'verify', '--data', data])).out).toContain(' 0 findings');
  });

  it('with the key policy opened before, it is not taken for ours: the policy is written back, and banner and log say so', async () => {
    const deployed = await policies(({ Sid }) => !Sid.startsWith('DenyWithoutPCR'));
    await restart('--image', image);
    const missing = ['PCR0', 'PCR1', 'PCR2', 'PCR3', 'PCR8', 'PCR16'].map((n) => `missing DenyWithout${n}`);
    expect(vault.logged('key_policy_changed')).toEqual([
      expect.objectContaining({
        changes: [`vault: ${missing.join(', ')}`, `request: ${missing.join(', ')}`],
      }),
    ]);
    expect(vault.output).toContain('the enclave differs from what is pinned, in PCR0, PCR2:');
    expect(vault.output).toContain('key policies were not those of this vault, and were written back:');
    const answer = await decrypt(before);
    expect([answer.status, answer.json.code]).toEqual([503, 'enclave_not_trusted']);
    expect(answer.text).not.toContain(SECRET);
    expect(await policies()).toEqual(deployed);
  });

  it.each([
    ['gone', () => rmSync(pins)],
    ['damaged', () => truncateSync(pins, 100)],
  ])(
    'and with what was pinned %s as well, nothing starts until somebody says that he trusts it',
    async (_what, harm) => {
      await policies(({ Sid }) => !Sid.startsWith('DenyWithoutPCR'));
      const kept = readFileSync(pins);
      harm();
      const refused = await run(['dev', '--port', '0', '--data', data, '--image', image]);
      writeFileSync(pins, kept);
      expect([refused.code, refused.out]).toEqual([1, '']);
      expect(refused.err).toContain('which enclave this vault trusts is not known: pinned.json');
      expect(refused.err).toContain('--accept-measurements');
    },
  );

  it('with the old bundle back, what was opened is told, and everything opens', async () => {
    await restart();
    expect(vault.output).not.toContain('the enclave differs');
    expect(vault.logged('key_policy_changed')).toHaveLength(1);
    expect((await decrypt(before)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
  });

  it('who may write the key policy can admit it, and a folder without a file of pins has them from there', async () => {
    await vault.stop();
    rmSync(pins);
    await restart('--image', image, '--accept-measurements');
    expect(vault.logged('pins_taken_from_key_policy')).toHaveLength(1);
    expect(vault.logged('key_policy_changed')).toEqual([]);
    expect(vault.logged('measurements_accepted')).toEqual([
      expect.objectContaining({ differing: ['PCR0', 'PCR2'] }),
    ]);
    expect((await decrypt(before)).json.data).toEqual({ first_name: SECRET, n: SECRET.length });
  });

  it('no run of any of them wrote the value to a log', () => {
    expect(vaults.length).toBeGreaterThanOrEqual(6);
    for (const { output } of vaults) expect(output).not.toContain(SECRET);
  });
});

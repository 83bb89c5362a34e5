// SPDX-License-Identifier: Apache-2.0
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GlassVault } from '../support/glass-vault.ts';
import { pairsMade } from '../support/kms-trail.ts';

/**
 * Actor: KMS administrator. He disables the vault key of an API that has key pairs in memory, made while it was allowed. Each create that takes
 * one has another asked for, and the first refusal drops all that are ready. What is created before it is stored as if it had
 * come a moment earlier, sealed for the enclave alone.
 */
let glass: GlassVault;
beforeAll(async () => {
  glass = await GlassVault.start({ args: ['--kms-latency', '20'] });
});
afterAll(() => glass.stop());

async function ready(): Promise<number> {
  const { text } = await glass.call('GET', '/metrics');
  return Number(/^enclave_vault_record_keys_ready (\d+)$/m.exec(text)?.[1] ?? 0);
}
const create = () => glass.call('POST', '/v1/vaults', { first_name: 'Bartholomew' });

it('who disables the key ends creations at once, whatever pairs are ready; what was created opens when it is back', async () => {
  await Promise.all(Array.from({ length: 20 }, create));
  await vi.waitFor(async () => expect(await ready()).toBeGreaterThanOrEqual(15), { timeout: 60_000 });
  const before = new Set(pairsMade({ data: glass.folder }));
  const KeyId = glass.keys.vault;
  await glass.kms('deployment', 'outside').send(new DisableKeyCommand({ KeyId }));
  const answers = [await create()];
  await vi.waitFor(async () => expect(await ready()).toBe(0), { timeout: 60_000, interval: 20 });
  for (let i = 0; i < 5; i += 1) answers.push(await create());
  expect(answers.map(({ status, json }) => json.code ?? status)).toEqual([
    201,
    ...Array(5).fill('kms_denied'),
  ]);
  expect(pairsMade({ data: glass.folder }).filter((id) => !before.has(id))).toEqual([]);

  await glass.kms('deployment', 'outside').send(new EnableKeyCommand({ KeyId }));
  expect((await create()).status).toBe(201);
  const opened = await glass.decrypt(String(answers[0]?.json.id), ['first_name']);
  expect(opened.json.data).toEqual({ first_name: 'Bartholomew' });
});

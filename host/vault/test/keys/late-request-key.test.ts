// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it, vi } from 'vitest';
import { BOB, call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

const open = vaults();
afterEach(() => void vi.useRealTimers());

/** A vault of which a decryption was `timed_out` while it waited for a request key, and KMS's answer to come. */
async function late(): Promise<{ vault: Fixture['vault']; key: Uint8Array; answer(): Promise<void> }> {
  const { vault, kms } = await open();
  const { id } = await vault.create(call(), BOB);
  const made = await kms.generateRequestKey();
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  kms.generateRequestKey = async () => {
    asked.resolve();
    await held.promise;
    return made;
  };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const ended = codeOf(vault.decrypt(call(), id, { fields: ['email'], expressions: [], reason: 'a test' }));
  await asked.promise;
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  expect(await ended).toBe('timed_out');
  const answer = async (): Promise<void> => {
    held.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { vault, key: made.key, answer };
}

const zeros = new Uint8Array(32);

it('a request key that comes when its asker has given up is nobody’s, and zeroed when the vault closes', async () => {
  const { vault, key, answer } = await late();
  await answer();
  expect(Buffer.from(key)).not.toEqual(Buffer.from(zeros));
  await vault.close();
  expect(Buffer.from(key)).toEqual(Buffer.from(zeros));
});

it('a request key that comes when the vault is closed is zeroed', async () => {
  const { vault, key, answer } = await late();
  await vault.close();
  await answer();
  expect(Buffer.from(key)).toEqual(Buffer.from(zeros));
});

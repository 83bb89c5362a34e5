// SPDX-License-Identifier: Apache-2.0
import { KmsError, StoreError, type Vault, VaultOpenError } from '@enclave-vault/vault';
import { expect, test } from 'vitest';
import { healthCheck } from '../../src/process/health.ts';
import { OpeningVault } from '../../src/process/opening.ts';

const log = () => undefined;
const vault = {} as Vault;

test('tries again until it opens', async () => {
  const errors = [new KmsError('unavailable'), new KmsError('denied'), new StoreError('unavailable')];
  const waited: string[] = [];
  let tries = 0;
  const opening = new OpeningVault({
    log,
    random: () => -1,
    open: async () => {
      waited.push(opening.waitingFor);
      const error = errors.shift();
      if (error !== undefined) throw error;
      return vault;
    },
  });
  expect(() => opening.vault).toThrow(expect.objectContaining({ code: 'starting' }));
  await opening.open(() => (tries += 1));
  expect(opening.vault).toBe(vault);
  expect(waited).toEqual(['opening', 'kms_unavailable', 'kms_denied', 'store_unavailable']);
  expect(tries).toBe(4);
});

test.each([new VaultOpenError('integrity_key_refused'), new StoreError('corrupt'), new TypeError('x')])(
  'gives up when waiting does not help',
  async (error) => {
    const opening = new OpeningVault({ log, open: () => Promise.reject(error) });
    await expect(opening.open(() => undefined)).rejects.toThrow();
    expect(opening.isOpen).toBe(false);
  },
);

test('stops at once, in the middle of a wait', async () => {
  const opening = new OpeningVault({
    log,
    // Some twelve seconds.
    random: () => 100,
    open: () => Promise.reject(new KmsError('unavailable')),
  });
  const opened = opening.open(() => setTimeout(() => opening.stop(), 5));
  const started = performance.now();
  await opened;
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(() => opening.vault).toThrow(expect.objectContaining({ code: 'stopping' }));
});

test('whoever has a moment waits for a try under way, and not for one that is not due', async () => {
  const tries: PromiseWithResolvers<Vault>[] = [];
  const opening = new OpeningVault({
    log,
    random: () => 1,
    open: () => {
      const one = Promise.withResolvers<Vault>();
      tries.push(one);
      return one.promise;
    },
  });
  const opened = opening.open(() => undefined);
  const waiting = opening.settle(5_000);
  tries[0]?.reject(new KmsError('throttled'));
  await waiting;
  expect([opening.isOpen, opening.waitingFor]).toEqual([false, 'kms_throttled']);
  // Between two tries: back at once.
  await opening.settle(5_000);
  expect(tries).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 260));
  expect(tries).toHaveLength(2);
  const late = performance.now();
  await opening.settle(20);
  expect(performance.now() - late).toBeLessThan(1_000);
  tries[1]?.resolve(vault);
  await opening.settle(5_000);
  await opened;
  expect(opening.vault).toBe(vault);
});

test('a try that is overdue, since the process stood still, begins at once', async () => {
  let tries = 0;
  const opening = new OpeningVault({
    log,
    random: () => 1,
    open: async () => {
      tries += 1;
      if (tries === 1) throw new KmsError('throttled');
      return vault;
    },
  });
  const opened = opening.open(() => undefined);
  await opening.settle(5_000);
  const end = performance.now() + 255;
  // The event loop stands still, as in a frozen process.
  while (performance.now() < end);
  await opening.settle(5_000);
  expect(opening.isOpen).toBe(true);
  await opened;
});

test('health names what is down; those who ask at once share one look', async () => {
  let looks = 0;
  const health = healthCheck({
    vault: { isOpen: false, waitingFor: 'kms_denied' },
    headsNotInSink: () => 2,
    store: () => Promise.reject(new StoreError('corrupt')),
    parent: async () => {
      looks += 1;
      return { healthy: false, reason: 'boot_timeout' };
    },
    keepMs: 30,
  });
  const [first] = await Promise.all([health(), health(), health()]);
  expect(first).toEqual({
    vault: { ok: false, reason: 'kms_denied' },
    store: { ok: false, reason: 'store_unavailable' },
    audit: { ok: false, reason: 'sink_behind' },
    enclave: { ok: false, reason: 'boot_timeout' },
  });
  expect(looks).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 40));
  await health();
  expect(looks).toBe(2);
});

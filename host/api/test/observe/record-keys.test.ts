// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';
import { KmsError } from '@enclave-vault/vault';
import { afterEach, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../harness.ts';

let api: Api;
afterEach(() => api.stop());

const made = (): Promise<unknown> =>
  vi.waitFor(
    () => expect(api.vault.recordKeys.made + api.vault.recordKeys.failed).toBeGreaterThan(1),
    60_000,
  );

async function figures(): Promise<Record<string, number>> {
  const { text } = await api.call('GET', '/metrics', { token: null });
  const lines = text.matchAll(/^enclave_vault_(record_keys\w+(?:\{.+\})?) (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

test('/metrics says where key pairs came from, how those made beforehand ended, and how many are ready', async () => {
  api = await startApi({}, { size: 64, perSecond: 1_000 });
  await api.create({});
  await made();
  await api.create({});
  await turn();
  await vi.waitFor(() => expect(api.vault.recordKeys.ready).toBe(2), 60_000);
  expect(await figures()).toEqual({
    'record_keys_total{from="pool"}': 1,
    'record_keys_total{from="kms"}': 1,
    'record_keys_made_total{result="ok"}': 3,
    record_keys_ready: 2,
  });
});

test('/metrics counts calls that failed, while records get their pairs from KMS themselves', async () => {
  api = await startApi({}, { size: 64, perSecond: 1_000 });
  const genuine = api.kms.generateRecordKeyPair.bind(api.kms);
  api.kms.generateRecordKeyPair = async (context, { once = false } = {}) => {
    if (once) throw new KmsError('throttled');
    return await genuine(context);
  };
  await api.create({});
  await made();
  await api.create({});
  // After a pause they are tried again: how many failed by now is a matter of time.
  const before = api.vault.recordKeys.failed;
  const { 'record_keys_made_total{result="failed"}': failed, ...others } = await figures();
  expect(others).toEqual({ 'record_keys_total{from="kms"}': 2, record_keys_ready: 0 });
  expect(failed).toBeGreaterThanOrEqual(before);
  expect(failed).toBeLessThanOrEqual(api.vault.recordKeys.failed);
});

test('a vault that is not open has no such figures', async () => {
  api = await startApi({ recordKeys: () => undefined });
  expect(await figures()).toEqual({});
});

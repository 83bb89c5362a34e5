// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kmsTrail, pairsMade } from '../support/kms-trail.ts';
import { LocalVault } from '../support/local-vault.ts';

const PAIRS = 'GenerateDataKeyPairWithoutPlaintext';

async function figure(vault: LocalVault, series: string): Promise<number> {
  const { text } = await vault.call('GET', '/metrics', undefined, { key: null });
  const line = text.split('\n').find((one) => one.startsWith(`enclave_vault_${series} `));
  return Number(line?.split(' ')[1] ?? 0);
}

const until = (vault: LocalVault, ready: number): Promise<void> =>
  vi.waitFor(async () => expect(await figure(vault, 'record_keys_ready')).toBeGreaterThanOrEqual(ready), {
    timeout: 60_000,
    interval: 50,
  });

async function create(vault: LocalVault): Promise<string> {
  const { status, json } = await vault.call('POST', '/v1/vaults', { first_name: 'Ada' });
  expect(status).toBe(201);
  return String(json.id);
}

async function reads(vault: LocalVault, ids: readonly string[]): Promise<unknown[]> {
  const ask = { fields: ['first_name'], reason: 'test' };
  const answers = await Promise.all(ids.map((id) => vault.call('POST', `/v1/vaults/${id}/decrypt`, ask)));
  return answers.map(({ json }) => json.data);
}

describe('key pairs made beforehand, on a running vault', () => {
  let vault: LocalVault;
  beforeAll(async () => {
    vault = await LocalVault.start({ args: ['--kms-latency', '30'] });
  });
  afterAll(() => vault.stop());

  it('leave a create no call of KMS: what it uses was made before it was sent', async () => {
    await Promise.all(Array.from({ length: 8 }, () => create(vault)));
    await until(vault, 8);
    const waited = await figure(vault, 'record_keys_total{from="kms"}');
    const made = new Set(pairsMade(vault));
    const ids = await Promise.all(Array.from({ length: 8 }, () => create(vault)));
    expect(ids.filter((id) => !made.has(id))).toEqual([]);
    expect(await figure(vault, 'record_keys_total{from="kms"}')).toBe(waited);
    expect(await reads(vault, ids)).toEqual(ids.map(() => ({ first_name: 'Ada' })));
  });

  it('are forgotten by a process that is killed, and none is used by the next one', async () => {
    await until(vault, 8);
    const made = new Set(pairsMade(vault));
    const { api } = (await vault.control('/pids')) as unknown as { api: number };
    process.kill(api, 'SIGKILL');
    await vi.waitFor(async () => expect((await vault.call('GET', '/health')).status).toBe(200), {
      timeout: 60_000,
      interval: 50,
    });
    const ids = await Promise.all(Array.from({ length: 8 }, () => create(vault)));
    expect(ids.filter((id) => made.has(id))).toEqual([]);
    expect(new Set(ids).size).toBe(8);
    expect(await reads(vault, ids)).toEqual(ids.map(() => ({ first_name: 'Ada' })));
  });
});

describe('a KMS that is short of quota', () => {
  it('answers creates, or they end in 503 with Retry-After; nothing is lost, and all is well afterwards', async () => {
    const vault = await LocalVault.start({ args: ['--kms-quota', '4,10000', '--key-pool', '64,100'] });
    try {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => vault.call('POST', '/v1/vaults', { first_name: 'Ada' })),
      );
      const ids = answers.flatMap(({ status, json }) => (status === 201 ? [String(json.id)] : []));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(ids.length).toBeGreaterThanOrEqual(4);
      expect(refused.length).toBeGreaterThan(0);
      for (const { status, json, headers } of refused) {
        expect([status, json.code]).toEqual([503, 'kms_unavailable']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(await reads(vault, ids)).toEqual(ids.map(() => ({ first_name: 'Ada' })));
      await vi.waitFor(() => create(vault), { timeout: 60_000, interval: 300 });
      // What nobody waits for holds back: of ten seconds' worth at its pace nearly nothing was asked for.
      const events = kmsTrail(vault, PAIRS);
      expect(events.filter(({ errorCode }) => errorCode !== undefined).length).toBeLessThan(40 * 3 + 60);
      expect(
        vault.logged('report').filter(({ report }) => report === 'record_keys_failed').length,
      ).toBeLessThan(3);
    } finally {
      await vault.stop();
    }
  });
});

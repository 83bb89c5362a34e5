// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseDevOptions } from '../../tools/admin/src/dev/options.ts';
import { LocalVault } from '../support/local-vault.ts';

/** The measured rate, in the processes that a user starts. */
const data = mkdtempSync(join(tmpdir(), 'ev-rate-'));
let vault: LocalVault | undefined;
afterEach(async () => void (await vault?.stop()));
afterAll(() => rmSync(data, { recursive: true, force: true }));

async function start(...args: string[]): Promise<LocalVault> {
  vault = await LocalVault.start({ data, args });
  return vault;
}

let id: string;
const decrypt = async (one: LocalVault) => {
  const { status, json, headers } = await one.call('POST', `/v1/vaults/${id}/decrypt`, {
    fields: ['city'],
    reason: 'a test',
  });
  return { status, code: json.code, wait: headers.get('retry-after') };
};

describe('an enclave that opens three records an hour', () => {
  it('opens three and no more for anybody: 503 decryptions_limited, an entry each, a line of its log', async () => {
    // A caller's own share would be half of that.
    const rates = join(data, 'rates.json');
    writeFileSync(rates, JSON.stringify({ decryptsPerHour: 1_000 }));
    const one = await start('--enclave-rate', '10,10,3', '--rates', rates);
    id = String((await one.call('POST', '/v1/vaults', { city: 'Rome' })).json.id);
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push(await decrypt(one));
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [200, undefined],
      [200, undefined],
      [200, undefined],
      [503, 'decryptions_limited'],
      [503, 'decryptions_limited'],
    ]);
    expect(answers[4]?.wait).toBe('10');
    const { json } = await one.call('GET', `/v1/vaults/${id}/audit?limit=1`);
    const [entry] = json.entries as unknown as Record<string, unknown>[];
    expect(entry).toMatchObject({ event: 'DecryptVault', result: 'failed', code: 'decryptions_limited' });
    // What does not open records goes on.
    expect((await one.call('PATCH', `/v1/vaults/${id}`, { city: 'Bern' })).status).toBe(200);
    await one.until('console', ({ text }) => String(text).includes('decryptions_limited'));
    const metrics = await one.call('GET', '/metrics', undefined, { key: null });
    expect(metrics.text).toContain('enclave_vault_problems_total{code="decryptions_limited"} 2');
  });

  it('is not the same enclave with a higher rate: KMS gives it nothing until its owner admits it', async () => {
    const raised = await start('--enclave-rate', '10,10,30000');
    expect(await decrypt(raised)).toMatchObject({ status: 503, code: 'enclave_not_trusted' });
    expect(raised.logged('kms_denied').length).toBeGreaterThan(0);
  });
});

describe('--enclave-rate', () => {
  const parse = (rate: string) => parseDevOptions(['--enclave-rate', rate], {}, '/').enclaveRate;

  it('is three numbers: at once, a second, an hour', () => {
    expect(parse('40,20,72000')).toEqual({ burst: 40, perSecond: 20, perHour: 72_000 });
    const env = { ENCLAVE_VAULT_ENCLAVE_RATE: '1,2,3' };
    expect(parseDevOptions([], env, '/').enclaveRate).toEqual({ burst: 1, perSecond: 2, perHour: 3 });
    expect(parseDevOptions([], {}, '/').enclaveRate).toBeUndefined();
  });

  it.each(['1,2', '0,1,1', '1,1,x', '1,1,1,1', '1000001,1,1'])('%s is refused', (rate) => {
    expect(() => parse(rate)).toThrow(/--enclave-rate takes three whole numbers/);
  });
});

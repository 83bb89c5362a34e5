// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseDevOptions } from '../src/dev/options.ts';

const parse = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => parseDevOptions(args, env, '/').kms;

describe('options of the local KMS', () => {
  it('are none by default', () => {
    expect(parse([])).toEqual({ latencyMs: 0, quotas: undefined, keyPool: undefined });
  });

  it('come from arguments or the environment', () => {
    const args = ['--kms-latency', '30', '--kms-quota', '100,10000', '--key-pool', '0,1'];
    expect(parse(args)).toEqual({
      latencyMs: 30,
      quotas: { keyPairs: 100, symmetric: 10_000 },
      keyPool: { size: 0, perSecond: 1 },
    });
    const env = {
      ENCLAVE_VAULT_KMS_LATENCY: '1500',
      ENCLAVE_VAULT_KMS_QUOTA: '1,1',
      ENCLAVE_VAULT_KEY_POOL: '10000,10000',
    };
    expect(parse([], env)).toEqual({
      latencyMs: 1_500,
      quotas: { keyPairs: 1, symmetric: 1 },
      keyPool: { size: 10_000, perSecond: 10_000 },
    });
  });

  it.each([
    ['--kms-latency', '1501'],
    ['--kms-latency', '20000'],
    ['--kms-latency', '-1'],
    ['--kms-latency', '1.5'],
    ['--kms-quota', '100'],
    ['--kms-quota', '0,1'],
    ['--kms-quota', '1,2,3'],
    ['--key-pool', '10001,1'],
    ['--key-pool', '1,0'],
    ['--key-pool', 'none'],
    ['--key-pool', '0'],
  ])('%s=%s is refused by its name', (name, value) => {
    expect(() => parse([`${name}=${value}`])).toThrow(new RegExp(`^${name} takes `));
  });

  it('without a pool are said where one is refused', () => {
    expect(() => parse(['--key-pool', '0'])).toThrow('0,50: none');
  });
});

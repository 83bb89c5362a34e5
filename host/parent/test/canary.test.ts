// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { parseConfiguration } from '@enclave-vault/protocol';
import { describe, expect, test, vi } from 'vitest';
import { parentProbes, startCanary } from '../src/canary.ts';
import { ParentError } from '../src/errors.ts';
import { CONFIGURATION, CREDENTIALS } from './harness.ts';

const enclave = parseConfiguration(CONFIGURATION);
const arn = (name: string) =>
  `arn:aws:kms:eu-central-1:123456789012:key/${createHash('md5').update(name).digest('hex')}`;

describe('what the parent asks KMS', () => {
  test('is a decryption under every key of its enclaves, and nothing else', () => {
    const probes = parentProbes(
      {
        ...enclave,
        vaultKeyArns: [arn('v1'), arn('v2')],
        requestKeyArns: [arn('r1'), arn('r2')],
        legacyKeyArns: [arn('l1')],
      },
      true,
    );
    expect(probes.map(({ name, keyId }) => [name, keyId])).toEqual([
      ['vault.decrypt', arn('v1')],
      ['request.decrypt', arn('r1')],
      ['legacy-1.decrypt', arn('l1')],
      ['vault-2.decrypt', arn('v2')],
      ['request-2.decrypt', arn('r2')],
    ]);
    expect(new Set(probes.map(({ operation }) => operation))).toEqual(new Set(['Decrypt']));
    // Under the context that each kind has, or the refusal would be for that.
    expect(probes.map(({ context }) => Object.keys(context ?? {}))).toEqual([
      ['vault_id', 'tenant_id'],
      ['purpose'],
      [],
      ['vault_id', 'tenant_id'],
      ['purpose'],
    ]);
  });

  test('leaves legacy keys out where it is told to', () => {
    const probes = parentProbes({ ...enclave, legacyKeyArns: [arn('l1')] }, false);
    expect(probes.map(({ name }) => name)).toEqual(['vault.decrypt', 'request.decrypt']);
  });
});

test.each([
  ['nobody listens', async () => CREDENTIALS, 'ECONNREFUSED'],
  [
    'the metadata service gives no credentials',
    () => Promise.reject(new ParentError('no_credentials')),
    'no_credentials',
  ],
] as const)('is an error where %s, again and again, and never a refusal', async (_, current, reason) => {
  const logged: [string, string, unknown][] = [];
  const end = startCanary({
    enclave,
    kms: { host: '127.0.0.1', port: 1 },
    credentials: { available: false, identity: null, close: () => undefined, current },
    log: (level, event, fields) => void logged.push([level, event, fields]),
    seconds: 1,
    legacyKeys: true,
  });
  await vi.waitFor(() => expect(logged.length).toBeGreaterThanOrEqual(4), { timeout: 60_000 });
  end();
  for (const line of logged)
    expect(line).toEqual(['warn', 'canary', expect.objectContaining({ outcome: 'CanaryError', reason })]);
  expect(JSON.stringify(logged)).not.toContain('marked');
});

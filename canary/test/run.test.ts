// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { type Probe, probesOf, reportLine, runProbes } from '../src/index.ts';
import { CANARY } from '../src/settings.ts';

const KEYS = { vault: 'arn:vault', request: 'arn:request' };
const inside = probesOf('inside', KEYS);
const denied = Object.assign(new Error('with an explicit deny in a resource-based policy'), {
  name: 'AccessDeniedException',
});

describe('probes', () => {
  it('ask inside for decryption and for making keys, outside for decryption and metadata', () => {
    const names = (place: 'inside' | 'outside') => probesOf(place, KEYS).map(({ name }) => name);
    expect(names('inside')).toEqual([
      'vault.decrypt',
      'request.decrypt',
      'vault.make_pair',
      'request.make_key',
    ]);
    expect(names('outside')).toEqual([
      'vault.decrypt',
      'request.decrypt',
      'vault.describe',
      'request.describe',
    ]);
  });

  it('each name the key that they are about', () => {
    for (const place of ['inside', 'outside'] as const)
      for (const { name, keyId } of probesOf(place, KEYS))
        expect(keyId).toBe(`arn:${name.slice(0, name.indexOf('.'))}`);
  });
});

describe('a run', () => {
  it('makes every probe, and tells them apart', async () => {
    const ask = async ({ name }: Probe) => {
      if (name === 'vault.make_pair') return;
      if (name === 'request.decrypt') throw Object.assign(new Error(), { code: 'ENOTFOUND' });
      throw denied;
    };
    expect(await runProbes(inside, ask, 1_000)).toEqual([
      { probe: 'vault.decrypt', outcome: 'ExpectedDenied', reason: 'key_policy' },
      { probe: 'request.decrypt', outcome: 'CanaryError', reason: 'ENOTFOUND' },
      { probe: 'vault.make_pair', outcome: 'UnexpectedAllow', reason: 'done' },
      { probe: 'request.make_key', outcome: 'ExpectedDenied', reason: 'key_policy' },
    ]);
  });

  it('waits no longer than its limit for one that never answers, and aborts it', async () => {
    const aborted: string[] = [];
    const ask = ({ name }: Probe, signal: AbortSignal) => {
      if (name !== 'vault.decrypt') return Promise.reject(denied);
      signal.addEventListener('abort', () => aborted.push(name));
      return new Promise(() => undefined);
    };
    const [first, ...others] = await runProbes(inside, ask, 30);
    expect(first).toEqual({ probe: 'vault.decrypt', outcome: 'CanaryError', reason: 'ProbeTimeout' });
    expect(others.map(({ outcome }) => outcome)).toEqual(Array(3).fill('ExpectedDenied'));
    expect(aborted).toEqual(['vault.decrypt']);
  });

  it('counts a probe that throws before it asks', async () => {
    const ask = () => {
      throw new TypeError('a bug');
    };
    const outcomes = (await runProbes(inside, ask, 1_000)).map(({ outcome, reason }) => [outcome, reason]);
    expect(outcomes).toEqual(Array(4).fill(['CanaryError', 'TypeError']));
  });
});

describe('the report', () => {
  it('is one line of the embedded metric format, with zeros', () => {
    const line = reportLine(
      { metricsNamespace: 'vault', certificateEnds: undefined },
      'outside',
      [
        { probe: 'a', outcome: 'ExpectedDenied', reason: 'key_policy' },
        { probe: 'b', outcome: 'ExpectedDenied', reason: 'key_policy' },
        { probe: 'c', outcome: 'CanaryError', reason: 'ENOTFOUND' },
      ],
      1_700_000_000_000,
    );
    expect(line).not.toContain('\n');
    const parsed = JSON.parse(line);
    expect(parsed).toMatchObject({
      Canary: 'outside',
      ExpectedDenied: 2,
      UnexpectedAllow: 0,
      CanaryError: 1,
      _aws: { Timestamp: 1_700_000_000_000 },
    });
    const [directive] = parsed._aws.CloudWatchMetrics;
    expect(directive).toMatchObject({ Namespace: 'vault', Dimensions: [['Canary']] });
    for (const { Name } of directive.Metrics) expect(parsed[Name]).toBeTypeOf('number');
    for (const name of directive.Dimensions.flat()) expect(parsed[name]).toBeTypeOf('string');
  });

  it.each([
    ['2030-03-02T00:00:00Z', '2030-01-01T00:00:00Z', 60],
    ['2030-03-02T00:00:00Z', '2030-01-01T00:00:01Z', 59],
    ['2030-03-02T00:00:00Z', '2030-03-02T00:00:01Z', -1],
  ])('says how long a certificate that ends %s is good for at %s: %i days', (ends, now, days) => {
    const { certificateEnds } = readRole(CANARY, {
      file: CANARY.example,
      env: {
        ENCLAVE_VAULT_CERTIFICATE_ENDS: ends,
      },
    });
    const line = reportLine({ metricsNamespace: 'vault', certificateEnds }, 'inside', [], Date.parse(now));
    const parsed = JSON.parse(line);
    expect(parsed.CertificateDaysLeft).toBe(days);
    const [{ Metrics }] = parsed._aws.CloudWatchMetrics;
    expect(Metrics).toContainEqual({ Name: 'CertificateDaysLeft', Unit: 'Count' });
  });

  it('has no figure of a certificate that it knows nothing of', () => {
    const line = reportLine({ metricsNamespace: 'vault', certificateEnds: undefined }, 'inside', [], 0);
    expect(line).not.toContain('Certificate');
  });
});

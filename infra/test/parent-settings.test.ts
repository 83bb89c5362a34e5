// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { createChannelRoot, type Side } from '@enclave-vault/channel';
import { enclaveConfiguration } from '@enclave-vault/parent/enclave-configuration';
import { PARENT } from '@enclave-vault/parent/settings';
import type { KeyArns } from '@enclave-vault/policies';
import { DEFAULT_KEY_CACHE, parseConfiguration, pcr16 } from '@enclave-vault/protocol';
import { readRole } from '@enclave-vault/settings';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY, type DeployConfig } from '../src/config/deploy.ts';
import { AMAZON_ROOTS } from '../src/settings/amazon-roots.ts';
import { enclaveInputs, PARENT_SETTINGS, parentFiles } from '../src/settings/parent.ts';

const key = (digit: string): string =>
  `arn:aws:kms:eu-central-1:111122223333:key/${digit.repeat(8)}-1111-4111-8111-111111111111`;
const KEYS: KeyArns = {
  vault: key('a'),
  request: key('b'),
  integrity: key('c'),
  channelServer: key('d'),
  channelClient: key('e'),
};
const configOf = (more: object = {}): DeployConfig =>
  readRole(DEPLOY, { file: { ...(DEPLOY.example as object), ...more }, env: {} });

/** A root as `channel-roots` writes it. */
function rootOf(side: Side): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return createChannelRoot({ publicKey: publicKey.export({ format: 'der', type: 'spki' }), side });
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evp-'));
  writeFileSync(join(folder, 'channel-server-root.pem'), rootOf('server'));
  writeFileSync(join(folder, 'channel-client-root.pem'), rootOf('client'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads parent.json as the parent does, its files in another folder than an instance's. */
function readParent(config: DeployConfig) {
  writeFileSync(join(folder, 'enclave.configuration'), enclaveConfiguration(enclaveInputs(config, KEYS)));
  const text = parentFiles(config, KEYS)['parent.json'].replaceAll(PARENT_SETTINGS, folder);
  return readRole(PARENT, { file: JSON.parse(text) as unknown, env: {} });
}

describe('parent.json', () => {
  test('is what the parent reads: by itself, its ports, its keys, its files', () => {
    const settings = readParent(configOf());
    expect(settings).toMatchObject({
      listen: { host: '0.0.0.0', port: 8443 },
      health: { host: '0.0.0.0', port: 8080 },
      image: '/opt/enclave-vault/enclave-vault.eif',
      enclaves: { count: 1, cpuCount: 2, memoryMib: 1024 },
      hypervisor: { kind: 'nitro', command: '/usr/bin/nitro-cli' },
      credentials: { kind: 'imds' },
      channel: { key: KEYS.channelServer },
      figuresSeconds: 60,
      canary: { seconds: 60, legacyKeys: true },
    });
    expect(settings.channel.endpoint).toBeUndefined();
  });

  test('signs its certificates at the FIPS endpoint where KMS is to be called there', () => {
    const { network } = DEPLOY.example as { network: object };
    const settings = readParent(configOf({ network: { ...network, fips: true } }));
    expect(settings.channel.endpoint).toBe('https://kms-fips.eu-central-1.amazonaws.com');
  });

  test('is not made without a key for the channel', () => {
    const { channelServer: _, ...without } = KEYS;
    expect(() => parentFiles(configOf(), without)).toThrow(
      expect.objectContaining({ code: 'output_missing' }),
    );
  });

  test('has no key but those that it names: nothing of the API’s', () => {
    const text = Object.values(parentFiles(configOf(), KEYS)).join('');
    expect(text).not.toContain(KEYS.channelClient);
    expect(text).not.toContain(KEYS.integrity);
  });
});

describe('the enclave’s configuration', () => {
  test('names Region, keys and KMS’s host, and trusts Amazon’s roots', () => {
    const parsed = parseConfiguration(enclaveConfiguration(enclaveInputs(configOf(), KEYS)));
    expect(parsed).toMatchObject({
      region: 'eu-central-1',
      kmsHost: 'kms.eu-central-1.amazonaws.com',
      vaultKeyArns: [KEYS.vault],
      requestKeyArns: [KEYS.request],
      legacyKeyArns: [],
    });
    expect(parsed.tlsRoots).toHaveLength(5);
  });

  test('has legacy keys and a FIPS host where there are any, and other bytes for each', () => {
    const { network } = DEPLOY.example as { network: object };
    const plain = enclaveConfiguration(enclaveInputs(configOf(), KEYS));
    const legacy = enclaveConfiguration(enclaveInputs(configOf(), { ...KEYS, legacy: [key('f')] }));
    const fips = enclaveConfiguration(enclaveInputs(configOf({ network: { ...network, fips: true } }), KEYS));
    expect(parseConfiguration(legacy).legacyKeyArns).toEqual([key('f')]);
    expect(parseConfiguration(fips).kmsHost).toBe('kms-fips.eu-central-1.amazonaws.com');
    expect(new Set([plain, legacy, fips].map((bytes) => bytes.toString('hex'))).size).toBe(3);
  });

  test('has the rate of deploy.json, measured, and without one the bytes of a deployment that never knew it', () => {
    const rate = { burst: 40, perSecond: 20, perHour: 72_000 };
    const plain = enclaveConfiguration(enclaveInputs(configOf(), KEYS));
    const limited = enclaveConfiguration(enclaveInputs(configOf({ decryption: { rate } }), KEYS));
    expect(parseConfiguration(limited).rate).toEqual(rate);
    expect(pcr16(limited)).not.toEqual(pcr16(plain));
    expect(plain.includes('per_hour')).toBe(false);
    expect(() => configOf({ decryption: { rate: { burst: 40 } } })).toThrow(/all three/);
  });

  test('has the key cache of deploy.json, measured; off by one member', () => {
    const plain = enclaveConfiguration(enclaveInputs(configOf(), KEYS));
    const of = (keyCache: object) =>
      enclaveConfiguration(enclaveInputs(configOf({ decryption: { keyCache } }), KEYS));
    expect(parseConfiguration(of({ entries: 0 })).keyCache).toEqual({ ...DEFAULT_KEY_CACHE, entries: 0 });
    expect(parseConfiguration(of({ ageSeconds: 10 })).keyCache).toMatchObject({ ageMs: 10_000 });
    expect(pcr16(of({ entries: 0 }))).not.toEqual(pcr16(plain));
    expect(plain.includes('key_cache')).toBe(false);
    expect(() => configOf({ decryption: { keyCache: { ageSeconds: 0 } } })).toThrow(/ageSeconds/);
  });

  test('takes other roots from deploy.json, and is the same bytes each time', () => {
    const [root = ''] = AMAZON_ROOTS.split(/(?<=-----END CERTIFICATE-----\n)/);
    const config = configOf({ decryption: { tlsRoots: root } });
    const bytes = enclaveConfiguration(enclaveInputs(config, KEYS));
    expect(parseConfiguration(bytes).tlsRoots).toEqual([root]);
    expect(enclaveConfiguration(enclaveInputs(config, KEYS)).equals(bytes)).toBe(true);
  });
});

describe('Amazon’s roots', () => {
  const roots = AMAZON_ROOTS.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const known = new Map(tls.rootCertificates.map((pem) => [new X509Certificate(pem).fingerprint256, pem]));

  test.each(roots.map((pem) => ({ pem, name: new X509Certificate(pem).subject.split('\n').at(-1) })))(
    '$name is one that Node trusts, an authority, and Amazon’s',
    ({ pem }) => {
      const certificate = new X509Certificate(pem);
      expect(known.has(certificate.fingerprint256)).toBe(true);
      expect(certificate.ca).toBe(true);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(certificate.subject).toMatch(/O=Amazon\n|CN=Starfield Services Root/);
      expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.parse('2037-12-01'));
    },
  );

  test('are five different ones', () => {
    expect(new Set(roots.map((pem) => new X509Certificate(pem).fingerprint256)).size).toBe(5);
  });
});

describe('what the allocator and the agent are told', () => {
  test('CPUs and memory of all enclaves together', () => {
    const config = configOf({
      decryption: { maxVcpus: 8, enclaves: { count: 3, cpuCount: 2, memoryMib: 640 } },
    });
    expect(parentFiles(config, KEYS)['allocator.yaml']).toBe('---\nmemory_mib: 1920\ncpu_count: 6\n');
  });

  test('the parent’s log goes to its group, a stream an instance, figures to the deployment’s namespace', () => {
    const told = JSON.parse(parentFiles(configOf(), KEYS)['amazon-cloudwatch-agent.json']) as {
      logs: { logs_collected: { files: { collect_list: { [member: string]: unknown }[] } } };
      metrics: object;
      agent: object;
    };
    const [log] = told.logs.logs_collected.files.collect_list;
    expect(log).toMatchObject({
      file_path: '/var/log/enclave-vault/parent.log',
      log_group_name: '/vault/parent',
      log_stream_name: '{instance_id}',
    });
    expect(told.metrics).toMatchObject({ namespace: 'vault', aggregation_dimensions: [[]] });
    expect(told.agent).toMatchObject({ region: 'eu-central-1', run_as_user: 'cwagent' });
  });

  test.each([
    ['max', { min: 3, max: 3 }],
    ['families', { families: ['c7g', 't4g'] }],
    ['enclaves.count', { enclaves: { count: 2 } }],
    ['enclaves.memoryMib', { enclaves: { memoryMib: 40_000 } }],
    ['scaling.busyIn', { scaling: { busyOut: 8, busyIn: 5 } }],
    ['tlsRoots', { tlsRoots: '/nowhere.pem' }],
    ['ami', { ami: 'ami-*' }],
    ['releasever', { releasever: '2023 --nogpgcheck' }],
    ['families', { families: ['*'] }],
  ])('decryption.%s is refused: %j', (path, decryption) => {
    expect(() => configOf({ decryption })).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ setting: `decryption.${path}` })],
      }),
    );
  });
});

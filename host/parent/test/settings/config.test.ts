// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { createChannelRoot, type Side } from '@enclave-vault/channel';
import { DEFAULT_KEY_CACHE, parseConfiguration } from '@enclave-vault/protocol';
import { describeRole, type SettingsError } from '@enclave-vault/settings';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readParentConfig } from '../../src/config.ts';
import { PARENT } from '../../src/settings/role.ts';
import { CONFIGURATION, FIXED } from '../harness.ts';

const ARN = 'arn:aws:kms:eu-central-1:123456789012:key';
const PEM = rootCertificates.slice(0, 2).join('\n');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evc-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const members = {
  region: 'eu-central-1',
  vaultKeys: [`${ARN}/11111111-1111-4111-8111-111111111111`],
  requestKeys: [`${ARN}/22222222-2222-4222-8222-222222222222`],
  tlsRoots: PEM,
};
const least = {
  listen: 'unix:/run/enclave-vault/parent.sock',
  image: '/opt/enclave-vault/enclave-vault.eif',
  enclave: { configuration: CONFIGURATION.toString('base64') },
};
const read = (file: unknown, env: Record<string, string> = {}) => readParentConfig({ file, env });

/** The settings that are complained of, in order. */
function problems(file: unknown, env: Record<string, string> = {}): string[] {
  try {
    read(file, env);
  } catch (error) {
    return (error as SettingsError).problems.map(({ setting }) => setting);
  }
  return [];
}

test('an instance needs to be told little', () => {
  const { settings, kms, credentials, configuration } = read(least);
  expect(settings.hypervisor).toMatchObject({ kind: 'nitro', command: '/usr/bin/nitro-cli' });
  expect(settings.enclaves).toEqual({ count: 1, cpuCount: 2, memoryMib: 1024 });
  expect(kms).toEqual({ host: 'kms.eu-central-1.amazonaws.com', port: 443 });
  expect(credentials).toBeNull();
  expect(configuration.equals(CONFIGURATION)).toBe(true);
});

test('the configuration may be a file of its bytes, which are passed on as they are', () => {
  const path = join(folder, 'enclave.configuration');
  writeFileSync(path, CONFIGURATION);
  expect(read({ ...least, enclave: { configuration: path } }).configuration.equals(CONFIGURATION)).toBe(true);
});

test('or its members, of which the same bytes are made every time, whatever stands around the certificates', () => {
  const path = join(folder, 'roots.pem');
  writeFileSync(path, `# two roots\r\n${PEM.replaceAll('\n', '\r\n')}\r\n\r\n`);
  const made = read({ ...least, enclave: members }).configuration;
  expect(read({ ...least, enclave: { ...members, tlsRoots: path } }).configuration.equals(made)).toBe(true);
  expect(parseConfiguration(made)).toMatchObject({ kmsHost: 'kms.eu-central-1.amazonaws.com', kmsPort: 443 });
  expect(parseConfiguration(made).tlsRoots).toHaveLength(2);
});

test('with a rate of its own it is other bytes, and half a rate is none', () => {
  const rate = { burst: 40, perSecond: 20, perHour: 72_000 };
  const made = (more: object) => read({ ...least, enclave: { ...members, ...more } }).configuration;
  expect(parseConfiguration(made({ rate })).rate).toEqual(rate);
  expect(made({ rate }).equals(made({}))).toBe(false);
  expect(problems({ ...least, enclave: { ...members, rate: { burst: 40 } } })).toEqual([
    'enclave.rate.burst',
  ]);
  expect(problems({ ...least, enclave: { ...least.enclave, rate } })).toEqual(['enclave.configuration']);
});

test('with a key cache of its own it is other bytes, by one member as by all three', () => {
  const made = (keyCache: object) => read({ ...least, enclave: { ...members, keyCache } }).configuration;
  expect(parseConfiguration(made({ entries: 0 })).keyCache).toEqual({ ...DEFAULT_KEY_CACHE, entries: 0 });
  const all = { entries: 7, ageSeconds: 5, uses: 3 };
  expect(parseConfiguration(made(all)).keyCache).toEqual({ entries: 7, ageMs: 5_000, uses: 3 });
  expect(made({}).equals(read({ ...least, enclave: members }).configuration)).toBe(true);
  expect(problems({ ...least, enclave: { ...members, keyCache: { ageSeconds: 301 } } })).toEqual([
    'enclave.keyCache.ageSeconds',
  ]);
  // The file is whole: nothing is added to it.
  expect(problems({ ...least, enclave: { ...least.enclave, keyCache: { entries: 0 } } })).toEqual([
    'enclave.configuration',
  ]);
});

test.each([
  [{ fips: true }, 'kms-fips.eu-central-1.amazonaws.com'],
  [{ region: 'cn-north-1' }, 'kms.cn-north-1.amazonaws.com.cn'],
  [{ region: 'us-gov-west-1', fips: true }, 'kms-fips.us-gov-west-1.amazonaws.com'],
])('with %j the relay leads to %s', (more, host) => {
  expect(read({ ...least, enclave: { ...members, ...more } }).kms).toEqual({ host, port: 443 });
});

test('the environment can say it all', () => {
  const { listen, settings, kms } = read(undefined, {
    ENCLAVE_VAULT_LISTEN: 'unix:/run/p.sock',
    ENCLAVE_VAULT_HEALTH: 'http://[::1]:8080',
    ENCLAVE_VAULT_IMAGE: '/e.eif',
    ENCLAVE_VAULT_ENCLAVES_COUNT: '3',
    ENCLAVE_VAULT_ENCLAVE_REGION: members.region,
    ENCLAVE_VAULT_ENCLAVE_VAULT_KEYS: members.vaultKeys.join(','),
    ENCLAVE_VAULT_ENCLAVE_REQUEST_KEYS: members.requestKeys.join(','),
    ENCLAVE_VAULT_ENCLAVE_TLS_ROOTS: PEM,
    ENCLAVE_VAULT_KMS_HOST: 'vpce-1.kms.eu-central-1.vpce.amazonaws.com',
  });
  expect(listen).toEqual({ unix: '/run/p.sock' });
  expect(settings.health).toEqual({ host: '::1', port: 8080 });
  expect(settings.enclaves.count).toBe(3);
  expect(kms.host).toBe('vpce-1.kms.eu-central-1.vpce.amazonaws.com');
});

test('says everything that is wrong at once, and no value', () => {
  const file = {
    listen: 'tcp://marked',
    health: 'https://marked:1',
    hypervisor: { kind: 'marked', command: 'marked' },
    image: 'marked.eif',
    enclaves: { count: 0, cpuCount: 'marked', memoryMib: 1 },
    enclave: { configuration: 'marked?' },
    credentials: { kind: 'imds', endpoint: 'http://marked.example/' },
    drainSeconds: 1e9,
    proxy: 'marked',
  };
  expect(problems(file).sort()).toEqual(
    [
      'credentials.endpoint',
      'drainSeconds',
      'enclave.configuration',
      'enclaves.count',
      'enclaves.cpuCount',
      'enclaves.memoryMib',
      'health',
      'hypervisor.command',
      'hypervisor.kind',
      'image',
      'listen',
      'proxy',
    ].sort(),
  );
  expect(() => read(file)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(() => read(file)).not.toThrow(/marked/);
});

test.each([
  ['an emulator without its socket', { hypervisor: { kind: 'emulated' } }, 'hypervisor.socket'],
  ['a socket for nitro-cli', { hypervisor: { socket: '/s' } }, 'hypervisor.socket'],
  ['no configuration', { enclave: null }, 'enclave.configuration'],
  ['half of its members', { enclave: { region: 'eu-central-1' } }, 'enclave.configuration'],
  ['a configuration and members', { enclave: { ...least.enclave, ...members } }, 'enclave.configuration'],
  ['bytes that no enclave takes', { enclave: { configuration: 'oWNmb28B' } }, 'enclave.configuration'],
  ['a file that is not there', { enclave: { configuration: '/no/such' } }, 'enclave.configuration'],
  [
    'fixed credentials without a secret',
    { credentials: { kind: 'static', accessKeyId: 'x' } },
    'credentials.accessKeyId',
  ],
  ['a secret beside the metadata service', { credentials: FIXED }, 'credentials.accessKeyId'],
  ['credentials of no shape', { credentials: { kind: 'static', ...FIXED, accessKeyId: 'x' } }, 'credentials'],
  ['TLS without its identity', { listen: 'https://0.0.0.0:8443' }, 'listen'],
  ['an identity for a unix socket', { channel: { key: `${ARN}/3` } }, 'listen'],
  ['a relative socket', { listen: 'unix:parent.sock' }, 'listen'],
  ['a listener with a path', { listen: 'https://0.0.0.0:8443/decrypt' }, 'listen'],
  ['a metadata service elsewhere', { credentials: { endpoint: 'http://10.0.0.1' } }, 'credentials.endpoint'],
  [
    'a metadata service with a path',
    { credentials: { endpoint: 'http://169.254.169.254/x' } },
    'credentials.endpoint',
  ],
])('refuses %s', (_what, more, setting) => {
  expect(problems({ ...least, ...more })).toEqual([setting]);
});

test('its example for the documentation works', () => {
  const root = (side: Side) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    return createChannelRoot({ publicKey: publicKey.export({ format: 'der', type: 'spki' }), side });
  };
  const files = {
    'enclave.configuration': CONFIGURATION,
    'channel-server-root.pem': root('server'),
    'channel-client-root.pem': root('client'),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const example = JSON.stringify(PARENT.example).replaceAll('/etc/enclave-vault', folder);
  expect(problems(JSON.parse(example))).toEqual([]);
  // The two roots exchanged, and a certificate of some authority:
  writeFileSync(join(folder, 'channel-server-root.pem'), files['channel-client-root.pem']);
  writeFileSync(join(folder, 'channel-client-root.pem'), PEM);
  expect(problems(JSON.parse(example))).toEqual(['channel.serverRoot', 'channel.clientRoot']);
  expect(describeRole(PARENT)).toContain('ENCLAVE_VAULT_HYPERVISOR_KIND');
});

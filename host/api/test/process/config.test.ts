// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRole } from '@enclave-vault/settings';
import { afterAll, expect, test } from 'vitest';
import { readApiConfig } from '../../src/process/config.ts';
import { API } from '../../src/process/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'evc-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const arn = (n: number) => `arn:aws:kms:eu-central-1:111122223333:key/${n}`;
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const GOOD = {
  region: 'eu-central-1',
  keys: { vault: arn(1), request: arn(2), integrity: arn(3) },
  store: { path: '/data/vault.sqlite' },
  audit: { path: '/data/audit.log' },
  kms: { endpoint: 'https://127.0.0.1:1', ca: PEM },
  credentials: { accessKeyId: 'AKIA', secretAccessKey: 'marked-secret' },
  parent: 'unix:/run/parent.sock',
};
const AWS = {
  region: 'eu-central-1',
  keys: GOOD.keys,
  store: { kind: 'dynamodb', table: 'enclave-vault' },
  audit: { kind: 'log_group', name: '/enclave-vault/audit' },
  parent: 'unix:/run/parent.sock',
};
const ISSUER = {
  issuer: 'https://login.example.com',
  audience: 'vault',
  jwks: { keys: [{ kty: 'EC' }] },
  tenant: 'default',
};
const CHANNEL = { key: arn(4), clientRoot: PEM, serverRoot: PEM };

const parse = (value: unknown, env: Record<string, string> = {}) => readApiConfig({ file: value, env });

test('fills in what may be left out', () => {
  expect(parse(GOOD)).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    tls: {},
    bootstrap: {},
    allowedHosts: [],
    oidc: [],
    rates: {},
    allowOrphans: false,
    keyPool: { size: 256, perSecond: 50 },
    authorizers: null,
    tracing: false,
    kms: { fips: false },
    store: { kind: 'sqlite', path: '/data/vault.sqlite' },
    parent: { unix: '/run/parent.sock' },
    schema: { version: 1, purposes: ['general'] },
  });
});

test('reads all of it', () => {
  const config = parse({
    ...GOOD,
    host: '0.0.0.0',
    port: 443,
    tls: { key: file('key.pem', PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY')), cert: PEM },
    allowedHosts: ['Vault.Example.com'],
    schema: { version: 3, fields: { note: { type: 'text' } }, purposes: ['care'] },
    bootstrap: { adminKeyFile: '/data/admin.key' },
    rates: { failures: { burst: 3, perSecond: 1 }, decryptsPerHour: 7_200 },
    cluster: { member: 2, size: 3, folder: '/run/vault' },
    parent: 'https://parent.example.com',
    channel: CHANNEL,
    oidc: [{ ...ISSUER, algorithms: ['ES384'], scopeMap: { clerk: ['vaults:read'] }, fieldsClaim: 'f' }],
  });
  expect(config).toMatchObject({
    allowedHosts: ['vault.example.com'],
    schema: { version: 3, purposes: ['care'] },
    bootstrap: { adminKeyFile: '/data/admin.key' },
    rates: { failures: { burst: 3, perSecond: 1 }, decryptsPerHour: 7_200 },
    cluster: { member: 2, size: 3, folder: '/run/vault' },
    parent: { host: 'parent.example.com', port: 443 },
    oidc: [
      {
        algorithms: ['ES384'],
        mapping: {
          tenant: { fixed: 'default' },
          scopes: 'scope',
          scopeMap: { clerk: ['vaults:read'] },
          fields: 'f',
        },
      },
    ],
  });
});

test('a function is configured by variables, and by files beside its code', () => {
  const policy = {
    version: 1,
    iam: [{ arn: 'arn:aws:iam::111122223333:role/clerk', tenant: 'default', scopes: [] }],
  };
  const config = parse(undefined, {
    ENCLAVE_VAULT_REGION: AWS.region,
    ENCLAVE_VAULT_KEYS_VAULT: arn(1),
    ENCLAVE_VAULT_KEYS_REQUEST: arn(2),
    ENCLAVE_VAULT_KEYS_INTEGRITY: arn(3),
    ENCLAVE_VAULT_STORE_KIND: 'dynamodb',
    ENCLAVE_VAULT_STORE_TABLE: 'enclave-vault',
    ENCLAVE_VAULT_AUDIT_KIND: 'log_group',
    ENCLAVE_VAULT_AUDIT_NAME: '/enclave-vault/audit',
    ENCLAVE_VAULT_PARENT: 'https://[2001:db8::1]:8443',
    ENCLAVE_VAULT_CHANNEL_KEY: arn(4),
    ENCLAVE_VAULT_CHANNEL_CLIENT_ROOT: file('client.pem', PEM),
    ENCLAVE_VAULT_CHANNEL_SERVER_ROOT: file('server.pem', PEM),
    ENCLAVE_VAULT_SCHEMA: file('schema.json', '{"version": 2, "fields": {"note": {"type": "text"}}}'),
    ENCLAVE_VAULT_AUTHORIZERS: file('authorizers.json', JSON.stringify(policy)),
    ENCLAVE_VAULT_GATEWAY_STAGES: 'prod, blue',
    ENCLAVE_VAULT_GATEWAY_BASE_PATH: '/vault',
  });
  expect(config).toMatchObject({
    store: { kind: 'dynamodb', table: 'enclave-vault' },
    audit: { kind: 'log_group', name: '/enclave-vault/audit' },
    parent: { host: '2001:db8::1', port: 8443 },
    schema: { version: 2 },
    authorizers: { iam: [{ tenant: 'default' }], claims: [] },
    gateway: { basePath: '/vault', stages: ['prod', 'blue'] },
  });
  expect(config.credentials.accessKeyId).toBeUndefined();
});

test.each(['localhost', '127.0.0.2', '::1'])('%s needs no TLS', (host) => {
  expect(parse({ ...GOOD, host }).host).toBe(host);
});

test('beyond loopback plain HTTP must be said out loud', () => {
  expect(() => parse({ ...GOOD, host: '0.0.0.0' })).toThrow(/not loopback/);
  expect(() => parse({ ...GOOD, host: '0.0.0.0', unsafePlainHttp: 'yes' })).toThrow(/unsafePlainHttp/);
  expect(parse({ ...GOOD, host: '0.0.0.0', unsafePlainHttp: true }).host).toBe('0.0.0.0');
});

test.each<[string, unknown, RegExp]>([
  ['nothing', null, /configuration/],
  ['a list', [], /configuration/],
  ['an unknown member', { ...GOOD, hots: 1 }, /hots is unknown/],
  ['a name that is not loopback', { ...GOOD, host: 'vault.example.com' }, /loopback/],
  ['no store', { ...GOOD, store: {} }, /store\.path/],
  ['a store of both kinds', { ...GOOD, store: { path: '/a', table: 'abc' } }, /store\.path/],
  ['DynamoDB without a table', { ...AWS, store: { kind: 'dynamodb' } }, /store\.table/],
  ['a store of another kind', { ...AWS, store: { kind: 'postgres' } }, /store\.kind/],
  ['heads nowhere', { ...AWS, audit: { kind: 'log_group' } }, /audit\.name/],
  ['a file of heads with a name', { ...GOOD, audit: { path: '/a', name: 'b' } }, /audit\.path/],
  ['a parent by plain HTTP', { ...AWS, parent: 'http://parent.example.com' }, /parent must be/],
  ['a parent without its channel', { ...AWS, parent: 'https://parent.example.com' }, /channel\.key/],
  [
    'half a channel',
    { ...AWS, parent: 'https://parent.example.com', channel: { key: arn(4) } },
    /channel\.key/,
  ],
  ['a channel to a socket', { ...AWS, channel: CHANNEL }, /channel\.key/],
  ['a FIPS endpoint beside another', { ...GOOD, kms: { ...GOOD.kms, fips: true } }, /kms\.fips/],
  ['a port that is none', { ...GOOD, port: 70_000 }, /port/],
  ['no key ARN', { ...GOOD, keys: {} }, /keys\.vault/],
  ['a key id instead of an ARN', { ...GOOD, keys: { ...GOOD.keys, vault: 'marked-secret' } }, /keys\.vault/],
  ['no secret', { ...GOOD, credentials: { accessKeyId: 'AKIA' } }, /credentials/],
  ['a schema that is none', { ...GOOD, schema: { version: 1, fields: { pk: { type: 'text' } } } }, /schema/],
  ['a schema file that is not there', { ...GOOD, schema: '/nowhere' }, /schema names a file/],
  ['a certificate without its key', { ...GOOD, tls: { cert: PEM } }, /tls\.key/],
  ['TLS files that are not there', { ...GOOD, tls: { key: '/nowhere', cert: '/nowhere' } }, /tls\.key/],
  ['a rate of nothing', { ...GOOD, rates: { failures: { burst: 0, perSecond: 1 } } }, /burst/],
  ['a share of an hour that is none', { ...GOOD, rates: { decryptsPerHour: 1 } }, /decryptsPerHour/],
  ['a share of an hour as a rate', { ...GOOD, rates: { decryptsPerHour: { burst: 9 } } }, /decryptsPerHour/],
  ['a cluster without its size', { ...GOOD, cluster: { member: 1, folder: '/run/vault' } }, /cluster/],
  ['a member beyond the size', { ...GOOD, cluster: { member: 3, size: 2, folder: '/run' } }, /cluster/],
  ['an unknown rate', { ...GOOD, rates: { failure: {} } }, /rates/],
  ['a host that is no name', { ...GOOD, allowedHosts: [7] }, /allowedHosts/],
  ['an issuer twice', { ...GOOD, oidc: [ISSUER, ISSUER] }, /twice/],
  ['a shared secret', { ...GOOD, oidc: [{ ...ISSUER, algorithms: ['HS256'] }] }, /asymmetric/],
  ['no signature', { ...GOOD, oidc: [{ ...ISSUER, algorithms: ['none'] }] }, /asymmetric/],
  ['no algorithm', { ...GOOD, oidc: [{ ...ISSUER, algorithms: [] }] }, /asymmetric/],
  [
    'keys over plain HTTP',
    { ...GOOD, oidc: [{ ...ISSUER, jwks: undefined, jwksUri: 'http://login.example.com' }] },
    /https/,
  ],
  ['keys twice', { ...GOOD, oidc: [{ ...ISSUER, jwksUri: 'https://login.example.com' }] }, /one of jwks/],
  ['two tenants', { ...GOOD, oidc: [{ ...ISSUER, tenantClaim: 'org' }] }, /one of tenant/],
  ['a scope that is none', { ...GOOD, oidc: [{ ...ISSUER, scopeMap: { clerk: ['root'] } }] }, /scopes/],
  ['a misspelt narrowing', { ...GOOD, oidc: [{ ...ISSUER, fieldClaim: 'f' }] }, /unknown member/],
  ['a policy that is none', { ...AWS, authorizers: { version: 1, iam: [{}] } }, /authorizers: iam\[0\]\.arn/],
  ['a base path with a slash at its end', { ...AWS, gateway: { basePath: '/a/' } }, /gateway\.basePath/],
])('refuses %s, and repeats no value', (_what, value, message) => {
  expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(() => parse(value)).toThrow(message);
  expect(() => parse(value)).not.toThrow(/marked-secret/);
});

test('the example of the documentation works', () => {
  expect(parse(API.example).store.kind).toBe('dynamodb');
  expect(describeRole(API)).toContain('`ENCLAVE_VAULT_KEYS_INTEGRITY`');
});

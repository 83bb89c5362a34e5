// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseApiConfig } from '../../src/process/config.ts';

const GOOD = {
  database: '/data/vault.sqlite',
  auditLog: '/data/audit.log',
  kms: {
    endpoint: 'https://127.0.0.1:1',
    ca: 'PEM',
    region: 'eu-central-1',
    keys: { vault: 'v', request: 'r', integrity: 'i' },
  },
  credentials: { accessKeyId: 'AKIA', secretAccessKey: 'marked-secret' },
  parent: '/run/parent.sock',
};
const ISSUER = {
  issuer: 'https://login.example.com',
  audience: 'vault',
  jwks: { keys: [{ kty: 'EC' }] },
  tenant: 'default',
};

test('fills in what may be left out', () => {
  expect(parseApiConfig(GOOD)).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    tls: null,
    adminKeyFile: null,
    allowedHosts: [],
    oidc: [],
    rates: {},
    allowOrphans: false,
    schema: { version: 1, purposes: ['general'] },
  });
});

test('reads all of it', () => {
  const config = parseApiConfig({
    ...GOOD,
    host: '0.0.0.0',
    port: 443,
    tls: { key: '-----BEGIN KEY', cert: '-----BEGIN CERTIFICATE' },
    allowedHosts: ['Vault.Example.com'],
    schema: { version: 3, fields: { note: { type: 'text' } }, purposes: ['care'] },
    bootstrap: { adminKeyFile: '/data/admin.key' },
    rates: { failures: { burst: 3, perSecond: 1 } },
    oidc: [{ ...ISSUER, algorithms: ['ES384'], scopeMap: { clerk: ['vaults:read'] }, fieldsClaim: 'f' }],
  });
  expect(config).toMatchObject({
    allowedHosts: ['vault.example.com'],
    schema: { version: 3, purposes: ['care'] },
    adminKeyFile: '/data/admin.key',
    rates: { failures: { burst: 3, perSecond: 1 } },
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

test.each(['localhost', '127.0.0.2', '::1'])('%s needs no TLS', (host) => {
  expect(parseApiConfig({ ...GOOD, host }).host).toBe(host);
});

test('beyond loopback plain HTTP must be said out loud', () => {
  expect(() => parseApiConfig({ ...GOOD, host: '0.0.0.0' })).toThrow(/host is not loopback/);
  expect(() => parseApiConfig({ ...GOOD, host: '0.0.0.0', unsafePlainHttp: 'yes' })).toThrow(/loopback/);
  expect(parseApiConfig({ ...GOOD, host: '0.0.0.0', unsafePlainHttp: true }).host).toBe('0.0.0.0');
});

test.each<[string, unknown, RegExp]>([
  ['nothing', null, /configuration/],
  ['a list', [], /configuration/],
  ['an unknown member', { ...GOOD, hots: 1 }, /unknown member/],
  ['a name that is not loopback', { ...GOOD, host: 'vault.example.com' }, /loopback/],
  ['no database', { ...GOOD, database: '' }, /database/],
  ['a port that is none', { ...GOOD, port: 70_000 }, /port/],
  ['no key ARN', { ...GOOD, kms: { ...GOOD.kms, keys: {} } }, /vault/],
  ['no secret', { ...GOOD, credentials: { accessKeyId: 'AKIA' } }, /secretAccessKey/],
  ['a schema that is none', { ...GOOD, schema: { version: 1, fields: { pk: { type: 'text' } } } }, /schema/],
  ['TLS files that are not there', { ...GOOD, tls: { key: '/nowhere', cert: '/nowhere' } }, /tls.key/],
  ['a rate of nothing', { ...GOOD, rates: { failures: { burst: 0, perSecond: 1 } } }, /burst/],
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
])('refuses %s, and repeats no value', (_what, value, message) => {
  expect(() => parseApiConfig(value)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(() => parseApiConfig(value)).toThrow(message);
  expect(() => parseApiConfig(value)).not.toThrow(/marked-secret/);
});

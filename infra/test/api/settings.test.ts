// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API } from '@enclave-vault/api/settings';
import { AUTHORIZER } from '@enclave-vault/authorizer/settings';
import { readRole, SettingsError } from '@enclave-vault/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readApiConfig } from '../../../host/api/src/process/config.ts';
import {
  type ApiPlaces,
  apiSettings,
  authorizerSettings,
  authorizersFile,
  claimsOf,
  FUNCTION_FILES,
} from '../../src/settings/api.ts';
import { ACCOUNT, apiConfig, CLAIMS, config, TOKENS } from './support.ts';

const key = (digit: string): string =>
  `arn:aws:kms:eu-central-1:${ACCOUNT}:key/${digit.repeat(8)}-1111-4111-8111-111111111111`;
const PLACES: ApiPlaces = {
  vaultKey: key('1'),
  requestKey: key('2'),
  integrityKey: key('3'),
  channelKey: key('4'),
  table: 'vault-records',
  auditLogGroup: '/vault/audit-heads',
  balancer: 'vault-parents-0123456789abcdef.elb.eu-central-1.amazonaws.com',
};
const ROOT = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evs-'));
  for (const name of [FUNCTION_FILES.channelClientRoot, FUNCTION_FILES.channelServerRoot]) {
    writeFileSync(join(folder, name), ROOT);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As the function reads them, from another folder than Lambda's. */
function read(from: ReturnType<typeof config>) {
  const file = JSON.parse(apiSettings(from, PLACES).replaceAll('/var/task', folder));
  writeFileSync(join(folder, FUNCTION_FILES.authorizers), authorizersFile(from));
  return { settings: readRole(API, { file, env: {} }), api: readApiConfig({ file, env: {} }) };
}

describe('the settings that are signed with the API’s code', () => {
  it('are read by the API itself, all of them', () => {
    const { settings } = read(
      apiConfig({ callers: [CLAIMS] }, { features: { tracing: false }, network: FIPS }),
    );
    expect(settings).toMatchObject({
      region: 'eu-central-1',
      keys: { vault: key('1'), request: key('2'), integrity: key('3') },
      kms: { fips: true },
      store: { kind: 'dynamodb', table: 'vault-records' },
      audit: { kind: 'log_group', name: '/vault/audit-heads' },
      channel: { key: key('4'), clientRoot: ROOT, serverRoot: ROOT },
      gateway: { stages: ['v'] },
      tracing: false,
      metricsNamespace: 'vault',
      allowOrphans: false,
      keyPool: { size: 256, perSecond: 50 },
    });
    expect(settings.parent).toMatchObject({ host: PLACES.balancer, port: 8443 });
  });

  it('give each listed role its rule, and smoke test and control one of their own', () => {
    const { iam, claims } = read(apiConfig({ callers: [CLAIMS] })).api.authorizers ?? { iam: [], claims: [] };
    expect(claims).toEqual([]);
    expect(iam.map(({ arn, tenant, scopes, fields }) => [arn.text, tenant, scopes, fields])).toEqual([
      [
        `arn:aws:iam::${ACCOUNT}:role/vault-smoke`,
        'smoke',
        ['vaults:create', 'vaults:read', 'vaults:decrypt', 'vaults:delete', 'audit:read'],
        null,
      ],
      [
        `arn:aws:iam::${ACCOUNT}:role/vault-canary-control`,
        'canary',
        ['vaults:create', 'vaults:decrypt'],
        ['first_name'],
      ],
      [`arn:aws:iam::${ACCOUNT}:role/claims`, 'default', CLAIMS.scopes, ['email']],
    ]);
  });

  it('give rules by claims where tokens are asked for, and nobody who signs', () => {
    const { iam, claims } = read(apiConfig(TOKENS)).api.authorizers ?? { iam: [], claims: [] };
    expect(iam).toEqual([]);
    expect(claims).toMatchObject([
      {
        source: 'lambda',
        when: { kind: 'partner' },
        tenant: { claim: 'tenant' },
        scopes: { claim: 'scope' },
      },
      { source: 'lambda', tenant: { fixed: 'default' }, scopes: { fixed: ['vaults:read'] } },
    ]);
  });

  it('carry another pool of key pairs', () => {
    const { api } = read(apiConfig({ keyPool: { size: 0, perSecond: 7 } }));
    expect(api.keyPool).toEqual({ size: 0, perSecond: 7 });
  });

  it('carry a record schema of one’s own', () => {
    const schema = { version: 7, fields: { nickname: { type: 'text', max: 20 } } };
    const text = apiSettings(apiConfig({ schema, allowOrphans: true }), PLACES);
    expect(JSON.parse(text)).toMatchObject({ schema, allowOrphans: true });
    expect(JSON.parse(apiSettings(config(), PLACES))).not.toHaveProperty('schema');
  });
});

const FIPS = { prefixLists: { s3: 'pl-6ea54007', dynamodb: 'pl-66a5400f' }, fips: true };

describe('the settings that are signed with the authorizer’s code', () => {
  it('are read by the authorizer itself', () => {
    const from = apiConfig({
      ...TOKENS,
      jwt: { ...TOKENS.jwt, type: 'at+jwt', jwksUri: 'https://id.example.com/keys' },
    });
    const settings = readRole(AUTHORIZER, { file: JSON.parse(authorizerSettings(from) ?? ''), env: {} });
    expect(settings).toMatchObject({
      issuer: 'https://id.example.com',
      audience: 'vault',
      jwksUri: 'https://id.example.com/keys',
      algorithms: ['RS256', 'ES256'],
      type: 'at+jwt',
      claims: ['fields', 'kind', 'scope', 'tenant'],
      metricsNamespace: 'vault',
    });
  });

  it('name the claims that rules read, and no others', () => {
    expect(claimsOf(apiConfig(TOKENS))).toEqual(['fields', 'kind', 'scope', 'tenant']);
  });

  it('are none where nobody has a token', () => {
    expect(authorizerSettings(config())).toBeNull();
  });
});

const role = (name: string, account = ACCOUNT) => ({
  ...CLAIMS,
  arn: `arn:aws:iam::${account}:role/${name}`,
});
it.each([
  [
    'tokens for a private API',
    { ...TOKENS, exposure: 'private' },
    /private one is called with signed requests/,
  ],
  [
    'tokens without an audience',
    { ...TOKENS, jwt: { ...TOKENS.jwt, audience: undefined } },
    /needs `api.jwt.issuer`/,
  ],
  ['tokens without rules', { ...TOKENS, jwt: { ...TOKENS.jwt, rules: [] } }, /needs `api.jwt.issuer`/],
  ['an issuer that nobody uses', { jwt: { issuer: 'https://id.example.com' } }, /iam has none of them/],
  [
    'a symmetric algorithm',
    { ...TOKENS, jwt: { ...TOKENS.jwt, algorithms: ['HS256'] } },
    /api.jwt.algorithms/,
  ],
  ['no algorithm', { ...TOKENS, jwt: { ...TOKENS.jwt, algorithms: ['none'] } }, /api.jwt.algorithms/],
  ['signers beside tokens', { ...TOKENS, callers: [CLAIMS] }, /sign requests/],
  ['another account for a private API', { callers: [role('a', '444455556666')] }, /no way to its endpoint/],
  [
    'another partition',
    { callers: [{ ...CLAIMS, arn: CLAIMS.arn.replace('aws', 'aws-cn') }] },
    /roles of the partition/,
  ],
  ['a wildcard', { callers: [role('*')] }, /exact ARN of a role/],
  ['a user', { callers: [{ ...CLAIMS, arn: `arn:aws:iam::${ACCOUNT}:user/ada` }] }, /exact ARN of a role/],
  ['one role by two paths', { callers: [role('a/x'), role('b/x')] }, /has a role twice/],
  ['the smoke test’s tenant', { callers: [{ ...CLAIMS, tenant: 'smoke' }] }, /smoke test’s/],
  [
    'a rule with a source',
    { ...TOKENS, jwt: { ...TOKENS.jwt, rules: [{ when: {}, source: 'cognito' }] } },
    /source is not a choice/,
  ],
  [
    'addresses of a private API',
    { cidrs: ['198.51.100.0/24'] },
    /private one is called through its endpoint/,
  ],
  ['addresses that are none', { exposure: 'regional', cidrs: ['198.51.100.1/24'] }, /bits set behind/],
  ['a TLS policy of old', { tls: 'TLS_1_0' }, /api.tls/],
  ['little memory', { memory: 128 }, /api.memory/],
  ['a period that no log has', { logDays: 100 }, /next is 120/],
])('deploy.json is refused with %s', (_, api, reason) => {
  const run = () => apiConfig(api);
  expect(run).toThrow(SettingsError);
  try {
    run();
  } catch (error) {
    expect(JSON.stringify((error as SettingsError).problems)).toMatch(reason);
  }
});

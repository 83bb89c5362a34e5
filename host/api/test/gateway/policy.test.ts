// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { defaultSchema } from '@enclave-vault/vault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readIdentity } from '../../src/gateway/identity.ts';
import { parseGatewayPolicy } from '../../src/gateway/parse-policy.ts';
import { actorOf, gatewayPrincipal } from '../../src/gateway/principal.ts';

const NAMES = { fields: new Set(['email', 'dob']), purposes: new Set(['general', 'care']) };
const ACCOUNT = 'arn:aws:iam::111122223333';
const SCOPES = ['vaults:read'];

const parse = (value: unknown) => parseGatewayPolicy(value, NAMES);
const iam = (...rules: object[]) =>
  parse({ version: 1, iam: rules.map((rule) => ({ tenant: 'default', scopes: SCOPES, ...rule })) });
const claims = (...rules: object[]) =>
  parse({ version: 1, claims: rules.map((rule) => ({ source: 'lambda', when: {}, ...rule })) });

const signer = (userArn: string, caller = 'AROAEXAMPLE:s') => {
  const found = readIdentity({ identity: { userArn, caller, accountId: userArn.split(':')[4] } });
  if (found === undefined) throw new Error('no identity');
  return found;
};
const holder = (authorizer: object) => {
  const found = readIdentity({ identity: {}, authorizer });
  if (found === undefined) throw new Error('no identity');
  return found;
};
const session = (role: string) => `arn:aws:sts::111122223333:assumed-role/${role}/ada`;

describe('rules for signed requests', () => {
  test('give what they say, to whoever assumes the role', () => {
    const policy = iam({
      arn: `${ACCOUNT}:role/team/clerk`,
      fields: ['email'],
      purposes: ['care'],
      deriveOnly: true,
    });
    expect(gatewayPrincipal(signer(session('clerk')), policy)).toEqual({
      tenant: 'default',
      actor: `iam:${ACCOUNT}:role/clerk`,
      scopes: new Set(['vaults:read']),
      fields: new Set(['email']),
      purposes: new Set(['care']),
      deriveOnly: true,
      expires: null,
    });
  });

  test('the default is to deny', () => {
    expect(gatewayPrincipal(signer(session('clerk')), parse({ version: 1 }))).toBeNull();
    expect(gatewayPrincipal(signer(session('clerk2')), iam({ arn: `${ACCOUNT}:role/clerk` }))).toBeNull();
    expect(gatewayPrincipal(signer(session('xclerk')), iam({ arn: `${ACCOUNT}:role/clerk` }))).toBeNull();
    const other = 'arn:aws:sts::444455556666:assumed-role/clerk/ada';
    expect(gatewayPrincipal(signer(other), iam({ arn: `${ACCOUNT}:role/*` }))).toBeNull();
    expect(gatewayPrincipal({ kind: 'unreadable' }, iam({ arn: `${ACCOUNT}:role/*` }))).toBeNull();
  });

  test('the exact ARN goes before patterns, and of patterns the first', () => {
    const policy = iam(
      { arn: `${ACCOUNT}:role/cl*`, tenant: 'first' },
      { arn: `${ACCOUNT}:role/*`, tenant: 'second' },
      { arn: `${ACCOUNT}:role/clerk`, tenant: 'exact' },
    );
    const tenant = (role: string) => gatewayPrincipal(signer(session(role)), policy)?.tenant;
    expect([tenant('clerk'), tenant('clown'), tenant('nurse')]).toEqual(['exact', 'first', 'second']);
  });

  test('a wildcard does not reach beyond a name', () => {
    const policy = iam({ arn: `${ACCOUNT}:user/team/*` });
    expect(gatewayPrincipal(signer(`${ACCOUNT}:user/team/ada`), policy)).not.toBeNull();
    expect(gatewayPrincipal(signer(`${ACCOUNT}:user/team/west/ada`), policy)).toBeNull();
    expect(gatewayPrincipal(signer(`${ACCOUNT}:user/ada`), policy)).toBeNull();
  });

  test('a role made anew under the name is another, and no other rule takes over', () => {
    const policy = iam(
      { arn: `${ACCOUNT}:role/clerk`, principalId: 'AROAOLD' },
      { arn: `${ACCOUNT}:role/*` },
    );
    expect(gatewayPrincipal(signer(session('clerk'), 'AROAOLD:ada'), policy)).not.toBeNull();
    expect(gatewayPrincipal(signer(session('clerk'), 'AROANEW:ada'), policy)).toBeNull();
    expect(gatewayPrincipal(signer(session('clerk'), ''), policy)).toBeNull();
  });

  test('the audit names the session where the rule asks for it', () => {
    const policy = iam({ arn: `${ACCOUNT}:role/clerk`, audit: 'session' });
    expect(gatewayPrincipal(signer(session('clerk')), policy)?.actor).toBe(`iam:${ACCOUNT}:role/clerk#ada`);
    expect(actorOf(signer(session('clerk')))).toBe(`iam:${ACCOUNT}:role/clerk`);
  });
});

describe('rules for claims', () => {
  const TOKEN = { iss: 'https://idp.example.com/pool', sub: '5b1c', aud: 'vault' };

  test('read tenant, scopes and narrowings from claims, as API Gateway writes them', () => {
    const policy = parse({
      version: 1,
      claims: [
        {
          source: 'cognito',
          when: { iss: TOKEN.iss },
          tenantClaim: 'custom:tenant',
          scopesClaim: 'cognito:groups',
          scopeMap: { nurses: ['vaults:read', 'vaults:decrypt'], auditors: ['audit:read'] },
          fieldsClaim: 'fields',
          purposesClaim: 'purposes',
          deriveOnlyClaim: 'derive',
        },
      ],
    });
    const identity = holder({
      claims: {
        ...TOKEN,
        'custom:tenant': 'acme',
        'cognito:groups': 'nurses,auditors,others',
        fields: 'email dob',
        derive: 'true',
        exp: 'Tue Mar 03 12:00:00 UTC 2026',
      },
    });
    expect(gatewayPrincipal(identity, policy)).toEqual({
      tenant: 'acme',
      actor: 'jwt:https://idp.example.com/pool#5b1c',
      scopes: new Set(['vaults:read', 'vaults:decrypt', 'audit:read']),
      fields: new Set(['email', 'dob']),
      purposes: null,
      deriveOnly: true,
      expires: Date.UTC(2026, 2, 3, 12) * 1000,
    });
  });

  test('the first rule whose conditions all hold decides', () => {
    const policy = claims(
      { when: { role: 'nurse', ward: 'a' }, tenant: 'ward-a', scopes: [] },
      { when: { role: 'nurse' }, tenant: 'wards', scopes: SCOPES },
    );
    const tenant = (context: object) =>
      gatewayPrincipal(holder({ principalId: 'p', ...context }), policy)?.tenant;
    expect(tenant({ role: 'nurse', ward: 'a' })).toBe('ward-a');
    expect(tenant({ role: 'nurse', ward: 'b' })).toBe('wards');
    expect(tenant({ role: 'Nurse' })).toBeUndefined();
    expect(tenant({})).toBeUndefined();
  });

  test('a rule for a user pool does not take what a Lambda authorizer says, nor the other way', () => {
    const rule = { tenant: 'default', scopes: SCOPES };
    expect(gatewayPrincipal(holder({ claims: TOKEN }), claims(rule))).toBeNull();
    expect(gatewayPrincipal(holder({ principalId: 'p' }), claims({ ...rule, source: 'cognito' }))).toBeNull();
  });

  test('scopes of other services mean nothing; names of Object are no members', () => {
    const policy = claims({ tenant: 'default', scopesClaim: 'scope' });
    const scopes = (scope: unknown) =>
      gatewayPrincipal(holder({ principalId: 'p', scope }), policy)?.scopes ?? null;
    expect(scopes('openid vaults:read')).toEqual(new Set(['vaults:read']));
    const mapped = claims({ tenant: 'default', scopesClaim: 'scope', scopeMap: { a: ['vaults:read'] } });
    const principal = gatewayPrincipal(
      holder({ principalId: 'p', scope: 'vaults:read constructor __proto__ a' }),
      mapped,
    );
    expect(principal?.scopes).toEqual(new Set(['vaults:read']));
  });

  test.each<[string, object, object]>([
    ['no scopes claim', {}, {}],
    ['scopes that are no text', { scope: ['vaults:read'] }, {}],
    ['fields that are no text', { scope: 'vaults:read', fields: 7 }, { fieldsClaim: 'fields' }],
    ['a flag that is neither', { scope: 'vaults:read', derive: 'yes' }, { deriveOnlyClaim: 'derive' }],
    ['an end that cannot be read', { scope: 'vaults:read', exp: 'tomorrow' }, {}],
    [
      'a tenant that is none',
      { scope: 'vaults:read', org: 'Acme Inc' },
      { tenant: undefined, tenantClaim: 'org' },
    ],
    ['no tenant', { scope: 'vaults:read' }, { tenant: undefined, tenantClaim: 'org' }],
    ['an actor of any length', { scope: 'vaults:read', principalId: 'p'.repeat(600) }, {}],
  ])('%s gives no rights at all: it must not widen', (_what, context, rule) => {
    const policy = claims({ tenant: 'default', scopesClaim: 'scope', ...rule });
    expect(gatewayPrincipal(holder({ principalId: 'p', ...context }), policy)).toBeNull();
  });

  test('a user pool’s token without issuer or subject names nobody', () => {
    const policy = claims({ source: 'cognito', tenant: 'default', scopes: SCOPES });
    expect(gatewayPrincipal(holder({ claims: { iss: 'i' } }), policy)).toBeNull();
    expect(gatewayPrincipal(holder({ claims: { iss: 'i', sub: 's' } }), policy)?.actor).toBe('jwt:i#s');
  });
});

test('nothing that an authorizer may say makes the mapping throw, and rights come from rules alone', () => {
  const policy = claims({ tenant: 'default', scopesClaim: 'scope', scopeMap: { a: ['vaults:read'] } });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (context) => {
      const identity = readIdentity({ identity: {}, authorizer: { ...context } });
      if (identity === undefined) return;
      for (const scope of gatewayPrincipal(identity, policy)?.scopes ?? []) expect(scope).toBe('vaults:read');
    }),
  );
});

test('a file is refused with all that is wrong with it, and no value is repeated', () => {
  const bad = {
    version: 2,
    marked: 1,
    iam: [
      { arn: 'marked-arn', tenant: 'default', scopes: ['marked-scope'] },
      { arn: 'arn:aws:iam::*:role/marked', tenant: 'marked Tenant', scopes: [] },
      { arn: `${ACCOUNT}:role/marked/*`, tenant: 'default', scopes: [], fields: ['marked'] },
      { arn: `${ACCOUNT}:role/twice`, tenant: 'default', scopes: [] },
      { arn: `${ACCOUNT}:role/path/twice`, tenant: 'default', scopes: [], audit: 'marked' },
      { arn: `arn:aws:sts::111122223333:assumed-role/a/b`, tenant: 'default', scopes: [], tenantt: 'x' },
      { arn: `${ACCOUNT}:role/[ab]`, tenant: 'default', scopes: [], deriveOnly: 'marked' },
      'marked',
    ],
    claims: [
      { source: 'marked', when: { a: 1 }, tenant: 'a', tenantClaim: 'b', scopes: [] },
      { source: 'lambda', tenant: 'a', scopes: [], scopeMap: { a: ['marked'] }, purposes: ['marked'] },
      { source: 'lambda', when: {}, tenant: 'a' },
    ],
  };
  const problems = [
    'version must be 1',
    'the policy has a member',
    'iam[0].arn is no ARN',
    'iam[0].scopes must hold scopes',
    'iam[1].arn is no ARN pattern',
    'iam[1].tenant must be a tenant',
    'iam[2].arn has a path',
    'iam[2].fields must hold fields',
    'iam[4].audit must be role or session',
    'iam[4].arn has a rule already',
    'iam[5].arn is a session',
    'iam[5] has a member that is none of',
    'iam[6].arn has a character',
    'iam[6].deriveOnly must be true or false',
    'iam[7] must be an object',
    'claims[0].source must be',
    'claims[0].when must be a non-empty text',
    'claims[0] must not have both tenant and tenantClaim',
    'claims[1].when must be an object',
    'claims[1].scopeMap needs scopesClaim',
    'claims[1].scopeMap must hold scopes',
    'claims[1].purposes must hold purposes',
    'claims[2] must have one of scopes and scopesClaim',
  ];
  expect(() => parse(bad)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  for (const problem of problems) expect(() => parse(bad)).toThrow(problem);
  expect(() => parse(bad)).not.toThrow(/marked/);
});

test('the file of the documentation is one', () => {
  const page = readFileSync(new URL('../../../../docs/lambda.md', import.meta.url), 'utf8');
  const [, text = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  const { fields, purposes } = defaultSchema();
  const names = { fields: new Set(fields.keys()), purposes: new Set(purposes) };
  const policy = parseGatewayPolicy(JSON.parse(text), names);
  expect([policy.iam.length, policy.claims.length]).toEqual([2, 2]);
});

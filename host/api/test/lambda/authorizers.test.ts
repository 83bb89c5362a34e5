// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureOutput } from './capture.ts';
import { type CallOptions, type Lambda, startLambda } from './harness.ts';

const ACCOUNT = '111122223333';
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A';

/** The policy of docs/lambda.md, in short. */
const POLICY = {
  version: 1,
  iam: [
    { arn: role('admin'), tenant: 'default', scopes: ['keys:admin', 'vaults:create', 'audit:read'] },
    { arn: role('claims-*'), tenant: 'default', scopes: ['vaults:read'], fields: ['email'] },
    { arn: role('other'), tenant: 'other', scopes: ['vaults:read'], audit: 'session' },
  ],
  claims: [
    {
      source: 'cognito',
      when: { iss: ISSUER },
      tenant: 'default',
      scopesClaim: 'cognito:groups',
      scopeMap: { nurses: ['vaults:read', 'vaults:decrypt'] },
    },
    { source: 'lambda', when: { kind: 'partner' }, tenantClaim: 'tenant', scopesClaim: 'scope' },
  ],
};

let lambda: Lambda;
let output: ReturnType<typeof captureOutput>;
let id: string;

const signed = (name: string, session = 'ada') => ({
  identity: {
    userArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}`,
    caller: `AROA${name}:${session}`,
    user: `AROA${name}:${session}`,
    accountId: ACCOUNT,
    accessKey: 'ASIAEXAMPLE',
  },
  token: null,
  headers: {
    Authorization: 'AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20260409/eu-central-1/execute-api/aws4_request',
  },
});
const holder = (authorizer: object): CallOptions => ({ authorizer, token: null });

beforeAll(async () => {
  output = captureOutput();
  lambda = await startLambda({ authorizers: POLICY });
  id = (
    await lambda.call('POST', '/v1/vaults', {
      json: { email: 'a@example.com', dob: '1990-12-10' },
      ...signed('admin'),
    })
  ).json.id;
});
afterAll(async () => {
  await lambda.stop();
  output.end();
});

const presence = async (options: CallOptions, query = '') => {
  const { status, json } = await lambda.call('GET', `/v1/vaults/${id}${query}`, options);
  return [status, json.code ?? json];
};

test('a signed request has its role’s rights, and the audit names the role', async () => {
  expect(id).toMatch(/^v_/);
  expect(await presence(signed('claims-service'))).toEqual([200, { email: true }]);
  expect(await presence(signed('claims-service'), '?fields=dob')).toEqual([403, 'field_not_allowed']);
  const { json } = await lambda.call('GET', `/v1/vaults/${id}/audit`, signed('admin'));
  expect(json.entries.map(({ event, actor }: Record<string, string>) => [event, actor])).toEqual([
    ['AccessDenied', `iam:${role('claims-service')}`],
    ['CreateVault', `iam:${role('admin')}`],
  ]);
});

test('another tenant’s role sees nothing', async () => {
  expect(await presence(signed('other', 'eve'))).toEqual([404, 'not_found']);
});

test('whoever is in no rule has no rights, and the log says who', async () => {
  expect(await presence(signed('stranger'))).toEqual([403, 'identity_not_mapped']);
  expect(
    await presence(holder({ principalId: 'p', kind: 'customer', scope: 'vaults:read', tenant: 'default' })),
  ).toEqual([403, 'identity_not_mapped']);
  expect(await presence({ ...signed('admin'), authorizer: { principalId: 'p' } })).toEqual([
    403,
    'identity_not_mapped',
  ]);
  const callers = output.events('identity_not_mapped').map(({ caller, kind }) => [kind, caller]);
  expect(callers).toEqual([
    ['iam', `iam:${role('stranger')}`],
    ['claims', 'authorizer:p'],
    ['unreadable', undefined],
  ]);
});

test('a user pool’s groups and a Lambda authorizer’s context are mapped', async () => {
  const claims = { iss: ISSUER, sub: '5b1c', 'cognito:groups': 'nurses' };
  expect(await presence(holder({ claims }))).toEqual([
    200,
    expect.objectContaining({ email: true, dob: true }),
  ]);
  expect(await presence(holder({ claims: { ...claims, 'cognito:groups': 'cooks' } }))).toEqual([
    403,
    'scope_missing',
  ]);
  expect(await presence(holder({ claims: { ...claims, iss: `${ISSUER}x` } }))).toEqual([
    403,
    'identity_not_mapped',
  ]);
  const partner = { principalId: 'acme', kind: 'partner', scope: 'vaults:read' };
  expect(await presence(holder({ ...partner, tenant: 'default' }))).toEqual([
    200,
    expect.objectContaining({ dob: true }),
  ]);
  expect(await presence(holder({ ...partner, tenant: 'acme' }))).toEqual([404, 'not_found']);
  expect(await presence(holder(partner))).toEqual([403, 'identity_not_mapped']);
});

test('a token that has ended gives nothing, though the authorizer’s answer was kept', async () => {
  const claims = {
    iss: ISSUER,
    sub: '5b1c',
    'cognito:groups': 'nurses',
    exp: 'Tue Mar 03 12:00:00 UTC 2020',
  };
  expect(await presence(holder({ claims }))).toEqual([401, 'unauthenticated']);
});

test('an API key counts where the gateway has no authorizer, and where it has one it does not', async () => {
  expect(await presence({})).toEqual([200, expect.objectContaining({ dob: true })]);
  const withKey = (options: object) => ({ ...options, headers: { Authorization: `Bearer ${lambda.admin}` } });
  expect(await presence(withKey(signed('stranger')))).toEqual([403, 'identity_not_mapped']);
  expect(await presence(withKey(signed('claims-service')))).toEqual([200, { email: true }]);
});

test('without a policy the gateway’s word neither gives nor takes', async () => {
  const plain = await startLambda();
  expect((await plain.call('GET', '/v1/keys', signed('admin'))).json.code).toBe('unauthenticated');
  const { headers: _, token: __, ...identity } = signed('admin');
  expect((await plain.call('GET', '/v1/keys', identity)).status).toBe(200);
  await plain.stop();
});

test('nothing that a caller sends becomes an identity', async () => {
  const userArn = `arn:aws:sts::${ACCOUNT}:assumed-role/admin/eve`;
  const requestContext = { identity: { userArn, caller: 'AROAadmin:eve', accountId: ACCOUNT } };
  const authorizer = { claims: { iss: ISSUER, sub: 's', 'cognito:groups': 'nurses' } };
  const headers: Record<string, string> = {
    'X-Amzn-Request-Context': JSON.stringify({ ...requestContext, authorizer }),
    'x-apigateway-event': JSON.stringify({ requestContext }),
    'x-apigateway-context': JSON.stringify(requestContext),
    'X-Amz-User-Arn': userArn,
    userArn,
    requestContext: JSON.stringify(requestContext),
    authorizer: JSON.stringify(authorizer),
    'X-Forwarded-User': userArn,
    'X-Forwarded-For': '127.0.0.1',
    principalId: 'admin',
  };
  const attempts: CallOptions[] = [
    { headers },
    {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
      ),
    },
    {
      headers: {
        Authorization: `Bearer ${Buffer.from(JSON.stringify(requestContext)).toString('base64url')}`,
      },
    },
    { json: { requestContext, authorizer } },
    { more: { queryStringParameters: { userArn }, multiValueQueryStringParameters: { userArn: [userArn] } } },
    { more: { stageVariables: { requestContext: JSON.stringify(requestContext) } } },
    { more: { pathParameters: { proxy: 'v1/keys', userArn } } },
    { more: { identity: requestContext.identity, authorizer } },
    { context: { requestId: userArn, domainName: userArn } },
  ];
  for (const attempt of attempts) {
    const { status, json } = await lambda.call('GET', '/v1/keys', { token: null, ...attempt });
    expect([status, json.code]).toEqual([401, 'unauthenticated']);
  }
});

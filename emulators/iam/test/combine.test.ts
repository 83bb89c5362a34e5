// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest, Layer, PolicySet } from '../src/index.ts';
import {
  ACCOUNT,
  allowAll,
  anonymous,
  ask,
  denyAll,
  federated,
  foreign,
  KEY,
  nothing,
  OTHER,
  policy,
  role,
  root,
  service,
  serviceLinked,
  session,
  user,
} from './support.ts';

/** 'allow', 'deny' (explicitly), or the kind of policy that lacks an Allow. */
type Outcome = 'allow' | 'deny' | Layer;
type Row = readonly [
  what: string,
  request: Partial<AuthorizationRequest>,
  policies: PolicySet,
  expected: Outcome,
];

const outcome = (request: Partial<AuthorizationRequest>, policies: PolicySet): Outcome => {
  const decision = ask(request, policies);
  expect(decision.allowed).toBe(decision.kind === 'allow');
  if (decision.kind === 'allow') return 'allow';
  return decision.kind === 'explicit_deny' ? 'deny' : (decision.missing ?? 'identity');
};

const table = (page: string, rows: readonly Row[]): void => {
  describe(page, () => {
    it.each(rows)('%s', (_what, request, policies, expected) => {
      expect(outcome(request, policies)).toBe(expected);
    });
  });
};

const to = (AWS: string) => policy({ Principal: { AWS } });
const toService = policy({ Principal: { Service: 'cloudwatch.amazonaws.com' } });
const everyone = policy({ Principal: '*' });
const nobody = policy({ Principal: { AWS: '999999999999' } });
const denyResource = policy({ Effect: 'Deny', Principal: '*' });
const identity = [allowAll];

table('Policy evaluation for requests within a single account', [
  ['nothing allows', {}, {}, 'identity'],
  ['an identity policy allows', {}, { identity }, 'allow'],
  ['one of several', {}, { identity: [nothing, allowAll] }, 'allow'],
  ['a Deny in any of them wins', {}, { identity: [allowAll, denyAll] }, 'deny'],
  ['a resource policy alone is enough', {}, { resource: to(user.arn) }, 'allow'],
  ['an identity policy alone as well', {}, { identity, resource: nobody }, 'allow'],
  ['a Deny in the resource policy wins', {}, { identity, resource: denyResource }, 'deny'],
  ['a Deny in the identity policy wins', {}, { identity: [denyAll], resource: to(user.arn) }, 'deny'],
  ['an account as principal delegates: no identity policy', {}, { resource: to(ACCOUNT) }, 'identity'],
  ['an account as principal delegates', {}, { identity, resource: to(ACCOUNT) }, 'allow'],
  ['the root user may do all', { principal: root }, {}, 'allow'],
  ['unless denied', { principal: root }, { resource: denyResource }, 'deny'],
  ['everyone needs nothing more', {}, { resource: everyone }, 'allow'],
  ['not even an account', { principal: anonymous }, { resource: everyone }, 'allow'],
  ['others are not anonymous', { principal: anonymous }, { resource: to(user.arn) }, 'resource'],
  ['a service named', { principal: service }, { resource: toService }, 'allow'],
  ['a service has no identity policies', { principal: service }, { identity, resource: nobody }, 'resource'],
]);

table('Permissions boundaries for IAM entities', [
  ['both allow', {}, { identity, boundary: allowAll }, 'allow'],
  ['the boundary does not', {}, { identity, boundary: nothing }, 'boundary'],
  ['a boundary grants nothing', {}, { boundary: allowAll }, 'identity'],
  ['a boundary denies', {}, { identity, boundary: denyAll, resource: to(user.arn) }, 'deny'],
  ['root has none', { principal: root }, { boundary: nothing }, 'allow'],
]);

table('How AWS enforcement code logic evaluates requests: implicit denies and resource policies', [
  ['a user named passes the boundary', {}, { boundary: nothing, resource: to(user.arn) }, 'allow'],
  ['a role named does not', { principal: role }, { boundary: nothing, resource: to(role.arn) }, 'boundary'],
  ['a role named needs no identity policy', { principal: role }, { resource: to(role.arn) }, 'allow'],
  [
    'a role named, within the boundary',
    { principal: role },
    { boundary: allowAll, resource: to(role.arn) },
    'allow',
  ],
  [
    'a session under its role does not',
    { principal: session },
    { boundary: nothing, resource: to(role.arn) },
    'boundary',
  ],
  [
    'nor past the session policy',
    { principal: session },
    { session: nothing, resource: to(role.arn) },
    'session',
  ],
  [
    'a session named passes both',
    { principal: session },
    { boundary: nothing, session: nothing, resource: to(session.arn) },
    'allow',
  ],
  [
    'everyone passes both',
    { principal: session },
    { boundary: nothing, session: nothing, resource: everyone },
    'allow',
  ],
  ['but no Deny', { principal: session }, { session: denyAll, resource: to(session.arn) }, 'deny'],
  [
    'the better of two statements counts',
    { principal: session },
    {
      boundary: nothing,
      resource: policy({ Principal: { AWS: role.arn } }, { Principal: { AWS: session.arn } }),
    },
    'allow',
  ],
]);

table('Policies and permissions: session policies', [
  ['identity and session allow', { principal: session }, { identity, session: allowAll }, 'allow'],
  ['the session policy does not', { principal: session }, { identity, session: nothing }, 'session'],
  ['one of several does', { principal: session }, { identity, session: [nothing, allowAll] }, 'allow'],
  ['it grants nothing', { principal: session }, { session: allowAll }, 'identity'],
  ['a role session without one', { principal: session }, { identity }, 'allow'],
  ['a federated user without one', { principal: federated }, { identity }, 'session'],
  ['a federated user with one', { principal: federated }, { identity, session: allowAll }, 'allow'],
  ['a federated user named', { principal: federated }, { resource: to(federated.arn) }, 'allow'],
]);

table('Cross-account policy evaluation logic', [
  ['both allow', { principal: foreign }, { identity, resource: to(foreign.arn) }, 'allow'],
  ['the account is trusted', { principal: foreign }, { identity, resource: to(OTHER) }, 'allow'],
  ['only the resource policy', { principal: foreign }, { resource: to(foreign.arn) }, 'identity'],
  ['only the identity policy', { principal: foreign }, { identity, resource: nobody }, 'resource'],
  ['no resource policy at all', { principal: foreign }, { identity }, 'resource'],
  ['everyone is not enough', { principal: foreign }, { resource: everyone }, 'identity'],
  [
    'boundary of the caller',
    { principal: foreign },
    { identity, boundary: nothing, resource: to(OTHER) },
    'boundary',
  ],
]);

const key = { action: 'kms:Decrypt', resource: KEY };
table('Key policies in AWS KMS', [
  ['an identity policy alone is nothing', key, { identity, resource: nobody }, 'resource'],
  ['nor without a key policy', key, { identity }, 'resource'],
  ['a user named in the key policy', key, { resource: to(user.arn) }, 'allow'],
  ['the account delegates', key, { identity, resource: to(ACCOUNT) }, 'allow'],
  ['delegation without identity policy', key, { resource: to(ACCOUNT) }, 'identity'],
  [
    'a role named, boundary without',
    { ...key, principal: role },
    { boundary: nothing, resource: to(role.arn) },
    'boundary',
  ],
  ['root is not above the key policy', { ...key, principal: root }, { resource: to(user.arn) }, 'resource'],
  ['root with the account', { ...key, principal: root }, { resource: to(ACCOUNT) }, 'allow'],
  ['ListKeys is on no key', { action: 'kms:ListKeys', resource: '*' }, { identity }, 'allow'],
  [
    'an alias has no policy',
    { action: 'kms:CreateAlias', resource: `arn:aws:kms:eu-central-1:${ACCOUNT}:alias/a` },
    { identity },
    'allow',
  ],
  [
    'the mode can be said',
    { ...key, action: 'other:Do' },
    { identity, resourceMode: 'required' },
    'resource',
  ],
]);

const assume = { action: 'sts:AssumeRole', resource: role.arn };
const trust = (AWS: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow' as const, Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
table('How permissions for roles are evaluated: trust policies', [
  ['an identity policy alone', assume, { identity, resource: trust(OTHER) }, 'resource'],
  ['the user is trusted', assume, { resource: trust(user.arn) }, 'allow'],
  ['the account is trusted', assume, { identity, resource: trust(ACCOUNT) }, 'allow'],
  ['the account is trusted, no identity policy', assume, { resource: trust(ACCOUNT) }, 'identity'],
  ['from another account', { ...assume, principal: foreign }, { resource: trust(foreign.arn) }, 'identity'],
]);

const endpoint = everyone;
table('Control access to VPC endpoints using endpoint policies', [
  ['both allow', {}, { identity, endpoint }, 'allow'],
  ['the endpoint policy does not', {}, { identity, endpoint: to('999999999999') }, 'endpoint'],
  ['it grants nothing', {}, { endpoint }, 'identity'],
  ['it denies', {}, { identity, endpoint: denyResource }, 'deny'],
  ['it binds root too', { principal: root }, { endpoint: nobody }, 'endpoint'],
  ['and those the resource policy names', {}, { resource: to(user.arn), endpoint: nobody }, 'endpoint'],
]);

table('Service control policies (SCPs)', [
  ['every level allows', {}, { identity, scps: [[allowAll], [nothing, allowAll]] }, 'allow'],
  ['one level does not', {}, { identity, scps: [[allowAll], [nothing], [allowAll]] }, 'scp'],
  ['a level without policies', {}, { identity, scps: [[allowAll], []] }, 'scp'],
  ['a level denies', {}, { identity, scps: [[allowAll], [allowAll, denyAll]] }, 'deny'],
  ['it grants nothing', {}, { scps: [[allowAll]] }, 'identity'],
  ['root of a member account is bound', { principal: root }, { scps: [[nothing]] }, 'scp'],
  ['who is named in a resource policy is bound', {}, { resource: to(user.arn), scps: [[nothing]] }, 'scp'],
  ['service-linked roles are not', { principal: serviceLinked }, { identity, scps: [[denyAll]] }, 'allow'],
  ['services are not', { principal: service }, { resource: toService, scps: [[denyAll]] }, 'allow'],
]);

const rcpAll = policy({ Principal: '*' });
const rcpDeny = policy({ Effect: 'Deny', Principal: '*' });
const deputy = policy({
  Effect: 'Deny',
  Principal: '*',
  Condition: {
    StringNotEqualsIfExists: { 'aws:SourceAccount': ACCOUNT },
    Null: { 'aws:SourceAccount': 'false' },
    Bool: { 'aws:PrincipalIsAWSService': 'true' },
  },
});
table('Resource control policies (RCPs)', [
  ['every level allows', {}, { identity, rcps: [[rcpAll], [rcpAll]] }, 'allow'],
  ['a level denies', {}, { identity, rcps: [[rcpAll], [rcpAll, rcpDeny]] }, 'deny'],
  ['a level without policies', {}, { identity, rcps: [[]] }, 'rcp'],
  ['root is bound', { principal: root }, { rcps: [[rcpAll, rcpDeny]] }, 'deny'],
  ['service-linked roles are not', { principal: serviceLinked }, { identity, rcps: [[rcpDeny]] }, 'allow'],
  [
    'services are: a confused deputy',
    { principal: service, context: { 'aws:SourceAccount': OTHER } },
    { resource: toService, rcps: [[rcpAll, deputy]] },
    'deny',
  ],
  [
    'for our own account it is none',
    { principal: service, context: { 'aws:SourceAccount': ACCOUNT } },
    { resource: toService, rcps: [[rcpAll, deputy]] },
    'allow',
  ],
  [
    'without a source account it is not judged',
    { principal: service },
    { resource: toService, rcps: [[rcpAll, deputy]] },
    'allow',
  ],
  [
    'kms:RetireGrant is not restricted',
    { ...key, action: 'kms:RetireGrant' },
    { resource: to(user.arn), rcps: [[rcpDeny]] },
    'allow',
  ],
]);

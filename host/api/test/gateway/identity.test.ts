// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { readCallerArn } from '../../src/gateway/iam-arn.ts';
import { readIdentity } from '../../src/gateway/identity.ts';

const ROLE = 'arn:aws:iam::111122223333:role/clerk';

test.each([
  ['arn:aws:sts::111122223333:assumed-role/clerk/ada@example.com', ROLE, 'ada@example.com'],
  ['arn:aws:iam::111122223333:role/clerk', ROLE, null],
  ['arn:aws:iam::111122223333:role/team/west/clerk', ROLE, null],
  ['arn:aws:iam::111122223333:user/team/ada', 'arn:aws:iam::111122223333:user/team/ada', null],
  ['arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:root', null],
  ['arn:aws:sts::111122223333:federated-user/ada', 'arn:aws:sts::111122223333:federated-user/ada', null],
  ['arn:aws-us-gov:sts::111122223333:assumed-role/a/b', 'arn:aws-us-gov:iam::111122223333:role/a', 'b'],
])('%s is %s', (text, arn, session) => {
  expect(readCallerArn(text)).toEqual({ arn, account: '111122223333', session });
});

test.each([
  '',
  'clerk',
  'arn:aws:iam::111122223333:role/',
  'arn:aws:iam::111122223333:role',
  'arn:aws:iam::11112222333:role/clerk',
  'arn:aws:sts::111122223333:assumed-role/clerk',
  'arn:aws:sts::111122223333:assumed-role/clerk/a/b',
  'arn:aws:sts::111122223333:assumed-role//a',
  'arn:aws:s3:::bucket',
  'arn:aws:iam::111122223333:group/clerks',
  `${ROLE}\n`,
  `${ROLE} `,
  `${ROLE}:x`,
  'arn:aws:iam::111122223333:role/clérk',
])('%j names no caller', (text) => {
  expect(readCallerArn(text)).toBeUndefined();
});

const signed = { userArn: ROLE, caller: 'AROAEXAMPLE:s', accountId: '111122223333', sourceIp: '192.0.2.1' };

test('a method without an authorizer tells nobody', () => {
  expect(readIdentity({})).toBeUndefined();
  const nulls = {
    userArn: null,
    caller: null,
    accountId: null,
    user: null,
    apiKey: 'k',
    sourceIp: '192.0.2.1',
  };
  expect(readIdentity({ identity: nulls })).toBeUndefined();
  expect(readIdentity({ identity: nulls, authorizer: {} })).toBeUndefined();
  expect(readIdentity({ identity: nulls, authorizer: null })).toBeUndefined();
});

test('an IAM authorizer gives the ARN and the id that is never given twice', () => {
  expect(readIdentity({ identity: signed })).toEqual({
    kind: 'iam',
    arn: ROLE,
    account: '111122223333',
    session: null,
    principalId: 'AROAEXAMPLE',
  });
});

test('the claims of a user pool and the context of a Lambda authorizer are told apart', () => {
  const claims = { iss: 'https://idp.example.com', sub: 's' };
  expect(readIdentity({ identity: {}, authorizer: { claims } })).toEqual({
    kind: 'claims',
    source: 'cognito',
    claims,
  });
  const context = { principalId: 'ada', role: 'nurse', claims: 'text', integrationLatency: 7 };
  expect(readIdentity({ identity: {}, authorizer: context })).toEqual({
    kind: 'claims',
    source: 'lambda',
    claims: { principalId: 'ada', role: 'nurse', claims: 'text' },
  });
});

test.each<[string, Record<string, unknown>]>([
  ['an ARN of nobody', { identity: { ...signed, userArn: 'ada' } }],
  ['a caller without an ARN', { identity: { ...signed, userArn: null } }],
  ['an account that is not the ARN’s', { identity: { ...signed, accountId: '444455556666' } }],
  ['two authorizers', { identity: signed, authorizer: { principalId: 'ada' } }],
  ['a Lambda authorizer without a principal', { identity: {}, authorizer: { role: 'nurse' } }],
  ['a principal that is no text', { identity: {}, authorizer: { principalId: 7 } }],
])('%s is nobody, and not "no authorizer"', (_what, context) => {
  expect(readIdentity(context)).toEqual({ kind: 'unreadable' });
});

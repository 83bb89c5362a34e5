// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { principalContext } from '../src/index.ts';
import {
  ACCOUNT,
  anonymous,
  ask,
  federated,
  holds,
  OTHER,
  policy,
  role,
  root,
  service,
  session,
  user,
} from './support.ts';

describe('AWS global condition context keys: properties of the principal', () => {
  it('gives a user its ARN, account, name and tags', () => {
    expect(
      principalContext({ ...user, tags: { team: 'red' }, organization: 'o-1', userId: 'AIDAX' }),
    ).toEqual({
      'aws:PrincipalType': 'User',
      'aws:PrincipalIsAWSService': 'false',
      'aws:PrincipalArn': user.arn,
      'aws:PrincipalAccount': ACCOUNT,
      'aws:PrincipalOrgID': 'o-1',
      'aws:userid': 'AIDAX',
      'aws:username': 'alice',
      'aws:PrincipalTag/team': 'red',
    });
  });

  it('gives a session the ARN of its role, and no user name', () => {
    const keys = principalContext(session);
    expect(keys['aws:PrincipalArn']).toBe(role.arn);
    expect(keys['aws:PrincipalType']).toBe('AssumedRole');
    expect(keys).not.toHaveProperty('aws:username');
    expect(
      principalContext({ ...session, roleArn: `arn:aws:iam::${ACCOUNT}:role/p/worker` })['aws:PrincipalArn'],
    ).toBe(`arn:aws:iam::${ACCOUNT}:role/p/worker`);
  });

  it('gives a service its name, and neither ARN nor account', () => {
    expect(principalContext(service)).toEqual({
      'aws:PrincipalType': 'Service',
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': 'cloudwatch.amazonaws.com',
      'aws:PrincipalServiceNamesList': ['cloudwatch.amazonaws.com'],
    });
  });

  it('names the type of every principal', () => {
    const types = [root, federated, anonymous].map((who) => principalContext(who)['aws:PrincipalType']);
    expect(types).toEqual(['Account', 'FederatedUser', 'Anonymous']);
    expect(principalContext(anonymous)['aws:PrincipalAccount']).toBe('anonymous');
  });

  it('lets no request say otherwise', () => {
    const forged = {
      'AWS:principalARN': role.arn,
      'aws:PrincipalAccount': OTHER,
      'aws:PrincipalTag/admin': 'true',
      'aws:PrincipalIsAWSService': 'true',
      'aws:username': 'root',
    };
    expect(holds({ ArnEquals: { 'aws:PrincipalArn': role.arn } }, forged)).toBe(false);
    expect(holds({ ArnEquals: { 'aws:PrincipalArn': user.arn } }, forged)).toBe(true);
    expect(holds({ StringEquals: { 'aws:PrincipalAccount': OTHER } }, forged)).toBe(false);
    expect(holds({ StringEquals: { 'aws:PrincipalTag/admin': 'true' } }, forged)).toBe(false);
    expect(holds({ Bool: { 'aws:PrincipalIsAWSService': 'true' } }, forged)).toBe(false);
    const named = policy({ Principal: '*', Condition: { Null: { 'aws:PrincipalArn': 'false' } } });
    expect(ask({ principal: anonymous, context: forged }, { resource: named }).allowed).toBe(false);
  });

  it('fills in the account of the resource, and that no service stands between', () => {
    expect(holds({ StringEquals: { 'aws:ResourceAccount': ACCOUNT } }, {})).toBe(true);
    expect(holds({ Bool: { 'aws:ViaAWSService': 'false' } }, {})).toBe(true);
    expect(holds({ Bool: { 'aws:ViaAWSService': 'false' } }, { 'aws:ViaAWSService': 'true' })).toBe(false);
  });
});

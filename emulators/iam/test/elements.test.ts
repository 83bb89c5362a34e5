// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { PrincipalElement, Statement } from '../src/index.ts';
import {
  ACCOUNT,
  anonymous,
  ask,
  foreign,
  OTHER,
  policy,
  role,
  root,
  service,
  session,
  user,
} from './support.ts';

describe('IAM JSON policy elements: Action, NotAction', () => {
  it.each([
    ['any case', 'S3:getobject', true],
    ['a wildcard in the name', 's3:Get*', true],
    ['one character', 's3:GetObjec?', true],
    ['all of a service', 's3:*', true],
    ['everything', '*', true],
    ['another operation', 's3:PutObject', false],
    ['another service', 's3express:*', false],
    ['a prefix is not enough', 's3:GetObjec', false],
  ])('%s: %s', (_what, Action, expected) => {
    expect(ask({}, { identity: [policy({ Action })] }).allowed).toBe(expected);
    const elsewhere = policy({ NotAction: Action });
    expect(ask({}, { identity: [elsewhere] }).allowed).toBe(!expected);
  });

  it('takes lists, where any entry is enough and NotAction is none of them', () => {
    expect(ask({}, { identity: [policy({ Action: ['ec2:*', 's3:Get*'] })] }).allowed).toBe(true);
    expect(ask({}, { identity: [policy({ NotAction: ['ec2:*', 's3:Get*'] })] }).allowed).toBe(false);
  });
});

describe('IAM JSON policy elements: Resource, NotResource', () => {
  const queue = `arn:aws:sqs:us-east-2:${ACCOUNT}:orders`;
  it.each([
    ['the ARN itself', queue, queue, true],
    ['case matters', queue, queue.replace('orders', 'Orders'), false],
    ['everything', '*', queue, true],
    ['no resource at all is *', '*', '*', true],
    ['an ARN is not *', queue, '*', false],
    ['* inside the last part', 'arn:aws:s3:::papers/*/a?.txt', 'arn:aws:s3:::papers/x/y:z/ab.txt', true],
    ['* ending a part runs on over colons', 'arn:aws:sqs:*:orders', queue, true],
    ['* inside a part does not', 'arn:aws:sqs:us-*2:orders', queue, false],
    ['* inside a part', `arn:aws:sqs:us-*-2:${ACCOUNT}:orders`, queue, true],
    ['? does not match a colon', 'arn:aws:s3::?papers', 'arn:aws:s3:::papers', false],
  ])('%s', (_what, pattern, resource, expected) => {
    expect(ask({ resource }, { identity: [policy({ Resource: pattern })] }).allowed).toBe(expected);
    expect(ask({ resource }, { identity: [policy({ NotResource: pattern })] }).allowed).toBe(!expected);
  });

  it('is not slow on a hostile pattern', () => {
    const pattern = `arn:aws:s3:::${'*a'.repeat(200)}b`;
    const started = performance.now();
    ask({ resource: `arn:aws:s3:::${'a'.repeat(2000)}` }, { identity: [policy({ Resource: pattern })] });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('AWS JSON policy elements: Principal', () => {
  const rootArn = `arn:aws:iam::${ACCOUNT}:root`;
  const callers = { user, role, session, root, foreign, service, anonymous };
  type Name = keyof typeof callers;
  const matches = (Principal: PrincipalElement, name: Name): boolean =>
    // A Deny shows whom a statement is about, whatever else is needed to allow.
    ask({ principal: callers[name] }, { resource: policy({ Effect: 'Deny', Principal }) }).kind ===
    'explicit_deny';

  it.each<[what: string, element: PrincipalElement, about: readonly Name[]]>([
    ['everyone', '*', ['user', 'role', 'session', 'root', 'foreign', 'service', 'anonymous']],
    [
      'everyone, the long way',
      { AWS: '*' },
      ['user', 'role', 'session', 'root', 'foreign', 'service', 'anonymous'],
    ],
    ['an account by number', { AWS: ACCOUNT }, ['user', 'role', 'session', 'root']],
    ['an account by its root ARN', { AWS: rootArn }, ['user', 'role', 'session', 'root']],
    ['a user', { AWS: user.arn }, ['user']],
    ['a role, with all its sessions', { AWS: role.arn }, ['role', 'session']],
    ['one session', { AWS: session.arn }, ['session']],
    ['another account', { AWS: OTHER }, ['foreign']],
    ['a service', { Service: 'cloudwatch.amazonaws.com' }, ['service']],
    ['another service', { Service: 'sns.amazonaws.com' }, []],
    [
      'several',
      { AWS: [user.arn, OTHER], Service: ['cloudwatch.amazonaws.com'] },
      ['user', 'foreign', 'service'],
    ],
    ['identity providers', { Federated: 'accounts.google.com' }, []],
    [
      'canonical users',
      { CanonicalUser: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be' },
      [],
    ],
  ])('%s', (_what, element, about) => {
    const found = (Object.keys(callers) as Name[]).filter((name) => matches(element, name));
    expect(found).toEqual(about);
  });

  it('knows the role of a session whose ARN leaves out the path', () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/app/worker`;
    const resource = policy({ Effect: 'Deny', Principal: { AWS: roleArn } });
    expect(ask({ principal: { ...session, roleArn } }, { resource }).kind).toBe('explicit_deny');
    expect(ask({ principal: session }, { resource }).kind).toBe('implicit_deny');
  });
});

describe('AWS JSON policy elements: NotPrincipal', () => {
  const rootArn = `arn:aws:iam::${ACCOUNT}:root`;
  const judge = (Effect: 'Allow' | 'Deny', NotPrincipal: PrincipalElement, principal = user): boolean => {
    const statement: Partial<Statement> = { Effect, NotPrincipal };
    const { kind } = ask({ principal }, { resource: policy(statement) });
    return kind === (Effect === 'Deny' ? 'explicit_deny' : 'allow');
  };

  it('denies all but those listed with their account', () => {
    expect(judge('Deny', { AWS: [user.arn, rootArn] })).toBe(false);
    expect(judge('Deny', { AWS: [user.arn, ACCOUNT] })).toBe(false);
    expect(judge('Deny', { AWS: [user.arn, rootArn] }, role)).toBe(true);
    expect(judge('Deny', { AWS: [user.arn, rootArn] }, anonymous)).toBe(true);
    expect(judge('Deny', { AWS: [user.arn, rootArn] }, service)).toBe(true);
    expect(judge('Deny', { Service: 'cloudwatch.amazonaws.com' }, service)).toBe(false);
    expect(judge('Deny', '*')).toBe(false);
  });

  it('denies one whose account is left out, and all of an account that alone is listed', () => {
    expect(judge('Deny', { AWS: user.arn })).toBe(true);
    expect(judge('Deny', { AWS: rootArn })).toBe(true);
    expect(judge('Deny', { AWS: rootArn }, root)).toBe(false);
  });

  it('needs role and account beside a session', () => {
    expect(judge('Deny', { AWS: [session.arn, role.arn, rootArn] }, session)).toBe(false);
    expect(judge('Deny', { AWS: [session.arn, rootArn] }, session)).toBe(true);
    expect(judge('Deny', { AWS: [role.arn, rootArn] }, session)).toBe(true);
    expect(judge('Deny', { AWS: [role.arn, rootArn] }, role)).toBe(false);
  });

  it('allows all but those listed, anonymous callers too', () => {
    expect(judge('Allow', { AWS: role.arn })).toBe(true);
    expect(judge('Allow', { AWS: role.arn }, anonymous)).toBe(true);
    expect(judge('Allow', { AWS: role.arn }, role)).toBe(false);
    expect(judge('Allow', { AWS: role.arn }, session)).toBe(false);
    expect(judge('Allow', { AWS: rootArn })).toBe(false);
  });
});

// SPDX-License-Identifier: Apache-2.0

import { document } from '../sound.ts';
import { add, type Case, on, roles, set, statement } from './case.ts';

const PUBLIC = { Principal: '*', Condition: undefined };
export const POLICIES_CASES: readonly Case[] = [
  ...on(
    'role',
    'Added',
    [
      'a role elsewhere',
      'AWS::IAM::Role in canary',
      add('AWS::IAM::Role', {
        Path: '/vault/',
        PermissionsBoundary: 'arn',
        Tags: [{ Key: 'enclave-vault', Value: 'vault' }],
      }),
    ],
    [
      'a managed policy elsewhere',
      'AWS::IAM::ManagedPolicy in canary',
      add('AWS::IAM::ManagedPolicy', { Path: '/vault/' }),
    ],
  ),
  ...roles([
    ...on(
      'role',
      'Role',
      ['no boundary', 'no permissions boundary', set('Role', 'PermissionsBoundary')],
      ['another path', 'outside the deployment’s path', set('Role', 'Path', '/')],
      ['an inline policy', 'inline policies', set('Role', 'Policies', [])],
      [
        'a policy of AWS',
        'managed policy of AWS',
        set('Role', 'ManagedPolicyArns', ['arn:aws:iam::aws:policy/AdministratorAccess']),
      ],
    ),
    ...on(
      'kept',
      'Role',
      [
        'a role that goes',
        'no DeletionPolicy Retain',
        ({ Resources }) => {
          delete Resources.Role?.DeletionPolicy;
        },
      ],
      [
        'a role that is replaced',
        'no UpdateReplacePolicy Retain',
        ({ Resources }) => {
          delete Resources.Role?.UpdateReplacePolicy;
        },
      ],
    ),
    ...on('policy-size', 'Boundary', [
      'a managed policy',
      'of 6144',
      set('Boundary', 'PolicyDocument.Statement.0.Resource', 'r'.repeat(6100)),
    ]),
  ]),
  ...on(
    'role-policy',
    'Rights',
    ['a role of others', 'for the role "admin"', set('Rights', 'RoleName', 'admin')],
    ['a role that comes later', 'for the role', set('Rights', 'RoleName', { Ref: 'Key' })],
    ['the deployment role', 'controls keys', set('Rights', 'RoleName', 'vault-deployment')],
  ),
  ...on(
    'policy-grant',
    'Rights',
    ['everything', 'allows "*"', statement({ Action: '*' })],
    ['a whole service', 'allows "kms:*"', statement({ Action: ['s3:GetObject', 'kms:*'] })],
    ['all but some', 'NotAction', statement({ Action: undefined, NotAction: ['iam:*'] })],
    ['all resources but some', 'NotResource', statement({ NotResource: 'a' })],
    ['everybody', 'allows everybody', statement(PUBLIC)],
    ['everybody of AWS', 'allows everybody', statement({ Principal: { AWS: ['*'] } })],
    ['all but somebody, denied', 'NotPrincipal', statement({ Effect: 'Deny', NotPrincipal: { AWS: 'arn' } })],
    ['a misspelt effect', 'Effect "allow"', statement({ Effect: 'allow' })],
  ),
  ...on('policy-grant', 'Endpoint', [
    'an endpoint to everything',
    'allows everybody',
    set(
      'Endpoint',
      'PolicyDocument',
      document({ Sid: 'All', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }),
    ),
  ]),
  ...on('policy-grant', 'Added', [
    'in JSON as text',
    'allows "logs:*"',
    add('AWS::Logs::ResourcePolicy', {
      PolicyDocument: JSON.stringify(
        document({ Sid: 'A', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'logs:*', Resource: '*' }),
      ),
    }),
  ]),
  ...on(
    'policy-form',
    'Rights',
    ['an old version', 'Version "2008-10-17"', set('Rights', 'PolicyDocument.Version', '2008-10-17')],
    ['no version', 'Version undefined', set('Rights', 'PolicyDocument.Version')],
    ['no Sid', 'without Sid', set('Rights', 'PolicyDocument.Statement.0.Sid')],
    [
      'two of one name',
      'two statements A',
      set(
        'Rights',
        'PolicyDocument',
        document(...[1, 2].map(() => ({ Sid: 'A', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }))),
      ),
    ],
    ['a flag', 'is true', statement({ Condition: { Bool: { 'aws:SecureTransport': true } } })],
  ),
];

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ContextValues } from '../../../emulators/iam/src/index.ts';
import { boundaryArn, deployerPolicies, roleArn } from '../../src/index.ts';
import { ACCOUNT, decide, HOME, requestsOf, unmet } from './samples.ts';

const DEPLOYER = `arn:aws:iam::${ACCOUNT}:role/people/deployer`;
const EVERY_DAY = { identity: [deployerPolicies(HOME).deploy] };
const BOTH = { identity: Object.values(deployerPolicies(HOME)) };
const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const key = arn('kms', 'key/11111111-1111-4111-8111-111111111111');
const artifact = `arn:aws:s3:::vault-artifacts-${ACCOUNT}-eu-central-1/release/1`;
const workload = roleArn(HOME, 'api');
const bounded = { 'iam:PermissionsBoundary': boundaryArn(HOME, 'api') };
const throughS3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };

type Row = readonly [
  action: string,
  resource: string,
  everyDay: boolean,
  withRoles: boolean,
  context?: ContextValues,
];

const ROWS: readonly Row[] = [
  ['cloudformation:CreateChangeSet', arn('cloudformation', 'stack/vault-keys/1'), true, true],
  ['cloudformation:DeleteStack', arn('cloudformation', 'stack/vault-keys/1', 'eu-west-1'), true, true],
  ['cloudformation:DeleteStack', arn('cloudformation', 'stack/payroll/1'), false, false],
  [
    'iam:PassRole',
    HOME.roles.deployment,
    true,
    true,
    { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
  ],
  ['iam:PassRole', HOME.roles.deployment, false, false, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  [
    'iam:PassRole',
    HOME.roles.breakGlass,
    false,
    false,
    { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
  ],
  ['iam:PassRole', HOME.roles.instance, false, true, { 'iam:PassedToService': 'ec2.amazonaws.com' }],
  ['iam:PassRole', workload, false, false, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['iam:CreateRole', workload, false, true, bounded],
  ['iam:CreateRole', workload, false, false],
  ['iam:CreateRole', arn('iam', 'role/payroll', ''), false, false, bounded],
  ['iam:PutRolePermissionsBoundary', workload, false, false],
  ['iam:DeleteRolePermissionsBoundary', workload, false, false, bounded],
  ['iam:UpdateAssumeRolePolicy', workload, false, true],
  ['iam:UpdateAssumeRolePolicy', arn('iam', 'role/payroll', ''), false, false],
  ['iam:PutRolePolicy', workload, false, false, bounded],
  [
    'iam:AttachRolePolicy',
    workload,
    false,
    true,
    { ...bounded, 'iam:PolicyARN': arn('iam', 'policy/vault/vault-deployment-keys', '') },
  ],
  [
    'iam:AttachRolePolicy',
    workload,
    false,
    false,
    { ...bounded, 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' },
  ],
  ['iam:CreatePolicyVersion', boundaryArn(HOME, 'api'), false, true],
  ['iam:CreatePolicyVersion', arn('iam', 'policy/payroll', ''), false, false],
  ['iam:CreateUser', arn('iam', 'user/vault/a', ''), false, false],
  ['s3:PutObject', artifact, true, true],
  ['s3:DeleteObjectVersion', artifact, true, true],
  ['s3:PutObject', 'arn:aws:s3:::payroll/a', false, false],
  ['s3:GetObject', `arn:aws:s3:::vault-trail-${ACCOUNT}-eu-central-1/a`, false, false],
  ['s3:DeleteObjectVersion', `arn:aws:s3:::vault-trail-${ACCOUNT}-eu-central-1/a`, false, false],
  ['kms:GenerateDataKey', key, true, true, throughS3],
  ['kms:Decrypt', key, true, true, throughS3],
  ['kms:Decrypt', key, false, false],
  ['kms:GetPublicKey', key, true, true],
  ...['CreateGrant', 'Encrypt', 'PutKeyPolicy', 'ScheduleKeyDeletion', 'Sign'].map(
    (action): Row => [`kms:${action}`, key, false, false],
  ),
  ['signer:StartSigningJob', arn('signer', '/signing-profiles/vault_code'), true, true],
  ['signer:AddProfilePermission', arn('signer', '/signing-profiles/vault_code'), false, false],
  ['lambda:InvokeFunction', arn('lambda', 'function:vault-smoke'), true, true],
  ['lambda:InvokeFunction', arn('lambda', 'function:vault-api'), false, false],
  ['lambda:UpdateFunctionCode', arn('lambda', 'function:vault-api'), false, false],
  ['dynamodb:GetItem', arn('dynamodb', 'table/vault-records'), false, false],
  ['ec2:RevokeSecurityGroupEgress', arn('ec2', 'security-group/sg-1'), true, true],
  ['ec2:AuthorizeSecurityGroupEgress', arn('ec2', 'security-group/sg-1'), false, false],
  ['iam:GetRole', `arn:aws:iam::${ACCOUNT}:role/people/a`, true, true],
  ['apigateway:PATCH', 'arn:aws:apigateway:eu-central-1::/account', false, false],
  ['sts:AssumeRole', HOME.roles.deployment, false, false],
];

describe('who runs the deploy command', () => {
  it.each(
    ROWS.map(([action, resource, everyDay, withRoles, context = {}]) => ({
      action,
      resource,
      everyDay,
      withRoles,
      context,
    })),
  )('$action on $resource: $everyDay, $withRoles', ({ everyDay, withRoles, ...asked }) => {
    expect(decide(HOME, DEPLOYER, asked, EVERY_DAY) === 'allow').toBe(everyDay);
    expect(decide(HOME, DEPLOYER, asked, BOTH) === 'allow').toBe(withRoles);
  });

  it('has rights that end where one condition is not met', () => {
    const allowed = Object.values(deployerPolicies(HOME, { setsAccountLogRole: true })).flatMap((document) =>
      document.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap((statement) =>
        unmet(statement)
          .filter((asked) => decide(HOME, DEPLOYER, asked, BOTH) === 'allow')
          .map(({ action, what }) => `${statement.Sid}: ${action}, ${what}`),
      ),
    );
    expect(allowed).toEqual([]);
  });

  it('may do all that it is given: no Deny takes back what an Allow gives', () => {
    const refused = BOTH.identity.flatMap((document) =>
      document.Statement.filter(({ Effect }) => Effect === 'Allow')
        .flatMap(requestsOf)
        .filter((asked) => decide(HOME, DEPLOYER, asked, BOTH) !== 'allow'),
    );
    expect(refused).toEqual([]);
  });

  it('sets API Gateway’s log role of the account only where it is to', () => {
    const patch = {
      action: 'apigateway:PATCH',
      resource: 'arn:aws:apigateway:eu-central-1::/account',
      context: {},
    };
    const sets = { identity: [deployerPolicies(HOME, { setsAccountLogRole: true }).deploy] };
    expect(decide(HOME, DEPLOYER, patch, sets)).toBe('allow');
    const pass = {
      action: 'iam:PassRole',
      resource: roleArn(HOME, 'access-logs'),
      context: { 'iam:PassedToService': 'apigateway.amazonaws.com' },
    };
    expect(decide(HOME, DEPLOYER, pass, sets)).toBe('allow');
    expect(decide(HOME, DEPLOYER, pass, EVERY_DAY)).toBe('identity');
  });
});

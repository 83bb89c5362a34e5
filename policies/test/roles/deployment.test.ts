// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ContextValues, validatePolicy } from '../../../emulators/iam/src/index.ts';
import {
  boundaries,
  boundaryArn,
  deployerPolicies,
  deploymentBoundary,
  deploymentPolicies,
  type PolicyDocument,
  roleArn,
} from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { ACCOUNT, decide, deploymentRole, HOME, LONG, type Request, requestsOf, unmet } from './samples.ts';

const { deployment } = HOME.roles;
const ROLE = deploymentRole(HOME);
const allows = (document: PolicyDocument) => document.Statement.filter(({ Effect }) => Effect === 'Allow');
const GRANTS = Object.values(deploymentPolicies(HOME)).flatMap(allows);
const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const iam = (rest: string): string => arn('iam', rest, '');
const api = arn('lambda', 'function:vault-api');
const records = arn('dynamodb', 'table/vault-records');
const key = arn('kms', 'key/11111111-1111-4111-8111-111111111111');
const workload = roleArn(HOME, 'api');
const bounded = (kind: 'api' | 'deployment'): ContextValues => ({
  'iam:PermissionsBoundary': boundaryArn(HOME, kind),
});
const template = { 'ec2:LaunchTemplate': arn('ec2', 'launch-template/lt-1') };
const signedBy = { 'lambda:CodeSigningConfigArn': arn('lambda', 'code-signing-config:csc-1') };

type Never = readonly [
  action: string,
  resource: string,
  decidedBy: string,
  why: string,
  context?: ContextValues,
];

/** What the deployment role never does, though an identity policy allowed it everything; and which statement says so. */
const NEVER: readonly Never[] = [
  ...[
    'AddUserToGroup',
    'AttachRolePolicy',
    'CreateAccessKey',
    'CreatePolicy',
    'CreatePolicyVersion',
    'CreateRole',
    'CreateUser',
    'DeletePolicy',
    'DeleteRole',
    'DeleteRolePermissionsBoundary',
    'DetachRolePolicy',
    'PutRolePermissionsBoundary',
    'PutUserPolicy',
    'SetDefaultPolicyVersion',
    'TagRole',
    'UpdateAssumeRolePolicy',
  ].map(
    (action): Never => [`iam:${action}`, workload, 'boundary', 'makes and changes no role', bounded('api')],
  ),
  ['iam:PutRolePolicy', deployment, 'DenyControllers', 'cannot raise itself', bounded('deployment')],
  ['iam:DeleteRolePolicy', deployment, 'DenyControllers', 'nor loosen itself', bounded('deployment')],
  ['iam:PutRolePolicy', HOME.roles.breakGlass, 'DenyControllers', 'nor the emergency', bounded('api')],
  ['iam:PutRolePolicy', workload, 'boundary', 'a role that lost its boundary'],
  [
    'iam:PutRolePolicy',
    workload,
    'boundary',
    'a boundary of somebody else’s',
    { 'iam:PermissionsBoundary': iam('policy/wide') },
  ],
  ['iam:PutRolePolicy', iam('role/payroll'), 'boundary', 'a role of others', bounded('api')],
  [
    'iam:PassRole',
    deployment,
    'DenyControllers',
    'to a function',
    { 'iam:PassedToService': 'lambda.amazonaws.com' },
  ],
  ['iam:PassRole', HOME.roles.breakGlass, 'DenyControllers', 'to anything'],
  [
    'iam:PassRole',
    iam('role/admin'),
    'boundary',
    'no role of others',
    { 'iam:PassedToService': 'lambda.amazonaws.com' },
  ],
  ['sts:AssumeRole', HOME.roles.breakGlass, 'boundary', 'takes no other role'],
  ...[
    'Decrypt',
    'Encrypt',
    'GenerateDataKey',
    'ReEncryptFrom',
    'Sign',
    'ImportKeyMaterial',
    'UpdatePrimaryRegion',
  ].map((action): Never => [`kms:${action}`, key, 'boundary', 'uses no key']),
  [
    'kms:Decrypt',
    key,
    'boundary',
    'for another service',
    { 'kms:ViaService': 'ec2.eu-central-1.amazonaws.com' },
  ],
  ['kms:CreateGrant', key, 'boundary', 'gives no key away', { 'kms:GrantIsForAWSResource': 'true' }],
  [
    'kms:CreateGrant',
    key,
    'boundary',
    'not even through DynamoDB, but to it',
    { 'kms:ViaService': 'dynamodb.eu-central-1.amazonaws.com', 'kms:GrantIsForAWSResource': 'false' },
  ],
  ['kms:PutKeyPolicy', key.replace(ACCOUNT, '444455556666'), 'boundary', 'no key of others'],
  ['kms:PutKeyPolicy', key, 'DenyLockoutBypass', '', { 'kms:BypassPolicyLockoutSafetyCheck': 'true' }],
  ['kms:CreateKey', '*', 'DenyLockoutBypass', '', { 'kms:BypassPolicyLockoutSafetyCheck': 'true' }],
  ['kms:UpdateAlias', arn('kms', 'alias/payroll'), 'boundary', 'no alias of others'],
  ...[
    'BatchGetItem',
    'GetItem',
    'PutItem',
    'Query',
    'Scan',
    'PartiQLSelect',
    'ExportTableToPointInTime',
    'GetRecords',
  ].map((action): Never => [`dynamodb:${action}`, records, 'boundary', 'reads and writes no item']),
  ['dynamodb:DeleteTable', arn('dynamodb', 'table/payroll'), 'boundary', 'no table of others'],
  ['dynamodb:PutResourcePolicy', arn('dynamodb', 'table/payroll'), 'boundary', ''],
  [
    's3:PutObject',
    'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/a',
    'boundary',
    'swaps no artifact',
  ],
  ['s3:DeleteObjectVersion', 'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/a', 'boundary', ''],
  ['s3:GetObject', 'arn:aws:s3:::vault-trail-111122223333-eu-central-1/a', 'boundary', 'reads no evidence'],
  ['s3:PutBucketPolicy', 'arn:aws:s3:::payroll', 'boundary', 'no bucket of others'],
  [
    'logs:PutLogEvents',
    arn('logs', 'log-group:/vault/audit-heads:log-stream:1'),
    'boundary',
    'forges no log',
  ],
  ['logs:GetLogEvents', arn('logs', 'log-group:/vault/audit-heads:log-stream:1'), 'boundary', 'reads none'],
  ['logs:DeleteLogStream', arn('logs', 'log-group:/vault/audit-heads:log-stream:1'), 'boundary', ''],
  ['logs:PutSubscriptionFilter', arn('logs', 'log-group:/vault/audit-heads'), 'boundary', 'sends none away'],
  ['logs:DeleteLogGroup', arn('logs', 'log-group:/payroll'), 'boundary', ''],
  ['lambda:CreateFunctionUrlConfig', api, 'DenyFunctionUrls', 'no way past the API'],
  ['lambda:UpdateFunctionUrlConfig', api, 'DenyFunctionUrls', ''],
  ['lambda:CreateFunction', api, 'DenyUnsigned', 'no function without code signing'],
  ['lambda:CreateFunction', arn('lambda', 'function:payroll'), 'boundary', 'of others', signedBy],
  ['lambda:UpdateFunctionCode', arn('lambda', 'function:payroll'), 'boundary', ''],
  ['lambda:InvokeFunction', api, 'boundary', 'calls none'],
  ['lambda:UpdateCodeSigningConfig', '*', 'DenyUnsigning', 'a configuration is not loosened'],
  ['lambda:PutFunctionCodeSigningConfig', api, 'DenyUnsigning', 'nor exchanged'],
  ['lambda:DeleteFunctionCodeSigningConfig', api, 'DenyUnsigning', 'nor taken off'],
  ['signer:AddProfilePermission', '*', 'DenyUnsigning', 'nobody else signs'],
  ['signer:StartSigningJob', '*', 'boundary', 'nor does it'],
  ['ec2:RunInstances', arn('ec2', 'instance/*'), 'DenyLooseInstances', 'no machine of its own'],
  ...[
    'AcceptVpcPeeringConnection',
    'AllocateAddress',
    'AttachInternetGateway',
    'CreateInternetGateway',
    'CreateNatGateway',
    'CreateRoute',
    'CreateVpcPeeringConnection',
    'CreateVpcEndpointServiceConfiguration',
    'GetPasswordData',
    'ModifyInstanceAttribute',
    'ModifyVpcEndpointServicePermissions',
    'StartInstances',
  ].map((action): Never => [`ec2:${action}`, '*', 'boundary', 'no way out of the network']),
  ['ec2:DescribeInstanceAttribute', '*', 'boundary', 'shows user data of any machine'],
  ['ec2:CreateVpc', arn('ec2', 'vpc/vpc-1', 'us-east-1'), 'DenyOtherRegions', ''],
  ['dynamodb:CreateTable', arn('dynamodb', 'table/vault-records', 'us-east-1'), 'DenyOtherRegions', ''],
  [
    'dynamodb:CreateTable',
    records,
    'DenyPerimeterTags',
    'exempts nothing from a perimeter',
    { 'aws:TagKeys': ['a', 'dp:exclude:network'] },
  ],
  ['cloudtrail:StopLogging', arn('cloudtrail', 'trail/vault-trail'), 'boundary', 'blinds nobody'],
  ['sns:Publish', arn('sns', 'vault-alarms'), 'boundary', 'cries no wolf'],
  ['events:PutEvents', arn('events', 'event-bus/default'), 'boundary', ''],
  ['events:PutPermission', arn('events', 'event-bus/default'), 'boundary', 'opens no bus'],
  ['cloudwatch:PutMetricData', '*', 'boundary', 'writes no figure'],
  ['codepipeline:PutApprovalResult', arn('codepipeline', 'vault-release'), 'boundary', 'approves nothing'],
  ['codepipeline:StartPipelineExecution', arn('codepipeline', 'vault-release'), 'boundary', ''],
  ['codebuild:StartBuild', arn('codebuild', 'project/vault-build'), 'boundary', ''],
  ['apigateway:AddCertificateToDomain', '*', 'boundary', ''],
  ['ssm:SendCommand', '*', 'boundary', 'no shell'],
  ['ssm:GetParameter', '*', 'boundary', ''],
  ['secretsmanager:GetSecretValue', '*', 'boundary', ''],
  ['organizations:DetachPolicy', '*', 'boundary', ''],
  ['cloudformation:CreateStack', '*', 'boundary', 'CloudFormation is told by people and the pipeline'],
];

/** Requests that must go on working, which a Deny written too wide would stop. */
const STILL: readonly (readonly [action: string, resource: string, context?: ContextValues])[] = [
  ['ec2:RunInstances', arn('ec2', 'instance/*'), template],
  ['lambda:CreateFunction', api, signedBy],
  ['kms:PutKeyPolicy', key, { 'kms:BypassPolicyLockoutSafetyCheck': 'false' }],
  ['dynamodb:CreateTable', records, { 'aws:TagKeys': ['enclave-vault'] }],
  ['dynamodb:CreateTable', arn('dynamodb', 'table/vault-records', 'eu-west-1')],
  ['iam:PutRolePolicy', workload, { ...bounded('api'), 'aws:RequestedRegion': 'us-east-1' }],
  ['events:PutRule', arn('events', 'rule/vault-iam', 'us-east-1')],
  ['cloudwatch:PutMetricAlarm', arn('cloudwatch', 'alarm:vault-iam', 'us-east-1')],
  ['sns:CreateTopic', arn('sns', 'vault-iam', 'us-east-1')],
  ['route53:AssociateVPCWithHostedZone', '*', { 'aws:RequestedRegion': 'us-east-1' }],
  ['kms:CreateKey', '*', { 'aws:RequestedRegion': 'us-east-1' }],
];

const request = ([action, resource, context = {}]: (typeof STILL)[number]): Request => ({
  action,
  resource,
  context,
});

describe('the deployment role', () => {
  it.each(
    NEVER.map(([action, resource, decidedBy, why, context = {}]) => ({
      action,
      resource,
      context,
      decidedBy,
      why,
    })),
  )('does not $action on $resource ($why), whoever allows it: $decidedBy', ({ decidedBy, ...asked }) => {
    expect(decide(HOME, deployment, asked, ROLE.hostile)).toBe(decidedBy);
    expect(decide(HOME, deployment, asked, ROLE.given)).not.toBe('allow');
  });

  it('may do everything that its policies say, within its boundary', () => {
    const refused = GRANTS.flatMap((statement) =>
      requestsOf(statement)
        .map((asked) => ({ sid: statement.Sid, ...asked, by: decide(HOME, deployment, asked, ROLE.given) }))
        .filter(({ by }) => by !== 'allow'),
    );
    expect(refused).toEqual([]);
    for (const still of STILL)
      expect([still, decide(HOME, deployment, request(still), ROLE.given)]).toEqual([still, 'allow']);
  });

  it('may do nothing of it where one condition is not met', () => {
    const allowed = GRANTS.flatMap((statement) =>
      unmet(statement)
        .filter((asked) => decide(HOME, deployment, asked, ROLE.given) === 'allow')
        .map(({ action, what }) => `${statement.Sid}: ${action}, ${what}`),
    );
    expect(allowed).toEqual([]);
  });

  it('has actions by name: no wildcard, no service as a whole', () => {
    for (const { Action } of GRANTS) {
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z0-9]+$/);
    }
  });

  it('has a boundary of which every part is needed, and every Deny decides', () => {
    const boundary = deploymentBoundary(HOME);
    const granted = [...GRANTS.flatMap(requestsOf), ...STILL.map(request)];
    const never = NEVER.map(
      ([action, resource, , , context = {}]): Request => ({ action, resource, context }),
    );
    const alive = mutants(boundary).filter(({ policy }) => {
      const hostile = { ...ROLE.hostile, boundary: policy };
      return (
        granted.every((asked) => decide(HOME, deployment, asked, hostile) === 'allow') &&
        never.every((asked) => decide(HOME, deployment, asked, hostile) !== 'allow')
      );
    });
    expect(alive.map(({ what }) => what)).toEqual(SURVIVORS);
  });

  it('may have functions without signatures only where the deployment has none', () => {
    const asked = { action: 'lambda:CreateFunction', resource: api, context: {} };
    const identity = Object.values(deploymentPolicies(HOME, { signed: false }));
    const unsigned = { identity, boundary: boundaries(HOME, { signed: false }).deployment };
    expect(decide(HOME, deployment, asked, unsigned)).toBe('allow');
    expect(decide(HOME, deployment, { ...asked, action: 'lambda:UpdateCodeSigningConfig' }, unsigned)).toBe(
      'DenyUnsigning',
    );
  });
});

/** Parts of the boundary that no request above needs, with the reason beside them. */
const SURVIVORS: readonly string[] = [
  // No family has these either; said all the same, so that an Allow of a later day does not open them.
  'DenyFunctionUrls: removed',
  'DenyUnsigning: removed',
  'DenyUnsigning: without action lambda:DeleteFunctionCodeSigningConfig',
  'DenyUnsigning: without action lambda:PutFunctionCodeSigningConfig',
  'DenyUnsigning: without action lambda:UpdateCodeSigningConfig',
  'DenyUnsigning: without action signer:AddProfilePermission',
];

describe('documents', () => {
  const documents = LONG.flatMap((home) => [
    ...Object.entries(boundaries(home, { sessions: true })).map(([what, document]) => ({
      what,
      kind: 'boundary' as const,
      document,
    })),
    ...Object.entries(deploymentPolicies(home)).map(([what, document]) => ({
      what,
      kind: 'identity' as const,
      document,
    })),
    ...Object.entries(deployerPolicies(home, { setsAccountLogRole: true })).map(([what, document]) => ({
      what: `deployer ${what}`,
      kind: 'identity' as const,
      document,
    })),
  ]);

  it.each(documents)(
    '$what is valid and within the 6,144 characters of a managed policy',
    ({ kind, document }) => {
      expect(validatePolicy(document, kind)).toEqual([]);
      // IAM counts no white space, and these have none outside of strings.
      expect(JSON.stringify(document).length).toBeLessThanOrEqual(6144);
      const sids = document.Statement.map(({ Sid }) => Sid);
      expect(new Set(sids).size).toBe(sids.length);
    },
  );

  it('are fewer than the ten that a role may have', () => {
    expect(Object.keys(deploymentPolicies(HOME)).length).toBeLessThanOrEqual(10);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type PolicySet,
  validatePolicy,
} from '../../emulators/iam/src/index.ts';
import {
  apiIdentityPolicy,
  boundaryArn,
  deploymentBoundary,
  instanceIdentityPolicy,
  type PolicyDocument,
  PolicyInputError,
} from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, GIVEN, KEYS, OTHER } from './support.ts';

type Role = 'api' | 'instance' | 'deployment' | 'breakGlass' | 'admin';
/**
 * May the role, by its own policy within its boundary (`given`), and by an identity policy that allows everything
 * within the same boundary (`bounded`)?
 */
type Row = readonly [
  who: Role,
  action: string,
  resource: string,
  given: boolean,
  bounded: boolean,
  context?: ContextValues,
];

const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const iam = (rest: string): string => `arn:aws:iam::${ACCOUNT}:${rest}`;
const otherKey = arn('kms', 'key/eeeeeeee-1111-2222-3333-444444444444');
const foreignKey = KEYS.vault.replace(ACCOUNT, OTHER);
const alias = arn('kms', 'alias/vault/records');
const [legacy = ''] = KEYS.legacy ?? [];
const { channelServer = '', channelClient = '' } = KEYS;
const bounded = (role: 'api' | 'deployment'): ContextValues => ({
  'iam:PermissionsBoundary': boundaryArn(DEPLOYMENT, role),
});
const newRole = iam('role/vault/function');

const ROWS: readonly Row[] = [
  ['api', 'kms:GenerateDataKeyPairWithoutPlaintext', KEYS.vault, true, true],
  ['api', 'kms:GenerateDataKey', KEYS.request, true, true],
  ['api', 'kms:GenerateDataKey', KEYS.integrity, true, true],
  ['api', 'kms:GenerateDataKeyWithoutPlaintext', KEYS.integrity, true, true],
  ['api', 'kms:Decrypt', KEYS.integrity, true, true],
  ['api', 'kms:Decrypt', KEYS.vault, false, true],
  ['api', 'kms:Decrypt', KEYS.request, false, true],
  ['api', 'kms:GenerateDataKeyPairWithoutPlaintext', KEYS.request, false, true],
  ['api', 'kms:GenerateDataKey', KEYS.vault, false, true],
  ['api', 'kms:Decrypt', foreignKey, false, false],
  ['api', 'kms:Sign', channelClient, true, true],
  ['api', 'kms:GetPublicKey', channelClient, true, true],
  ['api', 'kms:Sign', channelServer, false, true],
  ['api', 'kms:GetPublicKey', channelServer, false, true],
  ['api', 'kms:Sign', KEYS.vault, false, true],
  ['api', 'kms:Verify', channelClient, false, false],
  ['api', 'kms:Encrypt', KEYS.vault, false, false],
  ['api', 'kms:GenerateDataKeyPair', KEYS.vault, false, false],
  ['api', 'kms:PutKeyPolicy', KEYS.vault, false, false],
  ['api', 'kms:CreateGrant', KEYS.vault, false, false],
  ...['ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map(
    (action): Row => ['api', `dynamodb:${action}`, arn('dynamodb', 'table/vault-records'), false, true],
  ),
  ['api', 'dynamodb:Scan', arn('dynamodb', 'table/vault-records'), false, false],
  ['api', 'dynamodb:DeleteTable', arn('dynamodb', 'table/vault-records'), false, false],
  ['api', 'dynamodb:GetItem', arn('dynamodb', 'table/payroll'), false, false],
  ['api', 'logs:PutLogEvents', arn('logs', 'log-group:/aws/lambda/vault-api:log-stream:1'), false, true],
  ['api', 'logs:CreateLogStream', arn('logs', 'log-group:/vault/audit:log-stream:1'), false, true],
  ['api', 'logs:DeleteLogGroup', arn('logs', 'log-group:/vault/audit'), false, false],
  ['api', 'logs:PutLogEvents', arn('logs', 'log-group:/aws/lambda/other:log-stream:1'), false, false],
  ...['PutTelemetryRecords', 'PutTraceSegments'].map(
    (action): Row => ['api', `xray:${action}`, '*', false, true],
  ),
  ...[
    'AssignPrivateIpAddresses',
    'CreateNetworkInterface',
    'DeleteNetworkInterface',
    'DescribeNetworkInterfaces',
    'DescribeSubnets',
    'UnassignPrivateIpAddresses',
  ].map((action): Row => ['api', `ec2:${action}`, '*', false, true]),
  ['api', 'ec2:RunInstances', '*', false, false],
  ['api', 'lambda:UpdateFunctionCode', arn('lambda', 'function:vault-api'), false, false],
  ['api', 'sts:AssumeRole', DEPLOYMENT.roles.deployment, false, false],

  ['instance', 'kms:Decrypt', KEYS.vault, true, true],
  ['instance', 'kms:Decrypt', KEYS.request, true, true],
  ['instance', 'kms:Decrypt', legacy, true, true],
  ['instance', 'kms:Sign', channelServer, true, true],
  ['instance', 'kms:GetPublicKey', channelServer, true, true],
  ['instance', 'kms:Sign', channelClient, false, true],
  ['instance', 'kms:Decrypt', channelServer, false, true],
  ['instance', 'kms:Verify', channelServer, false, false],
  ['instance', 'kms:Decrypt', KEYS.integrity, false, true],
  ['instance', 'kms:Decrypt', foreignKey, false, false],
  ['instance', 'kms:GenerateDataKey', KEYS.request, false, false],
  ['instance', 'kms:GenerateDataKeyPairWithoutPlaintext', KEYS.vault, false, false],
  [
    'instance',
    's3:GetObject',
    'arn:aws:s3:::vault-artifacts-1/enclave.eif',
    false,
    true,
    { 'aws:ResourceAccount': ACCOUNT },
  ],
  ['instance', 's3:GetObjectVersion', 'arn:aws:s3:::vault-artifacts-1/enclave.eif', false, true],
  [
    'instance',
    's3:GetObject',
    'arn:aws:s3:::vault-artifacts-1/enclave.eif',
    false,
    false,
    { 'aws:ResourceAccount': OTHER },
  ],
  ['instance', 's3:PutObject', 'arn:aws:s3:::vault-artifacts-1/enclave.eif', false, false],
  ['instance', 's3:GetObject', 'arn:aws:s3:::payroll/a', false, false],
  ['instance', 'logs:CreateLogStream', arn('logs', 'log-group:/vault/parent:log-stream:1'), false, true],
  ['instance', 'logs:PutLogEvents', arn('logs', 'log-group:/vault/parent:log-stream:1'), false, true],
  ['instance', 'cloudwatch:PutMetricData', '*', false, true, { 'cloudwatch:namespace': 'vault' }],
  ['instance', 'cloudwatch:PutMetricData', '*', false, false, { 'cloudwatch:namespace': 'AWS/KMS' }],
  [
    'instance',
    'cloudformation:SignalResource',
    arn('cloudformation', 'stack/vault-decryption/1'),
    false,
    true,
  ],
  ['instance', 'cloudformation:SignalResource', arn('cloudformation', 'stack/payroll/1'), false, false],
  ['instance', 'cloudformation:UpdateStack', arn('cloudformation', 'stack/vault-decryption/1'), false, false],
  ['instance', 'dynamodb:GetItem', arn('dynamodb', 'table/vault-records'), false, false],
  ['instance', 'ec2:RunInstances', '*', false, false],

  ...['CreateKey', 'ListAliases', 'ListKeys'].map(
    (action): Row => ['deployment', `kms:${action}`, '*', true, true],
  ),
  [
    'deployment',
    'kms:CreateKey',
    '*',
    true,
    true,
    { 'kms:KeyOrigin': 'AWS_KMS', 'kms:BypassPolicyLockoutSafetyCheck': 'false' },
  ],
  ['deployment', 'kms:CreateKey', '*', false, true, { 'kms:KeyOrigin': 'EXTERNAL' }],
  ['deployment', 'kms:CreateKey', '*', false, true, { 'kms:KeyOrigin': 'EXTERNAL_KEY_STORE' }],
  ['deployment', 'kms:CreateKey', '*', false, true, { 'kms:KeyOrigin': 'AWS_CLOUDHSM' }],
  ['deployment', 'kms:CreateKey', '*', false, true, { 'kms:BypassPolicyLockoutSafetyCheck': 'true' }],
  [
    'deployment',
    'kms:PutKeyPolicy',
    KEYS.vault,
    false,
    true,
    { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
  ],
  ['deployment', 'kms:Decrypt', KEYS.vault, false, false],
  ['deployment', 'kms:GenerateDataKey', KEYS.request, false, false],
  ['deployment', 'kms:Sign', channelServer, false, false],
  ['deployment', 'kms:ImportKeyMaterial', otherKey, false, false],
  ['deployment', 'kms:CreateGrant', KEYS.vault, false, false],
  ['deployment', 'kms:ReplicateKey', KEYS.vault, true, true],
  ['deployment', 'kms:PutKeyPolicy', foreignKey, false, false],
  ['deployment', 'kms:CreateAlias', alias, true, true],
  ['deployment', 'kms:CreateAlias', arn('kms', 'alias/payroll'), false, false],
  ...[
    'AttachRolePolicy',
    'CreateRole',
    'DeleteRolePolicy',
    'DetachRolePolicy',
    'PutRolePermissionsBoundary',
    'PutRolePolicy',
  ].flatMap((action): Row[] => [
    ['deployment', `iam:${action}`, newRole, false, true, bounded('api')],
    ['deployment', `iam:${action}`, newRole, false, false],
    [
      'deployment',
      `iam:${action}`,
      newRole,
      false,
      false,
      { 'iam:PermissionsBoundary': iam('policy/vault/wide') },
    ],
    ['deployment', `iam:${action}`, iam('role/other'), false, false, bounded('api')],
    ['deployment', `iam:${action}`, DEPLOYMENT.roles.deployment, false, false, bounded('deployment')],
    ['deployment', `iam:${action}`, DEPLOYMENT.roles.breakGlass, false, false, bounded('api')],
  ]),
  [
    'deployment',
    'iam:CreateRole',
    newRole,
    false,
    true,
    { 'iam:PermissionsBoundary': boundaryArn(DEPLOYMENT, 'instance') },
  ],
  [
    'deployment',
    'iam:CreateRole',
    newRole,
    false,
    true,
    { 'iam:PermissionsBoundary': boundaryArn(DEPLOYMENT, 'admin') },
  ],
  ['deployment', 'iam:CreateRole', newRole, false, true, bounded('deployment')],
  ...['DeleteRole', 'TagRole', 'UntagRole', 'UpdateAssumeRolePolicy'].flatMap((action): Row[] => [
    ['deployment', `iam:${action}`, newRole, false, true],
    ['deployment', `iam:${action}`, DEPLOYMENT.roles.deployment, false, false],
  ]),
  ...['GetRole', 'GetRolePolicy', 'ListAttachedRolePolicies', 'ListRolePolicies'].map(
    (action): Row => ['deployment', `iam:${action}`, DEPLOYMENT.roles.deployment, false, true],
  ),
  ...[
    'AddRoleToInstanceProfile',
    'CreateInstanceProfile',
    'DeleteInstanceProfile',
    'GetInstanceProfile',
    'RemoveRoleFromInstanceProfile',
  ].map((action): Row => ['deployment', `iam:${action}`, iam('instance-profile/vault/parent'), false, true]),
  ...['CreatePolicy', 'GetPolicy', 'GetPolicyVersion', 'ListPolicyVersions'].map(
    (action): Row => ['deployment', `iam:${action}`, boundaryArn(DEPLOYMENT, 'api'), false, true],
  ),
  ...['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'].flatMap(
    (action): Row[] => [
      ['deployment', `iam:${action}`, iam('policy/vault/reading'), false, true],
      ...(['api', 'instance', 'deployment', 'admin'] as const).map(
        (role): Row => ['deployment', `iam:${action}`, boundaryArn(DEPLOYMENT, role), false, false],
      ),
    ],
  ),
  ['deployment', 'iam:PassRole', newRole, false, true, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['deployment', 'iam:PassRole', newRole, false, true, { 'iam:PassedToService': 'ec2.amazonaws.com' }],
  ['deployment', 'iam:PassRole', newRole, false, false, { 'iam:PassedToService': 'glue.amazonaws.com' }],
  ['deployment', 'iam:PassRole', newRole, false, false],
  [
    'deployment',
    'iam:PassRole',
    DEPLOYMENT.roles.deployment,
    false,
    false,
    { 'iam:PassedToService': 'ec2.amazonaws.com' },
  ],
  ['deployment', 'iam:DeleteRolePermissionsBoundary', newRole, false, false, bounded('api')],
  ['deployment', 'iam:CreateUser', iam('user/vault/a'), false, false],
  ['deployment', 'dynamodb:CreateTable', arn('dynamodb', 'table/vault-records'), false, true],
  [
    'deployment',
    'dynamodb:CreateTable',
    arn('dynamodb', 'table/vault-records'),
    false,
    false,
    { 'aws:TagKeys': ['a', 'dp:exclude:network'] },
  ],
  ['deployment', 'dynamodb:GetItem', arn('dynamodb', 'table/vault-records'), false, false],
  ['deployment', 'lambda:CreateFunction', arn('lambda', 'function:vault-api'), false, true],
  ['deployment', 'lambda:DeleteFunction', arn('lambda', 'function:vault-api'), false, true],
  ['deployment', 'lambda:PutFunctionConcurrency', arn('lambda', 'function:vault-api'), false, true],
  ['deployment', 'lambda:UpdateFunctionCode', arn('lambda', 'function:vault-api'), false, true],
  ...[
    'lambda:CreateFunctionUrlConfig',
    'lambda:UpdateFunctionUrlConfig',
    'lambda:DeleteCodeSigningConfig',
    'lambda:DeleteFunctionCodeSigningConfig',
    'lambda:PutFunctionCodeSigningConfig',
    'lambda:UpdateCodeSigningConfig',
    'signer:AddProfilePermission',
    'signer:CancelSigningProfile',
  ].map((action): Row => ['deployment', action, '*', false, false]),
  ['deployment', 'signer:CancelJob', '*', false, true],
  ['deployment', 'signer:AddPermission', '*', false, true],

  ['breakGlass', 'kms:UpdatePrimaryRegion', KEYS.vault, true, true],
  ...['ListAliases', 'ListKeys'].map((action): Row => ['breakGlass', `kms:${action}`, '*', true, true]),
  ['breakGlass', 'kms:UpdateAlias', alias, true, true],
  ['breakGlass', 'kms:Decrypt', KEYS.vault, false, true],

  ['admin', 'kms:UpdateAlias', alias, true, true],
  ...['ListAliases', 'ListKeys'].map((action): Row => ['admin', `kms:${action}`, '*', true, true]),
  ['admin', 'kms:PutKeyPolicy', KEYS.vault, false, false],
  ['admin', 'kms:ScheduleKeyDeletion', KEYS.vault, false, false],
  ['admin', 'kms:Decrypt', KEYS.vault, false, false],
  ['admin', 'kms:CreateGrant', KEYS.vault, false, false],
  ['admin', 'kms:Sign', channelClient, false, false],
  ...[
    'cloudtrail:LookupEvents',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:GetMetricData',
    'cloudwatch:ListMetrics',
    'logs:DescribeLogGroups',
    'logs:FilterLogEvents',
    'logs:GetLogEvents',
  ].map((action): Row => ['admin', action, '*', false, true]),
  ['admin', 'cloudwatch:DeleteAlarms', '*', false, false],
  ['admin', 'sts:AssumeRole', DEPLOYMENT.roles.breakGlass, false, false],
  ['admin', 'iam:PassRole', DEPLOYMENT.roles.instance, false, false],

  ...(['deployment', 'breakGlass'] as const).flatMap((who) =>
    ['DisableKey', 'DisableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'].map(
      (action): Row => [who, `kms:${action}`, KEYS.vault, true, true],
    ),
  ),
  ...(['deployment', 'breakGlass', 'admin'] as const).flatMap((who) =>
    [
      'CancelKeyDeletion',
      'CreateAlias',
      'DeleteAlias',
      'DescribeKey',
      'EnableKey',
      'EnableKeyRotation',
      'GetKeyPolicy',
      'GetKeyRotationStatus',
      'GetPublicKey',
      'ListGrants',
      'ListKeyPolicies',
      'ListKeyRotations',
      'ListResourceTags',
      'RevokeGrant',
      'RotateKeyOnDemand',
      'TagResource',
      'UntagResource',
      'UpdateAlias',
      'UpdateKeyDescription',
    ].map((action): Row => [who, `kms:${action}`, KEYS.vault, true, true]),
  ),
];

/** A deployment role that makes tables and functions as well, with wider actions than it should be given. */
const BOUNDARIES = {
  ...Object.fromEntries(Object.entries(GIVEN).map(([who, { boundary }]) => [who, boundary])),
  deployment: deploymentBoundary(DEPLOYMENT, [
    'dynamodb:CreateTable',
    ...['Create*', 'Delete*', 'Put*', 'Update*'].map((verb) => `lambda:${verb}`),
    ...['Add*', 'Cancel*'].map((verb) => `signer:${verb}`),
  ]),
} as Readonly<Record<Role, PolicyDocument | undefined>>;
const IDENTITIES = Object.fromEntries(
  Object.entries(GIVEN).map(([who, { identity }]) => [who, identity?.[0]]),
) as Readonly<Record<Role, PolicyDocument>>;

/** The key policy is out of the picture: it would delegate everything. */
function may([who, action, resource, , , context = {}]: Row, policies: PolicySet): boolean {
  const resourceAccount = resource.split(':')[4] || ACCOUNT;
  // A trust policy has no Resource.
  const on = action.startsWith('sts:') ? {} : { Resource: '*' };
  const delegated = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow' as const, Principal: { AWS: ACCOUNT }, Action: '*', ...on }],
  };
  return evaluateRequest(
    { principal: CALLERS[who], action, resource, resourceAccount, context },
    { ...policies, resource: delegated },
  ).allowed;
}
const given = (row: Row, identity = IDENTITIES[row[0]], boundary = BOUNDARIES[row[0]]): boolean =>
  may(row, { identity: [identity], boundary });
const limited = (row: Row, boundary = BOUNDARIES[row[0]]): boolean =>
  may(row, { identity: [ALLOW_ALL], boundary });

describe('identity policies and boundaries', () => {
  it.each(ROWS.map((row) => ({ row, what: JSON.stringify([row[0], row[1], row[2], row[5] ?? {}]) })))(
    '$what',
    ({ row }) => {
      expect([given(row), limited(row)]).toEqual([row[3], row[4]]);
    },
  );

  it.each(['api', 'instance', 'deployment', 'breakGlass', 'admin'] as const)(
    'of %s are valid, and each part is needed',
    (who) => {
      const rows = ROWS.filter(([whose]) => whose === who);
      const identity = IDENTITIES[who];
      const boundary = BOUNDARIES[who];
      expect(validatePolicy(identity, 'identity')).toEqual([]);
      if (boundary !== undefined) expect(validatePolicy(boundary, 'boundary')).toEqual([]);
      const alive = [
        ...mutants(identity)
          .filter(({ policy }) => policy.Statement.length > 0)
          .filter(({ policy }) => rows.every((row) => given(row, policy) === row[3])),
        ...(boundary === undefined ? [] : mutants(boundary)).filter(({ policy }) =>
          rows.every((row) => limited(row, policy) === row[4]),
        ),
      ];
      expect(alive.map(({ what }) => what)).toEqual(SURVIVORS[who]);
    },
  );

  it('can be written before the keys exist, for any key of the account and Region', () => {
    const early = { api: apiIdentityPolicy(DEPLOYMENT), instance: instanceIdentityPolicy(DEPLOYMENT) };
    expect(given(['api', 'kms:GenerateDataKey', KEYS.request, true, true], early.api)).toBe(true);
    expect(given(['instance', 'kms:Decrypt', KEYS.vault, true, true], early.instance)).toBe(true);
    expect(given(['instance', 'kms:Decrypt', foreignKey, true, true], early.instance)).toBe(false);
    expect(given(['instance', 'kms:Sign', channelServer, true, true], early.instance)).toBe(true);
  });

  it('speak of no channel where there is none', () => {
    const { channelServer: _, channelClient: __, ...keys } = KEYS;
    const without = [apiIdentityPolicy(DEPLOYMENT, keys), instanceIdentityPolicy(DEPLOYMENT, keys)];
    expect(JSON.stringify(without)).not.toContain('kms:Sign');
  });

  it('takes no further action of a deployment role that names a whole service, or IAM, KMS and STS', () => {
    for (const action of [
      'lambda:*',
      '*',
      'iam:CreateUser',
      'kms:Decrypt',
      'sts:AssumeRole',
      's3',
      's3:get*',
      's3:Get?',
    ]) {
      const error = catchError(() => deploymentBoundary(DEPLOYMENT, [action]));
      expect(error).toBeInstanceOf(PolicyInputError);
      expect(error).toMatchObject({ code: 'invalid_deployment' });
    }
    expect(() => deploymentBoundary(DEPLOYMENT, ['lambda:CreateFunction', 'ec2:Describe*'])).not.toThrow();
  });
});

/** Parts that no request above needs, with the reason beside them. */
const SURVIVORS: Readonly<Record<Role, readonly string[]>> = {
  api: [],
  instance: [],
  breakGlass: [],
  admin: [],
  // Nothing allows these either; said all the same, so that an Allow of a later day does not open them.
  deployment: [
    'DenyBoundaryRemoval: removed',
    'DenyBoundaryRemoval: without action iam:DeleteRolePermissionsBoundary',
    'DenyBoundaryRemoval: without action iam:DeleteUserPermissionsBoundary',
  ],
};

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

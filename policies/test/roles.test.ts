// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type PolicySet,
  validatePolicy,
} from '../../emulators/iam/src/index.ts';
import { apiIdentityPolicy, instanceIdentityPolicy, type PolicyDocument } from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, GIVEN, KEYS, OTHER } from './support.ts';

type Role = 'api' | 'instance' | 'breakGlass' | 'admin';
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
const foreignKey = KEYS.vault.replace(ACCOUNT, OTHER);
const alias = arn('kms', 'alias/vault/records');
const [legacy = ''] = KEYS.legacy ?? [];
const { channelServer = '', channelClient = '' } = KEYS;

const THROUGH_DYNAMODB = { 'kms:ViaService': 'dynamodb.eu-central-1.amazonaws.com' };
const THROUGH_S3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };
const FOR_SERVICE = { 'kms:GrantIsForAWSResource': 'true' };

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
  ...['ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'Scan'].map(
    (action): Row => ['api', `dynamodb:${action}`, arn('dynamodb', 'table/vault-records'), false, true],
  ),
  ['api', 'dynamodb:UpdateItem', arn('dynamodb', 'table/vault-records'), false, false],
  ['api', 'dynamodb:DeleteItem', arn('dynamodb', 'table/vault-records'), false, false],
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
    'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/enclave.eif',
    false,
    true,
    { 'aws:ResourceAccount': ACCOUNT },
  ],
  [
    'instance',
    's3:GetObjectVersion',
    'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/enclave.eif',
    false,
    true,
  ],
  [
    'instance',
    's3:GetObject',
    'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/enclave.eif',
    false,
    false,
    { 'aws:ResourceAccount': OTHER },
  ],
  [
    'instance',
    's3:PutObject',
    'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/enclave.eif',
    false,
    false,
  ],
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

  ['breakGlass', 'kms:UpdatePrimaryRegion', KEYS.vault, true, true],
  ['breakGlass', 'kms:UpdateAlias', alias, true, true],
  ['breakGlass', 'kms:UpdatePrimaryRegion', foreignKey, false, false],
  ['breakGlass', 'kms:Decrypt', KEYS.vault, false, false],
  ['breakGlass', 'kms:CreateGrant', KEYS.vault, false, false],
  ['breakGlass', 'iam:PutRolePolicy', DEPLOYMENT.roles.breakGlass, false, false],
  ...[
    'DeleteResourcePolicy',
    'DescribeContinuousBackups',
    'DescribeTable',
    'GetResourcePolicy',
    'PutResourcePolicy',
    'RestoreTableToPointInTime',
    'UpdateContinuousBackups',
    'UpdateTable',
  ].flatMap((action): Row[] => [
    ['breakGlass', `dynamodb:${action}`, arn('dynamodb', 'table/vault-records'), true, true],
    ['breakGlass', `dynamodb:${action}`, arn('dynamodb', 'table/vault-records', 'eu-west-1'), true, true],
    ['breakGlass', `dynamodb:${action}`, arn('dynamodb', 'table/payroll'), false, false],
  ]),
  ['breakGlass', 'dynamodb:GetItem', arn('dynamodb', 'table/vault-records'), false, false],
  // A restore: DynamoDB fills the new table in the role's name, and the role itself does not.
  ...['BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'Scan', 'UpdateItem'].flatMap(
    (action): Row[] => {
      const restored = arn('dynamodb', 'table/vault-records-restored');
      const forwarded = { 'aws:ViaAWSService': 'true' };
      return [
        ['breakGlass', `dynamodb:${action}`, restored, true, true, forwarded],
        ['breakGlass', `dynamodb:${action}`, restored, false, false],
        ['breakGlass', `dynamodb:${action}`, arn('dynamodb', 'table/payroll'), false, false, forwarded],
      ];
    },
  ),
  ...[
    'Decrypt',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
  ].flatMap((action): Row[] => [
    ['breakGlass', `kms:${action}`, KEYS.vault, true, true, THROUGH_DYNAMODB],
    ['breakGlass', `kms:${action}`, KEYS.vault, false, false, THROUGH_S3],
    ['breakGlass', `kms:${action}`, foreignKey, false, false, THROUGH_DYNAMODB],
  ]),
  ['breakGlass', 'kms:CreateGrant', KEYS.vault, true, true, { ...THROUGH_DYNAMODB, ...FOR_SERVICE }],
  ['breakGlass', 'kms:CreateGrant', KEYS.vault, false, false, THROUGH_DYNAMODB],
  ['breakGlass', 'kms:CreateGrant', KEYS.vault, false, false, { ...THROUGH_S3, ...FOR_SERVICE }],
  ['breakGlass', 'dynamodb:DeleteTable', arn('dynamodb', 'table/vault-records'), false, false],

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
  ].flatMap((action): Row[] => [
    ['admin', action, '*', false, true],
    ['breakGlass', action, '*', true, true],
  ]),
  ...['ListAliases', 'ListKeys'].map((action): Row => ['breakGlass', `kms:${action}`, '*', true, true]),
  ['admin', 'cloudwatch:DeleteAlarms', '*', false, false],
  ['admin', 'sts:AssumeRole', DEPLOYMENT.roles.breakGlass, false, false],
  ['admin', 'iam:PassRole', DEPLOYMENT.roles.instance, false, false],

  ...['DisableKey', 'DisableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'].map(
    (action): Row => ['breakGlass', `kms:${action}`, KEYS.vault, true, true],
  ),
  ...(['breakGlass', 'admin'] as const).flatMap((who) =>
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

const BOUNDARIES = Object.fromEntries(
  Object.entries(GIVEN).map(([who, { boundary }]) => [who, boundary]),
) as Readonly<Record<Role, PolicyDocument | undefined>>;
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

  it.each(['api', 'instance', 'breakGlass', 'admin'] as const)(
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
});

/** Parts that no request above needs, with the reason beside them. */
const SURVIVORS: Readonly<Record<Role, readonly string[]>> = {
  api: [],
  instance: [],
  // The identity policy's conditions: its boundary has the same ones.
  breakGlass: [
    'RestoredItems: without Bool aws:ViaAWSService',
    'RestoredTableKey: without StringLike kms:ViaService',
    'RestoredTableKeyGrants: without Bool kms:GrantIsForAWSResource',
    'RestoredTableKeyGrants: without StringLike kms:ViaService',
  ],
  admin: [],
};

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ContextValues } from '../../../emulators/iam/src/index.ts';
import {
  BOUNDARIES,
  type BoundaryKind,
  boundaries,
  boundaryArn,
  ROLE_IDS,
  ROLES,
  type RoleSpec,
  roleArn,
} from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { ACCOUNT, ALLOW_ALL, decide, HOME, type Request } from './samples.ts';

/** That of `deploy` has a file of its own: it is a deployer's. */
type Workload = Exclude<BoundaryKind, 'deployment' | 'break-glass' | 'admin' | 'deploy'>;
type Row = readonly [action: string, resource: string, context?: ContextValues];

const LIMITS = boundaries(HOME, { sessions: true });
const arn = (service: string, rest: string, region = 'eu-central-1', account = ACCOUNT): string =>
  `arn:aws:${service}:${region}:${account}:${rest}`;
const key = arn('kms', 'key/11111111-1111-4111-8111-111111111111');
const records = arn('dynamodb', 'table/vault-records');
const artifact = 'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/signed/api.zip';
const bucket = 'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1';
const passed = 'arn:aws:s3:::vault-pipeline-111122223333-eu-central-1';
const group = (name: string): string => arn('logs', `log-group:${name}:log-stream:1`);
const throughS3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };

const ENI = [
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
].map((action): Row => [`ec2:${action}`, '*']);
const TRACES = ['PutTelemetryRecords', 'PutTraceSegments'].map((action): Row => [`xray:${action}`, '*']);
const writes = (...names: readonly string[]): Row[] =>
  names.flatMap((name): Row[] => [
    ['logs:CreateLogStream', group(name)],
    ['logs:PutLogEvents', group(name)],
  ]);
const FUNCTION_LOGS = writes('/aws/lambda/vault-api', '/vault/api');

/** What a role of each kind may be given, and nothing beside it. */
const MAY: Readonly<Record<Workload, readonly Row[]>> = {
  api: [
    ...[
      'Decrypt',
      'GenerateDataKey',
      'GenerateDataKeyPairWithoutPlaintext',
      'GenerateDataKeyWithoutPlaintext',
      'GetPublicKey',
      'Sign',
    ].map((action): Row => [`kms:${action}`, key]),
    ...['ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'Scan'].map(
      (action): Row => [`dynamodb:${action}`, records],
    ),
    ...FUNCTION_LOGS,
    ...TRACES,
    ...ENI,
  ],
  authorizer: [...FUNCTION_LOGS, ...TRACES],
  smoke: [
    ['execute-api:Invoke', arn('execute-api', 'abcdefghij/v/POST/v1/vaults')],
    ...FUNCTION_LOGS,
    ...TRACES,
    ...ENI,
  ],
  canary: [
    ...['Decrypt', 'DescribeKey', 'GenerateDataKey', 'GenerateDataKeyPairWithoutPlaintext'].map(
      (action): Row => [`kms:${action}`, key],
    ),
    ['kms:GetKeyPolicy', key],
    ['kms:ListGrants', key],
    ['dynamodb:GetResourcePolicy', records],
    ...FUNCTION_LOGS,
    ...ENI,
  ],
  instance: [
    ...['Decrypt', 'GetPublicKey', 'Sign'].map((action): Row => [`kms:${action}`, key]),
    ['s3:GetObject', artifact],
    ['s3:GetObjectVersion', artifact],
    ...writes('/vault/parent'),
    ['cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'vault' }],
    ['cloudformation:SignalResource', arn('cloudformation', 'stack/vault-decryption/1')],
    ['ssm:UpdateInstanceInformation', '*'],
    ...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
      (action): Row => [`ssmmessages:${action}`, '*'],
    ),
  ],
  build: [
    ['s3:GetBucketAcl', passed],
    ['s3:GetBucketLocation', passed],
    ...['GetObject', 'GetObjectVersion', 'PutObject'].map((action): Row => [`s3:${action}`, `${passed}/a/b`]),
    ...['Decrypt', 'GenerateDataKey'].map((action): Row => [`kms:${action}`, key, throughS3]),
    ...['DescribeKey', 'GetPublicKey', 'Sign'].map((action): Row => [`kms:${action}`, key]),
    ['cloudformation:DescribeStacks', arn('cloudformation', 'stack/vault-keys/1')],
    ['cloudformation:GetTemplate', arn('cloudformation', 'stack/vault-keys-replica/1', 'eu-west-1')],
    ...writes('/vault/build'),
  ],
  pipeline: [
    ...[bucket, passed].flatMap((one): Row[] => [
      ['s3:GetBucketLocation', one],
      ['s3:GetBucketVersioning', one],
    ]),
    ...[`${bucket}/source/a.zip`, `${passed}/a/b`].flatMap((one): Row[] => [
      ['s3:GetObject', one],
      ['s3:GetObjectVersion', one],
    ]),
    ['s3:PutObject', `${passed}/a/b`],
    ...[throughS3, { 'kms:ViaService': 'sns.eu-central-1.amazonaws.com' }].flatMap((through): Row[] => [
      ['kms:Decrypt', key, through],
      ['kms:GenerateDataKey', key, through],
    ]),
    ...['BatchGetBuilds', 'StartBuild', 'StopBuild'].map(
      (action): Row => [`codebuild:${action}`, arn('codebuild', 'project/vault-build')],
    ),
    ['codeconnections:UseConnection', arn('codeconnections', 'connection/1')],
    ['codestar-connections:UseConnection', arn('codestar-connections', 'connection/1')],
    ['sns:Publish', arn('sns', 'vault-alarms')],
  ],
  logs: [
    ...writes('/vault/flow'),
    ['logs:DescribeLogGroups', arn('logs', 'log-group:payroll')],
    ['logs:DescribeLogStreams', arn('logs', 'log-group:/vault/flow')],
  ],
  'access-logs': [
    'CreateLogGroup',
    'CreateLogStream',
    'DescribeLogGroups',
    'DescribeLogStreams',
    'FilterLogEvents',
    'GetLogEvents',
    'PutLogEvents',
  ].map((action): Row => [`logs:${action}`, arn('logs', 'log-group:any:*')]),
};

/** What no role of the vault's parts ever does: to raise itself, to open a key, to loosen what guards it, to reach out. */
const NEVER: readonly Row[] = [
  ...[
    'AttachRolePolicy',
    'CreateRole',
    'DeleteRolePermissionsBoundary',
    'PutRolePermissionsBoundary',
    'PutRolePolicy',
    'UpdateAssumeRolePolicy',
  ].map(
    (action): Row => [
      `iam:${action}`,
      roleArn(HOME, 'api'),
      { 'iam:PermissionsBoundary': boundaryArn(HOME, 'api') },
    ],
  ),
  ['iam:CreatePolicyVersion', boundaryArn(HOME, 'api')],
  ['iam:CreateAccessKey', arn('iam', 'user/a', '')],
  ['iam:PassRole', HOME.roles.deployment, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['iam:PassRole', HOME.roles.instance, { 'iam:PassedToService': 'ec2.amazonaws.com' }],
  ['iam:PassRole', HOME.roles.breakGlass, { 'iam:PassedToService': 'cloudformation.amazonaws.com' }],
  ['sts:AssumeRole', HOME.roles.deployment],
  ['sts:AssumeRole', HOME.roles.breakGlass],
  ...[
    'CreateGrant',
    'DisableKey',
    'Encrypt',
    'GenerateDataKeyPair',
    'PutKeyPolicy',
    'ReEncryptFrom',
    'ReplicateKey',
    'ScheduleKeyDeletion',
  ].map((action): Row => [`kms:${action}`, key]),
  ['kms:Decrypt', arn('kms', 'key/1', 'eu-central-1', '444455556666')],
  ['kms:Sign', arn('kms', 'key/1', 'eu-central-1', '444455556666')],
  ...['DeleteItem', 'DeleteTable', 'PutResourcePolicy', 'UpdateItem', 'UpdateTable'].map(
    (action): Row => [`dynamodb:${action}`, records],
  ),
  ['dynamodb:GetItem', arn('dynamodb', 'table/payroll')],
  ['dynamodb:PutItem', arn('dynamodb', 'table/vault-records', 'eu-central-1', '444455556666')],
  ['s3:PutBucketPolicy', bucket],
  ['s3:DeleteObjectVersion', artifact],
  ['s3:GetObject', 'arn:aws:s3:::vault-trail-111122223333-eu-central-1/AWSLogs/1'],
  ['s3:GetObject', 'arn:aws:s3:::payroll/a'],
  ['s3:PutObject', 'arn:aws:s3:::elsewhere/a', { 'aws:ResourceAccount': '444455556666' }],
  ['s3:GetObject', artifact, { 'aws:ResourceAccount': '444455556666' }],
  ['s3:PutObject', artifact, { 'aws:ResourceAccount': '444455556666' }],
  ['s3:GetObject', `${passed}/a/b`, { 'aws:ResourceAccount': '444455556666' }],
  ['s3:PutObject', `${passed}/a/b`, { 'aws:ResourceAccount': '444455556666' }],
  ['logs:DeleteLogGroup', group('/vault/audit-heads')],
  ['logs:DeleteLogStream', group('/vault/audit-heads')],
  ['logs:PutRetentionPolicy', group('/vault/audit-heads')],
  ['cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'AWS/KMS' }],
  ['lambda:UpdateFunctionCode', arn('lambda', 'function:vault-api')],
  ['lambda:CreateFunctionUrlConfig', arn('lambda', 'function:vault-api')],
  ['lambda:UpdateCodeSigningConfig', '*'],
  ['lambda:InvokeFunction', arn('lambda', 'function:vault-api')],
  ['signer:StartSigningJob', arn('signer', '/signing-profiles/a')],
  ['ec2:RunInstances', '*'],
  ['ec2:CreateRoute', '*'],
  ['ec2:ModifyVpcEndpoint', '*'],
  ['route53resolver:UpdateFirewallRule', '*'],
  ['apigateway:PATCH', 'arn:aws:apigateway:eu-central-1::/restapis/abcdefghij'],
  ['cloudtrail:StopLogging', arn('cloudtrail', 'trail/vault-trail')],
  ['cloudformation:UpdateStack', arn('cloudformation', 'stack/payroll/1')],
  ['cloudformation:SignalResource', arn('cloudformation', 'stack/payroll/1')],
  ['codebuild:StartBuild', arn('codebuild', 'project/payroll')],
  ['sns:Publish', arn('sns', 'payroll')],
  ['execute-api:Invoke', arn('execute-api', 'a/v/GET/', 'eu-central-1', '444455556666')],
  ['secretsmanager:GetSecretValue', '*'],
  ['sqs:SendMessage', '*'],
  ['organizations:LeaveOrganization', '*'],
];

/** Of a key that build and pipeline use through S3 only. */
const DIRECT: readonly Row[] = [
  ['kms:Decrypt', key],
  ['kms:Decrypt', key, { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' }],
];

const request = ([action, resource, context = {}]: Row): Request => ({ action, resource, context });
const hostile = (kind: BoundaryKind, boundary = LIMITS[kind]) => ({ identity: [ALLOW_ALL], boundary });
const role = 'arn:aws:iam::111122223333:role/vault/vault-any';

describe.each(Object.keys(MAY) as Workload[])(
  'a role below the boundary of %s, allowed everything',
  (kind) => {
    it('may do what it is for', () => {
      const found = MAY[kind].map((row) => [row, decide(HOME, role, request(row), hostile(kind))]);
      expect(found).toEqual(MAY[kind].map((row) => [row, 'allow']));
    });

    it('may do nothing that others are for, and nothing that nobody is for', () => {
      // An action is the same whichever service makes the call for it.
      const name = ([action, resource]: Row): string => `${action} ${resource}`;
      const mine = new Set(MAY[kind].map(name));
      const others = Object.values(MAY)
        .flat()
        .filter((row) => !mine.has(name(row)) && !shared(kind, row));
      const reached = [...others, ...NEVER.filter((row) => !shared(kind, row))]
        .map((row) => [row, decide(HOME, role, request(row), hostile(kind))])
        .filter(([, decided]) => decided !== 'boundary');
      expect(reached).toEqual([]);
    });

    it('needs each part of the boundary', () => {
      const needed = MAY[kind].map(request);
      const never = [...NEVER, ...DIRECT]
        .map(request)
        .filter((asked) => decide(HOME, role, asked, hostile(kind)) === 'boundary');
      const alive = mutants(LIMITS[kind])
        .filter(({ policy }) => policy.Statement.length > 0)
        .filter(
          ({ policy }) =>
            needed.every((asked) => decide(HOME, role, asked, hostile(kind, policy)) === 'allow') &&
            never.every((asked) => decide(HOME, role, asked, hostile(kind, policy)) !== 'allow'),
        );
      expect(alive.map(({ what }) => what)).toEqual([]);
    });
  },
);

/**
 * The vault's log groups are one family: which of them a role writes into, its identity policy says. API Gateway's role is
 * the account's, and writes into every group of it.
 */
function shared(kind: Workload, [action, resource]: Row): boolean {
  const writing = action === 'logs:CreateLogStream' || action === 'logs:PutLogEvents';
  // Its bucket is one: which versions of which files it fetches, its identity policy says.
  if (kind === 'instance' && resource.includes(':::vault-artifacts-') && action.startsWith('s3:GetObject'))
    return true;
  if (kind.endsWith('logs') && action.startsWith('logs:Describe')) return true;
  if (kind === 'access-logs') return writing;
  return writing && resource.includes('log-group:/vault/');
}

describe('boundaries', () => {
  it('are one for each role, by a name that is unique whatever its path', () => {
    for (const id of ROLE_IDS) {
      const { boundary }: RoleSpec = ROLES[id];
      expect(BOUNDARIES).toContain(boundary);
      expect(boundaryArn(HOME, boundary)).toBe(
        `arn:aws:iam::111122223333:policy/vault/vault-boundary-${boundary}`,
      );
    }
    const used = new Set<BoundaryKind>(ROLE_IDS.map((id) => ROLES[id].boundary));
    expect(BOUNDARIES.filter((kind) => !used.has(kind))).toEqual(['admin']);
    expect(Object.keys(LIMITS).sort()).toEqual([...BOUNDARIES].sort());
  });

  it('let Systems Manager onto instances only where sessions are on', () => {
    const without = boundaries(HOME).instance;
    const asked = request(['ssmmessages:OpenDataChannel', '*']);
    expect(decide(HOME, role, asked, hostile('instance', without))).toBe('boundary');
  });
});

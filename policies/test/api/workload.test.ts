// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ContextValues, evaluateRequest, validatePolicy } from '../../../emulators/iam/src/index.ts';
import {
  type ApiResources,
  accessLogsPolicy,
  apiWorkloadPolicy,
  authorizerWorkloadPolicy,
  boundaries,
  functionArn,
  type PolicyDocument,
  PolicyInputError,
  smokeWorkloadPolicy,
} from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { ACCOUNT, DEPLOYMENT, KEYS, OTHER } from '../support.ts';

const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const TABLE = arn('dynamodb', 'table/vault-records');
const TABLE_KEY = arn('kms', 'key/99999999-1111-2222-3333-444444444444');
const resources = (name: string, group = `/vault/${name}`) => ({
  name: `vault-${name}`,
  logGroup: group,
  tracing: true,
  inVpc: true,
});
const API: ApiResources = {
  function: resources('api'),
  keys: KEYS,
  table: TABLE,
  tableKey: TABLE_KEY,
  auditLogGroup: '/vault/audit-heads',
};

const code = (name: string): ContextValues => ({ 'lambda:SourceFunctionArn': functionArn(DEPLOYMENT, name) });
const itself = code('vault-api');
const IN_TRANSACTION = { 'dynamodb:EnclosingOperation': 'TransactWriteItems' };
const KEYS_ONLY = { 'dynamodb:Attributes': ['pk', 'sk'], 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' };
const VIA = { 'kms:ViaService': 'dynamodb.eu-central-1.amazonaws.com' };
const log = (group: string): string => arn('logs', `log-group:${group}:log-stream:1`);
const subnet = arn('ec2', 'subnet/subnet-1');
const { channelServer = '', channelClient = '' } = KEYS;
const INTERFACE = [
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'UnassignPrivateIpAddresses',
];
const READING = ['DescribeNetworkInterfaces', 'DescribeSubnets'];

type Row = readonly [action: string, resource: string, context: ContextValues, answer: string];

/** A function in the VPC with traces: the same for each. */
const common = (name: string, group: string): Row[] => [
  ...['logs:CreateLogStream', 'logs:PutLogEvents'].flatMap((action): Row[] => [
    [action, log(group), code(name), 'allow'],
    [action, log(group), {}, 'identity'],
    [action, log(`${group}2`), code(name), 'identity'],
  ]),
  ['logs:CreateLogGroup', log(group), code(name), 'identity'],
  ...['PutTelemetryRecords', 'PutTraceSegments'].flatMap((action): Row[] => [
    [`xray:${action}`, '*', code(name), 'allow'],
    [`xray:${action}`, '*', {}, 'allow'],
  ]),
  ...INTERFACE.flatMap((action): Row[] => [
    [`ec2:${action}`, subnet, {}, 'allow'],
    [`ec2:${action}`, subnet, code(name), 'DenyNetworkInterfaceToCode'],
    [`ec2:${action}`, subnet.replace(ACCOUNT, OTHER), {}, 'identity'],
  ]),
  ...READING.flatMap((action): Row[] => [
    [`ec2:${action}`, '*', {}, 'allow'],
    [`ec2:${action}`, '*', code(name), 'DenyNetworkInterfaceToCode'],
  ]),
  // An alias's own ARN, should the key ever have it.
  [
    'ec2:DescribeSubnets',
    '*',
    { 'lambda:SourceFunctionArn': `${functionArn(DEPLOYMENT, name)}:live` },
    'DenyNetworkInterfaceToCode',
  ],
  ['ec2:RunInstances', '*', code(name), 'identity'],
  ['lambda:UpdateFunctionCode', functionArn(DEPLOYMENT, name), code(name), 'identity'],
];

const both = (action: string, resource: string, more: ContextValues = {}): Row[] => [
  [action, resource, { ...itself, ...more }, 'allow'],
  [action, resource, { ...code('evil'), ...more }, 'identity'],
  [action, resource, more, 'identity'],
];

const CASES: Readonly<Record<string, { policy: PolicyDocument; rows: readonly Row[] }>> = {
  api: {
    policy: apiWorkloadPolicy(DEPLOYMENT, API),
    rows: [
      ...common('vault-api', '/vault/api'),
      ...both('kms:GenerateDataKeyPairWithoutPlaintext', KEYS.vault),
      ...both('kms:GenerateDataKey', KEYS.request),
      ...both('kms:Decrypt', KEYS.integrity),
      ...both('kms:GenerateDataKey', KEYS.integrity),
      ...both('kms:GenerateDataKeyWithoutPlaintext', KEYS.integrity),
      ...both('kms:Sign', channelClient),
      ...both('kms:GetPublicKey', channelClient),
      ['kms:Sign', channelServer, itself, 'identity'],
      ['kms:Decrypt', KEYS.vault, itself, 'identity'],
      ['kms:Decrypt', KEYS.request, itself, 'identity'],
      ['kms:Decrypt', TABLE_KEY, { ...itself, ...VIA }, 'allow'],
      ['kms:Decrypt', TABLE_KEY, itself, 'identity'],
      [
        'kms:Decrypt',
        TABLE_KEY,
        { ...itself, 'kms:ViaService': 's3.eu-central-1.amazonaws.com' },
        'identity',
      ],
      ['kms:Decrypt', KEYS.vault, { ...itself, ...VIA }, 'identity'],
      ...both('dynamodb:GetItem', TABLE),
      ...both('dynamodb:Query', TABLE),
      ...both('dynamodb:PutItem', TABLE, IN_TRANSACTION),
      ['dynamodb:PutItem', TABLE, itself, 'identity'],
      [
        'dynamodb:PutItem',
        TABLE,
        { ...itself, 'dynamodb:EnclosingOperation': 'TransactGetItems' },
        'identity',
      ],
      ...both('dynamodb:Scan', TABLE, KEYS_ONLY),
      ['dynamodb:Scan', TABLE, { ...itself, 'dynamodb:Attributes': ['pk'] }, 'allow'],
      ['dynamodb:Scan', TABLE, { ...itself, 'dynamodb:Attributes': ['sk'] }, 'allow'],
      ['dynamodb:Scan', TABLE, itself, 'identity'],
      ['dynamodb:Scan', TABLE, { ...itself, 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' }, 'identity'],
      ['dynamodb:Scan', TABLE, { ...itself, ...KEYS_ONLY, 'dynamodb:Select': 'ALL_ATTRIBUTES' }, 'identity'],
      [
        'dynamodb:Scan',
        TABLE,
        { ...itself, ...KEYS_ONLY, 'dynamodb:Attributes': ['pk', 'sk', '_sk'] },
        'identity',
      ],
      ...[
        'UpdateItem',
        'DeleteItem',
        'BatchWriteItem',
        'BatchGetItem',
        'DeleteTable',
        'PartiQLSelect',
        'ExportTableToPointInTime',
      ].map((action): Row => [`dynamodb:${action}`, TABLE, { ...itself, ...IN_TRANSACTION }, 'identity']),
      ['dynamodb:GetItem', arn('dynamodb', 'table/vault-records2'), itself, 'identity'],
      ['dynamodb:Query', `${TABLE}/index/by-name`, itself, 'identity'],
      ...both('logs:CreateLogStream', log('/vault/audit-heads')),
      ...both('logs:PutLogEvents', log('/vault/audit-heads')),
      ['logs:FilterLogEvents', log('/vault/audit-heads'), itself, 'identity'],
      ['logs:DeleteLogStream', log('/vault/audit-heads'), itself, 'identity'],
    ],
  },
  authorizer: {
    policy: authorizerWorkloadPolicy(DEPLOYMENT, {
      ...resources('authorizer'),
      tracing: false,
      inVpc: false,
    }),
    rows: [
      ...['logs:CreateLogStream', 'logs:PutLogEvents'].flatMap((action): Row[] => [
        [action, log('/vault/authorizer'), code('vault-authorizer'), 'allow'],
        [action, log('/vault/authorizer'), code('vault-api'), 'identity'],
        [action, log('/vault/api'), code('vault-authorizer'), 'identity'],
      ]),
      ...INTERFACE.map((action): Row => [`ec2:${action}`, subnet, {}, 'identity']),
      ['xray:PutTraceSegments', '*', code('vault-authorizer'), 'identity'],
      ['kms:Decrypt', KEYS.integrity, code('vault-authorizer'), 'identity'],
      [
        'execute-api:Invoke',
        arn('execute-api', 'abcdefghij/v/GET/health'),
        code('vault-authorizer'),
        'identity',
      ],
    ],
  },
  smoke: {
    policy: smokeWorkloadPolicy(DEPLOYMENT, resources('smoke'), { api: 'abcdefghij', stage: 'v' }),
    rows: [
      ...common('vault-smoke', '/vault/smoke'),
      ['execute-api:Invoke', arn('execute-api', 'abcdefghij/v/GET/health'), code('vault-smoke'), 'allow'],
      ['execute-api:Invoke', arn('execute-api', 'abcdefghij/v/GET/health'), {}, 'identity'],
      [
        'execute-api:Invoke',
        arn('execute-api', 'abcdefghij/other/GET/health'),
        code('vault-smoke'),
        'identity',
      ],
      ['execute-api:Invoke', arn('execute-api', 'zzzzzzzzzz/v/GET/health'), code('vault-smoke'), 'identity'],
      [
        'execute-api:InvalidateCache',
        arn('execute-api', 'abcdefghij/v/GET/health'),
        code('vault-smoke'),
        'identity',
      ],
      ['dynamodb:GetItem', TABLE, code('vault-smoke'), 'identity'],
      ['kms:Decrypt', KEYS.vault, code('vault-smoke'), 'identity'],
    ],
  },
};

/** A role of the deployment with this policy and nothing else; keys delegate to the account. */
function judge([action, resource, context]: Row, policy: PolicyDocument, boundary?: PolicyDocument): string {
  const delegated = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow' as const, Principal: { AWS: ACCOUNT }, Action: '*', Resource: '*' }],
  };
  const decision = evaluateRequest(
    {
      principal: { arn: DEPLOYMENT.roles.api, type: 'role', account: ACCOUNT },
      action,
      resource,
      resourceAccount: ACCOUNT,
      context,
    },
    { identity: [policy], resource: delegated, boundary },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}

describe.each(Object.entries(CASES))('the rights of %s', (name, { policy, rows }) => {
  it.each(rows.map((row) => ({ row, what: JSON.stringify(row) })))('$what', ({ row }) => {
    expect(judge(row, policy)).toBe(row[3]);
  });

  it('are valid, and each part is needed', () => {
    expect(validatePolicy(policy, 'identity')).toEqual([]);
    const alive = mutants(policy)
      .filter(({ policy: lesser }) => lesser.Statement.length > 0)
      .filter(({ policy: lesser }) =>
        rows.every((row) => (judge(row, lesser) === 'allow') === (row[3] === 'allow')),
      );
    // The qualified ARN is listed for the case that a service should tell it; the requests above have the plain one.
    const spare = /without arn:aws:lambda:[^ ]+:\* of ArnLike lambda:SourceFunctionArn$/;
    expect(alive.map(({ what }) => what).filter((what) => !spare.test(what))).toEqual([]);
  });

  it('lie within the role’s boundary', () => {
    const boundary = boundaries(DEPLOYMENT, {})[name as 'api' | 'authorizer' | 'smoke'];
    for (const row of rows)
      expect([row, judge(row, policy, boundary) === 'allow']).toEqual([row, row[3] === 'allow']);
  });

  it('name no service as a whole', () => {
    for (const { Action = [] } of policy.Statement) {
      for (const action of typeof Action === 'string' ? [Action] : Action) expect(action).not.toContain('*');
    }
  });
});

it('is not made for another table, a key that is none, or a name that means more than itself', () => {
  for (const bad of [
    { ...API, table: arn('dynamodb', 'table/payroll') },
    { ...API, table: arn('dynamodb', 'table/vault-*') },
    { ...API, tableKey: '*' },
    { ...API, auditLogGroup: '*' },
    { ...API, function: { ...API.function, name: '*' } },
    { ...API, function: { ...API.function, logGroup: `/vault/\${aws:username}` } },
  ]) {
    expect(() => apiWorkloadPolicy(DEPLOYMENT, bad)).toThrow(PolicyInputError);
  }
});

it('asks DynamoDB’s name in China for what it calls KMS with', () => {
  const home = JSON.parse(JSON.stringify(DEPLOYMENT).replaceAll('arn:aws:', 'arn:aws-cn:'));
  const china = { ...home, partition: 'aws-cn', region: 'cn-north-1' };
  const moved = JSON.parse(
    JSON.stringify(API).replaceAll('arn:aws:', 'arn:aws-cn:').replaceAll('eu-central-1', 'cn-north-1'),
  );
  expect(JSON.stringify(apiWorkloadPolicy(china, moved))).toContain('"dynamodb.cn-north-1.amazonaws.com.cn"');
});

it('the gateway’s log role works in its account and Region, and removes nothing', () => {
  const policy = accessLogsPolicy(DEPLOYMENT);
  expect(validatePolicy(policy, 'identity')).toEqual([]);
  const may = (action: string, resource: string) => judge([`logs:${action}`, resource, {}, ''], policy);
  const ours = log('/vault/access');
  expect(['CreateLogStream', 'PutLogEvents', 'DescribeLogStreams'].map((name) => may(name, ours))).toEqual([
    'allow',
    'allow',
    'allow',
  ]);
  expect(may('PutLogEvents', ours.replace('eu-central-1', 'us-east-1'))).toBe('identity');
  expect(may('PutLogEvents', ours.replace(ACCOUNT, OTHER))).toBe('identity');
  expect(['DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy'].map((name) => may(name, ours))).toEqual([
    'identity',
    'identity',
    'identity',
  ]);
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { streamPolicy, tablePolicy } from '../../src/index.ts';
import { ACCOUNT, DEPLOYMENT } from '../support.ts';
import { FOR_OTHERS, FOR_US, judged, type Row } from './judge.ts';

const TABLE = `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/vault-records`;
const ENDPOINT = 'vpce-0dddd';
const near = { 'aws:SourceVpce': ENDPOINT };

const VAULT_ITEMS = ['ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'Scan'];
const OTHER_ITEMS = [
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLSelect',
  'PartiQLUpdate',
  'UpdateItem',
];
const EXPORTS = [
  'EnableKinesisStreamingDestination',
  'ExportTableToPointInTime',
  'UpdateKinesisStreamingDestination',
];
const COPIES = ['CreateBackup', 'RestoreTableToPointInTime'];
const CONTROL = [
  'DeleteResourcePolicy',
  'DeleteTable',
  'DisableKinesisStreamingDestination',
  'PutResourcePolicy',
  'TagResource',
  'UntagResource',
  'UpdateContinuousBackups',
  'UpdateContributorInsights',
  'UpdateTable',
  'UpdateTableReplicaAutoScaling',
  'UpdateTimeToLive',
];
const READING = ['DescribeContinuousBackups', 'DescribeTable', 'GetResourcePolicy', 'ListTagsOfResource'];

const rows: readonly Row[] = [
  ...VAULT_ITEMS.flatMap((action): Row[] => [
    ['api', 'inside', action, near, 'allow'],
    ['replication', 'nowhere', action, {}, 'allow', 'or the replica is lost after 20 hours'],
    ['admin', 'inside', action, near, 'DenyItemsToOthers'],
    ['tagged', 'inside', action, near, 'DenyItemsToOthers'],
    ['root', 'inside', action, near, 'DenyItemsToOthers'],
    [
      'instance',
      'inside',
      action,
      near,
      'DenyItemsToOthers',
      'a parent has the records only that it is sent',
    ],
    ['deployment', 'outside', action, {}, 'DenyItemsToOthers', 'who makes the table cannot read it'],
    ['breakGlass', 'outside', action, {}, 'DenyItemsToOthers'],
    ['deployer', 'inside', action, near, 'DenyItemsToOthers'],
    ['serviceLinked', 'outside', action, {}, 'DenyItemsToOthers'],
    ['stranger', 'inside', action, near, 'DenyItemsToOthers'],
    ['anonymous', 'inside', action, near, 'DenyItemsToOthers'],
    ['dynamodb', 'nowhere', action, FOR_US, 'DenyItemsToOthers', 'no service reads as itself'],
    ['api', 'inside', action, {}, 'DenyItemsOutsideEndpoint'],
    ['api', 'outside', action, {}, 'DenyItemsOutsideEndpoint', 'stolen credentials of the function'],
  ]),
  ...OTHER_ITEMS.flatMap((action): Row[] => [
    ['api', 'inside', action, near, 'DenyOtherItemOperations', 'the vault only reads and puts'],
    ['admin', 'inside', action, near, 'DenyOtherItemOperations'],
    ['breakGlass', 'outside', action, {}, 'DenyOtherItemOperations'],
    ['replication', 'nowhere', action, {}, 'allow'],
  ]),
  [
    'api',
    'otherVpc',
    'GetItem',
    near,
    'EnforceNetworkPerimeter',
    'an endpoint is of one VPC; both are asked',
  ],
  ['api', 'forwarded', 'GetItem', near, 'EnforceNetworkPerimeter', 'no service carries a request in'],
  ...EXPORTS.flatMap((action): Row[] => [
    ['breakGlass', 'outside', action, {}, 'DenyExports', 'out of reach of this policy'],
    ['deployment', 'outside', action, {}, 'DenyExports'],
    ['admin', 'inside', action, {}, 'DenyExports'],
  ]),
  ...COPIES.flatMap((action): Row[] => [
    ['breakGlass', 'outside', action, {}, 'allow', 'docs/operations.md, restore'],
    ['deployment', 'outside', action, {}, 'DenyCopiesByOthers'],
    ['admin', 'inside', action, {}, 'DenyCopiesByOthers'],
    ['api', 'inside', action, near, 'DenyCopiesByOthers'],
  ]),
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow'],
    ['deployment', 'forwarded', action, {}, 'allow', 'CloudFormation'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['replication', 'nowhere', action, {}, 'allow'],
    ['deployer', 'outside', action, {}, 'DenyControlByOthers', 'through CloudFormation only'],
    ['admin', 'inside', action, {}, 'DenyControlByOthers'],
    ['root', 'inside', action, {}, 'DenyControlByOthers'],
    ['api', 'inside', action, near, 'DenyControlByOthers'],
    ['stranger', 'inside', action, {}, 'DenyControlByOthers'],
  ]),
  ...READING.flatMap((action): Row[] => [
    ['admin', 'inside', action, {}, 'allow'],
    ['deployer', 'outside', action, {}, 'allow', 'the deploy command'],
    ['serviceLinked', 'outside', action, {}, 'allow', 'AWS Config'],
    ['admin', 'outside', action, {}, 'EnforceNetworkPerimeter'],
    ['tagged', 'outside', action, {}, 'EnforceNetworkPerimeter', 'no tag opens a way around'],
    ['admin', 'forwarded', action, {}, 'EnforceNetworkPerimeter'],
    ['stranger', 'inside', action, {}, 'EnforceIdentityPerimeter'],
    ['anonymous', 'inside', action, {}, 'EnforceIdentityPerimeter'],
    ['cloudwatch', 'nowhere', action, FOR_US, 'resource'],
    ['cloudwatch', 'nowhere', action, FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
    ['cloudwatch', 'nowhere', action, {}, 'resource', 'a service that acts for nobody’s resource'],
  ]),
  ['api', 'inside', 'GetItem', { ...near, 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  ['admin', 'inside', 'DescribeTable', { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
];

describe('the table policy', () => {
  judged({
    policy: tablePolicy(DEPLOYMENT, { table: 'vault-records', endpointId: ENDPOINT }),
    kind: 'resource',
    resource: TABLE,
    rows: rows.map(([who, from, action, ...rest]) => [who, from, `dynamodb:${action}`, ...rest]),
    limit: 20_480,
  });
});

describe('the policy of a replica in a Region without a network', () => {
  const place = { ...DEPLOYMENT, region: 'eu-west-1', network: null };
  const policy = tablePolicy(place, { table: 'vault-records' });
  judged({
    policy,
    kind: 'resource',
    resource: TABLE.replace('eu-central-1', 'eu-west-1'),
    rows: rows
      .filter(([, , , , answer]) => answer !== 'DenyItemsOutsideEndpoint')
      .map(([who, from, action, context, answer, why]): Row => {
        const reached = answer === 'allow' || answer === 'EnforceSecureTransport';
        const local = from === 'inside' && reached ? 'EnforceNetworkPerimeter' : answer;
        return [who, from, `dynamodb:${action}`, context, local, why];
      }),
    survivors: null,
    limit: 20_480,
  });

  it('is about the table there', () => {
    expect(JSON.stringify(policy)).not.toContain('eu-central-1');
  });
});

describe('the policy of a replicated table’s stream', () => {
  const STREAM = ['DescribeStream', 'GetRecords', 'GetShardIterator'];
  judged({
    policy: streamPolicy(DEPLOYMENT, 'vault-records'),
    kind: 'resource',
    resource: `${TABLE}/stream/2026-01-01T00:00:00.000`,
    rows: STREAM.flatMap((action): Row[] => [
      ['replication', 'nowhere', `dynamodb:${action}`, {}, 'allow'],
      ['api', 'inside', `dynamodb:${action}`, near, 'DenyStreamToOthers'],
      ['admin', 'inside', `dynamodb:${action}`, {}, 'DenyStreamToOthers'],
      ['breakGlass', 'outside', `dynamodb:${action}`, {}, 'DenyStreamToOthers'],
      ['stranger', 'inside', `dynamodb:${action}`, {}, 'DenyStreamToOthers'],
      ['s3', 'nowhere', `dynamodb:${action}`, FOR_US, 'DenyStreamToOthers'],
    ]),
    survivors: {},
    limit: 20_480,
  });
});

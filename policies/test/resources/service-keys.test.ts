// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import {
  artifactsKeyPolicy,
  dataKeyPolicy,
  logsKeyPolicy,
  type PolicyDocument,
  topicKeyPolicy,
} from '../../src/index.ts';
import { ACCOUNT, DEPLOYMENT, KEYS, OTHER } from '../support.ts';
import { BUILD, FOR_OTHERS, FOR_US, judged, PIPELINE, type Row, SERVICES_ONLY } from './judge.ts';
import { COMMON, COMMON_SURVIVORS, NO_GRANTS, named, USES } from './key-rows.ts';

const group = (name: string, account = ACCOUNT) => ({
  'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:eu-central-1:${account}:log-group:${name}`,
});
const via = (service: string, region = 'eu-central-1') => ({
  'kms:ViaService': `${service}.${region}.amazonaws.com`,
  'aws:ViaAWSService': 'true',
});

const DOUBLED = 'a Deny holds everybody to it; the Allow gives no more than is meant if that were taken away';
/** Conditions of Allows that a Deny has as well. */
const doubled = (...what: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(what.map((mutant) => [mutant, DOUBLED]));
const VIA = 'without StringLike kms:ViaService';

/** @param survivors beside those of every key. @param asked actions of administration that these rows ask as well */
function judgeKey(
  policy: PolicyDocument,
  rows: readonly Row[],
  survivors: Readonly<Record<string, string>>,
  asked: readonly string[] = [],
): void {
  const common = Object.entries(COMMON_SURVIVORS).filter(
    ([what]) => !asked.some((action) => what.endsWith(`kms:${action}`)),
  );
  judged({
    policy,
    kind: 'kms-key',
    resource: KEYS.vault,
    rows: named([...COMMON, ...rows]),
    survivors: { ...SERVICES_ONLY, ...Object.fromEntries(common), ...survivors },
    limit: 32_768,
  });
}

describe('the key of log groups', () => {
  judgeKey(
    logsKeyPolicy(DEPLOYMENT),
    [
      ...USES.flatMap((use): Row[] => [
        ['logs', 'nowhere', use, group('/vault/trail'), 'allow'],
        ['logs', 'nowhere', use, group('/aws/lambda/vault-api'), 'allow'],
        ['logs', 'nowhere', use, { ...group('aws-waf-logs-vault-api'), ...FOR_US }, 'allow'],
        ['logs', 'nowhere', use, group('/other/app'), 'DenyOtherContext'],
        ['logs', 'nowhere', use, group('/vault/trail', OTHER), 'DenyOtherContext', 'another account’s logs'],
        ['logs', 'nowhere', use, {}, 'DenyOtherContext'],
        ['s3', 'nowhere', use, group('/vault/trail'), 'resource', 'no other service'],
        [
          'logs',
          'nowhere',
          use,
          { ...group('/vault/trail'), ...FOR_OTHERS },
          'EnforceConfusedDeputyProtection',
        ],
        ['admin', 'inside', use, {}, 'DenyOtherContext'],
        ['stranger', 'inside', use, group('/vault/trail'), 'EnforceIdentityPerimeter'],
      ]),
      ['logs', 'nowhere', 'DescribeKey', {}, 'allow'],
      ['logs', 'nowhere', 'CreateGrant', group('/vault/trail'), 'DenyGrants'],
      ...NO_GRANTS,
    ],
    doubled('AllowLogs: without ArnLikeIfExists kms:EncryptionContext:aws:logs:arn'),
  );
});

describe('the key of the alarm topic', () => {
  const TOPIC = `arn:aws:sns:eu-central-1:${ACCOUNT}:vault-alarms`;
  const topic = { 'kms:EncryptionContext:aws:sns:topicArn': TOPIC };
  const alarm = {
    ...FOR_US,
    'aws:SourceArn': `arn:aws:cloudwatch:eu-central-1:${ACCOUNT}:alarm:vault-canary`,
  };
  const sns = { ...via('sns'), ...topic };
  judgeKey(
    topicKeyPolicy(DEPLOYMENT, TOPIC, [PIPELINE]),
    [
      ...['Decrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'].flatMap((use): Row[] => [
        ['cloudwatch', 'nowhere', use, { ...alarm, ...topic }, 'allow'],
        ['cloudwatch', 'nowhere', use, alarm, 'allow', 'where SNS tells no context'],
        ['cloudwatch', 'nowhere', use, FOR_US, 'resource'],
        ['cloudwatch', 'nowhere', use, { 'aws:SourceArn': alarm['aws:SourceArn'] }, 'resource'],
        ['cloudwatch', 'nowhere', use, FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
        ['events', 'nowhere', use, {}, 'allow', 'EventBridge tells nothing on this way'],
        ['events', 'nowhere', use, topic, 'allow'],
        ['events', 'nowhere', use, FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
        [
          'events',
          'nowhere',
          use,
          { 'kms:EncryptionContext:aws:sns:topicArn': TOPIC.replace(ACCOUNT, OTHER) },
          'DenyOtherContext',
        ],
        ['s3', 'nowhere', use, FOR_US, 'resource'],
        ['pipeline', 'outside', use, sns, 'allow', 'approvals'],
        ['pipeline', 'outside', use, {}, 'DenyDirectUse'],
        ['pipeline', 'outside', use, via('sns', 'eu-west-1'), 'DenyDirectUse'],
        ['api', 'inside', use, sns, 'resource'],
        ['admin', 'inside', use, {}, 'DenyDirectUse'],
        ['stranger', 'outside', use, sns, 'EnforceIdentityPerimeter'],
      ]),
      ...['Encrypt', 'ReEncryptFrom', 'ReEncryptTo'].flatMap((use): Row[] => [
        ['admin', 'inside', use, {}, 'DenyDirectUse'],
        ['events', 'nowhere', use, topic, 'resource'],
        [
          'events',
          'nowhere',
          use,
          { 'kms:EncryptionContext:aws:sns:topicArn': `${TOPIC}-2` },
          'DenyOtherContext',
        ],
      ]),
      ...NO_GRANTS,
    ],
    doubled(`AllowPublisher1: ${VIA}`),
  );
});

describe('the key of artifacts', () => {
  const BUCKET = 'vault-artifacts-111122223333-eu-central-1';
  const { roles, deployers = [] } = DEPLOYMENT;
  const context = (arn: string) => ({ 'kms:EncryptionContext:aws:s3:arn': arn });
  const s3 = { ...via('s3'), ...context(`arn:aws:s3:::${BUCKET}`) };
  const object = { ...via('s3'), ...context(`arn:aws:s3:::${BUCKET}/signed/api.zip`) };
  judgeKey(
    artifactsKeyPolicy(DEPLOYMENT, BUCKET, {
      readers: [roles.instance, roles.deployment],
      writers: [...deployers, BUILD],
    }),
    [
      ['instance', 'forwarded', 'Decrypt', s3, 'allow'],
      ['instance', 'forwarded', 'Decrypt', object, 'allow', 'without a bucket key'],
      ['deployment', 'forwarded', 'Decrypt', s3, 'allow', 'Lambda fetches code as it'],
      ['deployer', 'forwarded', 'Decrypt', s3, 'allow'],
      ['build', 'forwarded', 'Decrypt', s3, 'allow'],
      ['deployer', 'forwarded', 'GenerateDataKey', s3, 'allow'],
      ['build', 'forwarded', 'GenerateDataKey', s3, 'allow'],
      ['instance', 'forwarded', 'GenerateDataKey', s3, 'resource', 'a taken parent places no code'],
      ...USES.flatMap((use): Row[] => [
        ['deployer', 'outside', use, context(`arn:aws:s3:::${BUCKET}`), 'DenyDirectUse'],
        [
          'deployer',
          'forwarded',
          use,
          { ...via('s3'), ...context('arn:aws:s3:::other') },
          'DenyOtherContext',
        ],
        ['deployer', 'forwarded', use, via('s3'), 'DenyOtherContext'],
        ['api', 'forwarded', use, s3, 'DenyUseByOthers'],
        ['admin', 'forwarded', use, s3, 'DenyUseByOthers'],
        ['root', 'forwarded', use, s3, 'DenyUseByOthers'],
        ['stranger', 'forwarded', use, s3, 'DenyUseByOthers'],
        ['serviceLinked', 'forwarded', use, s3, 'DenyUseByOthers'],
        ['s3', 'nowhere', use, { ...s3, ...FOR_US }, 'resource', 'no service as itself'],
        ['s3', 'nowhere', use, { ...context(`arn:aws:s3:::${BUCKET}`), ...FOR_US }, 'resource'],
      ]),
      ...NO_GRANTS,
    ],
    doubled(
      ...['AllowReader1', 'AllowReader2', 'AllowWriter1', 'AllowWriter2'].map((sid) => `${sid}: ${VIA}`),
      'AllowReader1: without ArnEquals aws:PrincipalArn',
      'AllowReader2: without ArnEquals aws:PrincipalArn',
    ),
  );
});

describe('the key of the table and of audit heads', () => {
  const HEADS = '/vault/audit-heads';
  const table = (name: string, account = ACCOUNT) => ({
    'kms:EncryptionContext:aws:dynamodb:tableName': name,
    'kms:EncryptionContext:aws:dynamodb:subscriberId': account,
  });
  const ddb = { ...via('dynamodb'), ...table('vault-records') };
  const grant = { ...via('dynamodb'), 'kms:GrantIsForAWSResource': 'true' };
  judgeKey(
    dataKeyPolicy(DEPLOYMENT, 'vault-records', HEADS),
    [
      ['api', 'forwarded', 'Decrypt', ddb, 'allow'],
      ['api', 'forwarded', 'DescribeKey', via('dynamodb'), 'allow'],
      ...USES.flatMap((use): Row[] => [
        ['deployment', 'forwarded', use, ddb, 'allow', 'makes the table'],
        ['breakGlass', 'forwarded', use, { ...via('dynamodb'), ...table('vault-records-restored') }, 'allow'],
        [
          'replication',
          'nowhere',
          use,
          { ...via('dynamodb', 'eu-west-1'), ...table('vault-records') },
          'allow',
        ],
        ['logs', 'nowhere', use, group(HEADS), 'allow'],
        ['logs', 'nowhere', use, group('/vault/trail'), 'DenyOtherContext'],
        ['s3', 'nowhere', use, group(HEADS), 'resource'],
        ['dynamodb', 'nowhere', use, table('vault-records'), 'resource', 'by a grant, or not at all'],
        ['dynamodb', 'nowhere', use, table('vault-records', OTHER), 'DenyOtherSubscribers'],
        ['deployment', 'forwarded', use, { ...via('dynamodb'), ...table('other') }, 'DenyOtherContext'],
        ['api', 'inside', use, table('vault-records'), 'DenyDirectUse'],
        ['deployment', 'outside', use, table('vault-records'), 'DenyDirectUse'],
        ['api', 'forwarded', use, { ...via('s3'), ...table('vault-records') }, 'DenyDirectUse'],
        ['admin', 'forwarded', use, ddb, 'DenyUseByOthers', 'nor does an administrator read an item'],
        ['root', 'forwarded', use, ddb, 'DenyUseByOthers'],
        ['instance', 'forwarded', use, ddb, 'DenyUseByOthers'],
        ['stranger', 'forwarded', use, ddb, 'DenyUseByOthers'],
        ['serviceLinked', 'forwarded', use, ddb, 'DenyUseByOthers'],
      ]),
      ...USES.filter((use) => use !== 'Decrypt').map(
        (use): Row => ['api', 'forwarded', use, ddb, 'resource', 'it reads the table, no more'],
      ),
      ['deployment', 'forwarded', 'CreateGrant', grant, 'allow', 'DynamoDB keeps the table by grants'],
      ['breakGlass', 'forwarded', 'CreateGrant', grant, 'allow'],
      ['replication', 'nowhere', 'CreateGrant', grant, 'allow'],
      ['deployment', 'outside', 'CreateGrant', via('dynamodb'), 'DenyOtherGrants'],
      [
        'deployment',
        'outside',
        'CreateGrant',
        { ...via('dynamodb'), 'kms:GrantIsForAWSResource': 'false' },
        'DenyOtherGrants',
      ],
      [
        'deployment',
        'outside',
        'CreateGrant',
        { 'kms:GrantIsForAWSResource': 'true' },
        'DenyGrantsElsewhere',
      ],
      ['api', 'forwarded', 'CreateGrant', grant, 'DenyGrantsByOthers'],
      ['admin', 'forwarded', 'CreateGrant', grant, 'DenyGrantsByOthers'],
      ['deployment', 'outside', 'RevokeGrant', {}, 'allow'],
      ['breakGlass', 'outside', 'RevokeGrant', {}, 'allow'],
      ['admin', 'inside', 'RevokeGrant', {}, 'DenyRevocationByOthers', 'it would shut the table'],
      ...['DescribeKey', 'GetKeyPolicy', 'ListGrants'].flatMap((action): Row[] => [
        ['dynamodb', 'nowhere', action, {}, 'allow'],
        ['s3', 'nowhere', action, {}, 'resource'],
      ]),
      ['logs', 'nowhere', 'DescribeKey', {}, 'allow'],
    ],
    doubled(
      ...['AllowApi', 'AllowBreakGlass', 'AllowDeployment', 'AllowReplication', 'AllowTableGrants'].map(
        (sid) => `${sid}: ${VIA}`,
      ),
      'AllowLogs: without ArnLikeIfExists kms:EncryptionContext:aws:logs:arn',
      'AllowApi: without ArnEquals aws:PrincipalArn',
      'AllowTableGrants: without ArnEquals aws:PrincipalArn',
      'AllowTableGrants: without Bool kms:GrantIsForAWSResource',
    ),
    ['RevokeGrant'],
  );
});

// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import { topicPolicy } from '../../src/index.ts';
import { ACCOUNT, DEPLOYMENT, OTHER } from '../support.ts';
import { FOR_OTHERS, FOR_US, judged, PIPELINE, type Row, SERVICES_ONLY } from './judge.ts';

const TOPIC = `arn:aws:sns:eu-central-1:${ACCOUNT}:vault-alarms`;
const source = (service: string, what: string, account = ACCOUNT) => ({
  'aws:SourceAccount': account,
  'aws:SourceArn': `arn:aws:${service}:eu-central-1:${account}:${what}`,
});
const alarm = source('cloudwatch', 'alarm:vault-canary');
const rule = source('events', 'rule/vault-key-policy');
const READING = ['GetTopicAttributes', 'ListSubscriptionsByTopic'];
const CONTROL = ['AddPermission', 'DeleteTopic', 'RemovePermission', 'SetTopicAttributes', 'Subscribe'];

const rows: readonly Row[] = [
  ['cloudwatch', 'nowhere', 'Publish', alarm, 'allow'],
  ['cloudwatch', 'nowhere', 'Publish', FOR_US, 'resource', 'no alarm is told of'],
  [
    'cloudwatch',
    'nowhere',
    'Publish',
    { 'aws:SourceArn': alarm['aws:SourceArn'] },
    'resource',
    'nor an account',
  ],
  ['cloudwatch', 'nowhere', 'Publish', source('cloudwatch', 'alarm:vault-canary', OTHER), 'DenyOtherRules'],
  ['cloudwatch', 'nowhere', 'Publish', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ['events', 'nowhere', 'Publish', {}, 'allow', 'on this way EventBridge is documented to tell nothing'],
  ['events', 'nowhere', 'Publish', rule, 'allow'],
  ['events', 'nowhere', 'Publish', source('events', 'rule/other'), 'DenyOtherRules'],
  ['events', 'nowhere', 'Publish', source('events', 'rule/vault-key-policy', OTHER), 'DenyOtherRules'],
  ['events', 'nowhere', 'Publish', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ['s3', 'nowhere', 'Publish', FOR_US, 'resource', 'no other service'],
  ['s3', 'nowhere', 'Publish', source('s3', 'bucket'), 'DenyOtherRules'],
  ['pipeline', 'outside', 'Publish', {}, 'allow', 'approvals'],
  ['deployment', 'outside', 'Publish', {}, 'allow'],
  ['breakGlass', 'outside', 'Publish', {}, 'allow'],
  ['api', 'inside', 'Publish', {}, 'DenyPublishingByOthers'],
  ['instance', 'inside', 'Publish', {}, 'DenyPublishingByOthers'],
  ['admin', 'inside', 'Publish', {}, 'DenyPublishingByOthers'],
  ['stranger', 'outside', 'Publish', {}, 'DenyPublishingByOthers'],
  ['anonymous', 'outside', 'Publish', {}, 'DenyPublishingByOthers'],
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow'],
    ['deployment', 'forwarded', action, {}, 'allow', 'CloudFormation'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['pipeline', 'outside', action, {}, 'DenyControlByOthers'],
    ['deployer', 'outside', action, {}, 'DenyControlByOthers'],
    ['admin', 'inside', action, {}, 'DenyControlByOthers', 'who is told of alarms is not changed by hand'],
    ['root', 'inside', action, {}, 'DenyControlByOthers'],
    ['stranger', 'outside', action, {}, 'DenyControlByOthers'],
    ['events', 'nowhere', action, FOR_US, 'DenyControlByOthers'],
    ['deployment', 'outside', action, { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  ]),
  ...READING.flatMap((action): Row[] => [
    ['admin', 'outside', action, {}, 'allow'],
    ['serviceLinked', 'outside', action, {}, 'allow'],
    ['stranger', 'inside', action, {}, 'EnforceIdentityPerimeter'],
    ['anonymous', 'outside', action, {}, 'EnforceIdentityPerimeter'],
    ['s3', 'nowhere', action, FOR_US, 'resource'],
    ['s3', 'nowhere', action, FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
    ['admin', 'outside', action, { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  ]),
  ['deployment', 'outside', 'Publish', { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
];

/** Publishing and control are given by name already; the perimeter says of all actions what it says of each. */
const NAMED = Object.fromEntries(
  ['EnforceIdentityPerimeter', 'EnforceConfusedDeputyProtection'].flatMap((sid) =>
    [...CONTROL, ...(sid === 'EnforceIdentityPerimeter' ? ['Publish'] : [])].map((action) => [
      `${sid}: without action sns:${action}`,
      'another Deny names who may',
    ]),
  ),
);

describe('the policy of the topic of alarms', () => {
  judged({
    policy: topicPolicy(DEPLOYMENT, { topicArn: TOPIC, publishers: [PIPELINE] }),
    kind: 'resource',
    resource: TOPIC,
    rows: rows.map(([who, from, action, ...rest]) => [who, from, `sns:${action}`, ...rest]),
    survivors: { ...SERVICES_ONLY, ...NAMED },
    limit: 30_720,
  });
});

// SPDX-License-Identifier: Apache-2.0
import { storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { listAt, textAt, textsAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Handler, Subject } from './handler.ts';
import { changed, nameOf, regional, retagging, row, rows, tagging, withTags } from './handler.ts';
import { findKey } from './kms.ts';

/*
 * Schemas AWS::SNS::Topic, TopicPolicy, Subscription. SNS Developer Guide, "Overview of managing access": a topic's policy
 * has actions of topics only.
 */
const TOPIC_ACTIONS: ReadonlySet<string> = new Set(
  [
    'AddPermission',
    'DeleteTopic',
    'GetDataProtectionPolicy',
    'GetTopicAttributes',
    'ListSubscriptionsByTopic',
    'ListTagsForResource',
    'Publish',
    'PutDataProtectionPolicy',
    'RemovePermission',
    'SetTopicAttributes',
    'Subscribe',
  ].map((name) => `sns:${name}`.toLowerCase()),
);

const TOPIC: Handler = {
  type: 'AWS::SNS::Topic',
  named: 'TopicName',
  taken: { code: 'AlreadyExists', message: (name) => `Topic ${name} already exists` },
  createOnly: ['TopicName', 'FifoTopic'],
  create: [
    row('sns:CreateTopic', 'self', { context: withTags }),
    tagging('sns:TagResource'),
    row('sns:Subscribe', 'self', { when: ({ properties }) => listAt(properties, 'Subscription').length > 0 }),
  ],
  read: rows('self', [
    'sns:GetTopicAttributes',
    'sns:ListTagsForResource',
    'sns:ListSubscriptionsByTopic',
    'sns:GetDataProtectionPolicy',
  ]),
  update: [
    row('sns:SetTopicAttributes', 'self', {
      when: changed(
        'DisplayName',
        'KmsMasterKeyId',
        'TracingConfig',
        'SignatureVersion',
        'DeliveryStatusLogging',
      ),
    }),
    ...retagging('sns:TagResource', 'sns:UntagResource'),
  ],
  remove: [row('sns:DeleteTopic')],
  identify: (draft) => {
    const name = nameOf(draft, 'TopicName');
    const arn = regional('sns', () => name)(draft, name);
    return { id: arn, arn, attributes: { TopicArn: arn, TopicName: name } };
  },
  check: ({ world, region, properties }) => {
    const key = textAt(properties, 'KmsMasterKeyId');
    if (key === undefined || key.startsWith('alias/aws/')) return;
    if (findKey(world, region, key) === undefined)
      throw new AwsError('KMSNotFound', `Key '${key}' does not exist`);
  },
};

const itsTopics = ({ properties }: Subject): readonly string[] => textsAt(properties, 'Topics');

const TOPIC_POLICY: Handler = {
  type: 'AWS::SNS::TopicPolicy',
  createOnly: [],
  create: [row('sns:SetTopicAttributes', itsTopics)],
  read: [],
  update: [row('sns:SetTopicAttributes', itsTopics)],
  remove: [row('sns:SetTopicAttributes', itsTopics)],
  identify: (draft) => {
    const id = `${draft.stackName}-${draft.logicalId}-${draft.world.fresh(12, 'base36')}`;
    return { id, arn: `${textsAt(draft.properties, 'Topics')[0]}#policy`, attributes: { Id: id } };
  },
  check: (subject) => {
    topicPolicy(subject);
    if (sizeOf(subject.properties.PolicyDocument) > LIMITS.topicPolicy) {
      throw new AwsError('InvalidParameter', 'Invalid parameter: Policy is larger than 30 KB');
    }
  },
  apply: (subject) => {
    for (const arn of itsTopics(subject)) {
      const topic = subject.world.byArn(arn);
      if (topic !== undefined) topic.policy = topicPolicy(subject);
    }
    return undefined;
  },
  gone: (subject) => {
    for (const arn of itsTopics(subject)) {
      const topic = subject.world.byArn(arn);
      if (topic !== undefined) topic.policy = null;
    }
    return undefined;
  },
};

function topicPolicy({ world, properties }: Subject) {
  const policy = storePolicy(world, properties.PolicyDocument, 'resource', {
    code: 'InvalidParameter',
    principal: () => 'Invalid parameter: Policy Error: PrincipalNotFound',
  });
  const actions = [policy.Statement]
    .flat()
    .flatMap(({ Action, NotAction }) => [Action ?? NotAction ?? []].flat());
  const foreign = actions.find((action) => !TOPIC_ACTIONS.has(action.toLowerCase()));
  if (foreign !== undefined) {
    throw new AwsError(
      'InvalidParameter',
      `Invalid parameter: Policy statement action out of service scope! ${foreign}`,
    );
  }
  return policy;
}

const itsTopic = ({ properties }: Subject): string => textAt(properties, 'TopicArn') ?? '';

const SUBSCRIPTION: Handler = {
  type: 'AWS::SNS::Subscription',
  createOnly: ['Endpoint', 'Protocol', 'TopicArn'],
  create: [row('sns:Subscribe', itsTopic)],
  read: [row('sns:GetSubscriptionAttributes', '*')],
  update: [row('sns:SetSubscriptionAttributes', '*')],
  remove: [row('sns:Unsubscribe', '*')],
  identify: ({ world, properties }) => {
    const hex = world.fresh(32);
    const arn = `${textAt(properties, 'TopicArn')}:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    return { id: arn, arn };
  },
  check: (subject) => {
    if (subject.world.byArn(itsTopic(subject)) === undefined)
      throw new AwsError('NotFound', 'Topic does not exist', { status: 404 });
  },
};

export const SNS_HANDLERS: readonly Handler[] = [TOPIC, TOPIC_POLICY, SUBSCRIPTION];

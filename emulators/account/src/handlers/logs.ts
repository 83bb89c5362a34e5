// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { serviceOf } from '../identities.ts';
import { flagAt, textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Handler, Subject } from './handler.ts';
import { changed, has, nameOf, retagging, row, tagging, withTags } from './handler.ts';
import { findKey } from './kms.ts';

/*
 * Schemas AWS::Logs::LogGroup, MetricFilter, ResourcePolicy; CloudWatch Logs User Guide, "Encrypt log data using AWS KMS";
 * Service Authorization Reference: operations on a log group are asked of its ARN with `:*` behind it, those on its tags
 * without ("Log groups: Use in permissions for TagResource, UntagResource, and ListTagsForResource").
 */

const DAYS: ReadonlySet<number> = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

const ofGroup = ({ arn }: Subject): string => `${arn}:*`;
const listed = ({ world, region }: Subject): string =>
  `arn:${world.partition}:logs:${region}:${world.account}:log-group::log-stream:`;

const LOG_GROUP: Handler = {
  type: 'AWS::Logs::LogGroup',
  named: 'LogGroupName',
  taken: { code: 'ResourceAlreadyExistsException', message: () => 'The specified log group already exists' },
  createOnly: ['LogGroupName'],
  create: [
    row('logs:CreateLogGroup', ofGroup, { context: withTags }),
    row('logs:DescribeLogGroups', listed),
    row('logs:PutRetentionPolicy', ofGroup, { when: has('RetentionInDays') }),
    tagging('logs:TagResource'),
    row('logs:PutDataProtectionPolicy', ofGroup, { when: has('DataProtectionPolicy') }),
  ],
  read: [
    row('logs:DescribeLogGroups', listed),
    row('logs:ListTagsForResource'),
    row('logs:GetDataProtectionPolicy', ofGroup),
  ],
  update: [
    row('logs:DescribeLogGroups', listed),
    row('logs:AssociateKmsKey', ofGroup, { when: (s) => changed('KmsKeyId')(s) && has('KmsKeyId')(s) }),
    row('logs:DisassociateKmsKey', ofGroup, { when: (s) => changed('KmsKeyId')(s) && !has('KmsKeyId')(s) }),
    row('logs:PutRetentionPolicy', ofGroup, {
      when: (s) => changed('RetentionInDays')(s) && has('RetentionInDays')(s),
    }),
    row('logs:DeleteRetentionPolicy', ofGroup, {
      when: (s) => changed('RetentionInDays')(s) && !has('RetentionInDays')(s),
    }),
    ...retagging('logs:TagResource', 'logs:UntagResource'),
  ],
  remove: [row('logs:DescribeLogGroups', listed), row('logs:DeleteLogGroup', ofGroup)],
  identify: (draft) => {
    const id = nameOf(draft, 'LogGroupName');
    const { world, region } = draft;
    const arn = `arn:${world.partition}:logs:${region}:${world.account}:log-group:${id}`;
    return { id, arn, attributes: { Arn: `${arn}:*` } };
  },
  check: (subject) => {
    const days = textAt(subject.properties, 'RetentionInDays');
    if (days !== undefined && !DAYS.has(Number(days))) {
      throw new AwsError('InvalidParameterException', `${days} is no number of days that log groups keep`);
    }
    checkKey(subject);
  },
  removable: ({ properties }) => {
    if (!flagAt(properties, 'DeletionProtectionEnabled')) return;
    throw new AwsError('OperationAbortedException', 'The log group has deletion protection enabled.');
  },
};

/** CloudWatch Logs tries the key, for itself, with the group as encryption context. */
function checkKey({ account, world, region, arn, properties }: Subject): void {
  const name = textAt(properties, 'KmsKeyId');
  if (name === undefined) return;
  const refused = new AwsError(
    'InvalidParameterException',
    `The specified KMS Key Id could not be found or is not allowed to be used with Arn '${arn}'.`,
  );
  const key = findKey(world, region, name);
  if (key === undefined || key.deletionAt !== undefined) throw refused;
  // The one principal of these services that has the partition's own suffix.
  const logs = serviceOf(world, `logs.${region}.${world.suffix}`, arn);
  const context = {
    'kms:EncryptionContext:aws:logs:arn': arn,
    'kms:EncryptionContextKeys': ['aws:logs:arn'],
  };
  const allowed = ['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'].every(
    (action) => account.decide(logs, { action, resource: key.arn, region, context }).allowed,
  );
  if (!allowed) throw refused;
}

const itsGroup = ({ world, region, properties }: Subject): string =>
  `arn:${world.partition}:logs:${region}:${world.account}:log-group:${textAt(properties, 'LogGroupName')}:*`;

const METRIC_FILTER: Handler = {
  type: 'AWS::Logs::MetricFilter',
  createOnly: ['FilterName', 'LogGroupName'],
  create: [row('logs:PutMetricFilter', itsGroup), row('logs:DescribeMetricFilters', itsGroup)],
  read: [row('logs:DescribeMetricFilters', itsGroup)],
  update: [row('logs:PutMetricFilter', itsGroup), row('logs:DescribeMetricFilters', itsGroup)],
  remove: [row('logs:DeleteMetricFilter', itsGroup)],
  identify: (draft) => {
    const id = nameOf(draft, 'FilterName');
    return { id, arn: `${textAt(draft.properties, 'LogGroupName')}#${id}` };
  },
  check: ({ world, region, properties }) => {
    const name = textAt(properties, 'LogGroupName') ?? '';
    if (world.find('AWS::Logs::LogGroup', region, name) !== undefined) return;
    throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.', {
      status: 404,
    });
  },
};

const RESOURCE_POLICY: Handler = {
  type: 'AWS::Logs::ResourcePolicy',
  named: 'PolicyName',
  taken: { code: 'AlreadyExists', message: (name) => `Resource policy ${name} already exists` },
  createOnly: ['PolicyName'],
  create: [row('logs:PutResourcePolicy', '*'), row('logs:DescribeResourcePolicies', '*')],
  read: [row('logs:DescribeResourcePolicies', '*')],
  update: [row('logs:PutResourcePolicy', '*'), row('logs:DescribeResourcePolicies', '*')],
  remove: [row('logs:DeleteResourcePolicy', '*')],
  identify: (draft) => {
    const id = textAt(draft.properties, 'PolicyName') ?? '';
    return { id, arn: `${draft.region}#logs-policy-${id}` };
  },
  check: ({ world, region, id, properties }) => {
    if (sizeOf(properties.PolicyDocument) > LIMITS.logsResourcePolicy) {
      throw new AwsError('InvalidParameterException', 'Resource policies have at most 5120 characters.');
    }
    const others = world.all('AWS::Logs::ResourcePolicy', region).filter((thing) => thing.id !== id);
    if (others.length >= 10)
      throw new AwsError('LimitExceededException', 'Resource limit exceeded: 10 resource policies');
  },
};

export const LOGS_HANDLERS: readonly Handler[] = [LOG_GROUP, METRIC_FILTER, RESOURCE_POLICY];

// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { serviceOf } from '../identities.ts';
import { listAt, textAt } from '../json.ts';
import type { Handler, Subject } from './handler.ts';
import {
  changed,
  has,
  nameOf,
  passRole,
  regional,
  retagging,
  row,
  rows,
  tagging,
  withTags,
} from './handler.ts';
import { findKey } from './kms.ts';

/*
 * Schemas AWS::Events::Rule, AWS::CloudWatch::Alarm, CompositeAlarm, Dashboard (the first two list no handlers in the copy
 * that was read; theirs are those of the API), AWS::CloudTrail::Trail; CloudTrail User Guide, "Amazon S3 bucket policy for
 * CloudTrail", "Configure AWS KMS key policies for CloudTrail" and "CloudTrail log file monitoring with CloudWatch Logs".
 */

const RULE: Handler = {
  type: 'AWS::Events::Rule',
  named: 'Name',
  taken: { code: 'AlreadyExists', message: (name) => `${name} already exists` },
  createOnly: ['Name', 'EventBusName'],
  create: [
    row('events:DescribeRule'),
    row('events:PutRule', 'self', { context: withTags }),
    tagging('events:TagResource'),
    row('events:PutTargets', 'self', { when: has('Targets') }),
    passRole('RoleArn', 'events'),
  ],
  read: rows('self', ['events:DescribeRule', 'events:ListTargetsByRule', 'events:ListTagsForResource']),
  update: [
    row('events:PutRule', 'self', {
      when: changed('EventPattern', 'ScheduleExpression', 'State', 'Description'),
    }),
    ...rows('self', ['events:PutTargets', 'events:RemoveTargets', 'events:ListTargetsByRule'], {
      when: changed('Targets'),
    }),
    ...retagging('events:TagResource', 'events:UntagResource'),
    row('events:DescribeRule'),
  ],
  remove: rows('self', [
    'events:DescribeRule',
    'events:ListTargetsByRule',
    'events:RemoveTargets',
    'events:DeleteRule',
  ]),
  identify: (draft) => {
    const name = nameOf(draft, 'Name');
    const arn = regional('events', () => `rule/${name}`)(draft, name);
    return { id: name, arn, attributes: { Arn: arn } };
  },
  check: ({ properties }) => {
    const pattern = properties.EventPattern;
    // EventBridge User Guide, "Quotas": an event pattern has 2,048 characters; a rule five targets.
    if (pattern !== undefined && JSON.stringify(pattern).length > 2048) {
      throw new AwsError('InvalidEventPatternException', 'Event pattern is longer than 2048 characters.');
    }
    if (listAt(properties, 'Targets').length > 5)
      throw new AwsError('LimitExceededException', 'A rule has five targets at most.');
  },
};

const alarm = (draft: Parameters<Handler['identify']>[0]) => {
  const name = nameOf(draft, 'AlarmName');
  const arn = regional('cloudwatch', () => `alarm:${name}`)(draft, name);
  return { id: name, arn, attributes: { Arn: arn } };
};

const alarmRows = (
  put: string,
  wildcard: boolean,
): Pick<Handler, 'create' | 'read' | 'update' | 'remove'> => ({
  create: [
    row(put, 'self', { context: withTags }),
    row('cloudwatch:DescribeAlarms', wildcard ? '*' : 'self'),
    tagging('cloudwatch:TagResource'),
  ],
  read: [row('cloudwatch:DescribeAlarms', wildcard ? '*' : 'self'), row('cloudwatch:ListTagsForResource')],
  update: [
    row(put),
    row('cloudwatch:DescribeAlarms', wildcard ? '*' : 'self'),
    ...retagging('cloudwatch:TagResource', 'cloudwatch:UntagResource'),
  ],
  remove: [row('cloudwatch:DescribeAlarms', wildcard ? '*' : 'self'), row('cloudwatch:DeleteAlarms')],
});

const ALARM: Handler = {
  type: 'AWS::CloudWatch::Alarm',
  named: 'AlarmName',
  taken: { code: 'AlreadyExists', message: (name) => `${name} already exists` },
  createOnly: ['AlarmName'],
  ...alarmRows('cloudwatch:PutMetricAlarm', false),
  identify: alarm,
  check: checkAlarm,
};

const COMPOSITE: Handler = {
  type: 'AWS::CloudWatch::CompositeAlarm',
  named: 'AlarmName',
  taken: { code: 'AlreadyExists', message: (name) => `${name} already exists` },
  createOnly: ['AlarmName'],
  ...alarmRows('cloudwatch:PutCompositeAlarm', true),
  identify: alarm,
  check: ({ world, region, properties }) => {
    const rule = textAt(properties, 'AlarmRule') ?? '';
    for (const [, name = ''] of rule.matchAll(/(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^")]+)"?\s*\)/g)) {
      const there = world.things.some(
        (thing) => thing.region === region && (thing.id === name || thing.arn === name),
      );
      if (!there) throw new AwsError('ValidationError', `AlarmRule names ${name}, which does not exist`);
    }
  },
};

/** CloudWatch API Reference, PutMetricAlarm: five actions for a state; five-second to daily periods; 20 metrics. */
function checkAlarm({ properties }: Subject): void {
  for (const state of ['AlarmActions', 'OKActions', 'InsufficientDataActions']) {
    if (listAt(properties, state).length > 5)
      throw new AwsError('ValidationError', `${state} has more than five actions`);
  }
  const metrics = listAt(properties, 'Metrics');
  const returning = metrics.filter(
    (metric) =>
      textAt(metric, 'Id') !== undefined && (metric as { ReturnData?: unknown }).ReturnData !== false,
  );
  // An alarm on an anomaly returns its band as well.
  const wanted = properties.ThresholdMetricId === undefined ? 1 : 2;
  if (metrics.length > 0 && returning.length !== wanted) {
    throw new AwsError('ValidationError', 'Exactly one element of the metrics list should return data.');
  }
}

const DASHBOARD: Handler = {
  type: 'AWS::CloudWatch::Dashboard',
  named: 'DashboardName',
  taken: { code: 'AlreadyExists', message: (name) => `${name} already exists` },
  createOnly: ['DashboardName'],
  create: [row('cloudwatch:PutDashboard'), row('cloudwatch:GetDashboard')],
  read: [row('cloudwatch:GetDashboard')],
  update: [row('cloudwatch:PutDashboard')],
  remove: rows('self', ['cloudwatch:GetDashboard', 'cloudwatch:DeleteDashboards']),
  identify: (draft) => {
    const id = nameOf(draft, 'DashboardName');
    return { id, arn: `arn:${draft.world.partition}:cloudwatch::${draft.world.account}:dashboard/${id}` };
  },
  check: ({ properties }) => {
    try {
      JSON.parse(textAt(properties, 'DashboardBody') ?? '');
    } catch {
      throw new AwsError(
        'InvalidParameterInput',
        'The dashboard body is invalid, there are validation errors in it.',
      );
    }
  },
};

const TRAIL: Handler = {
  type: 'AWS::CloudTrail::Trail',
  named: 'TrailName',
  taken: { code: 'TrailAlreadyExistsException', message: (name) => `Trail ${name} already exists` },
  createOnly: ['TrailName'],
  create: [
    row('cloudtrail:CreateTrail', 'self', { context: withTags }),
    row('cloudtrail:StartLogging', 'self', { when: ({ properties }) => properties.IsLogging !== false }),
    tagging('cloudtrail:AddTags'),
    row('cloudtrail:PutEventSelectors', 'self', {
      when: (s) => has('EventSelectors')(s) || has('AdvancedEventSelectors')(s),
    }),
    row('cloudtrail:PutInsightSelectors', 'self', { when: has('InsightSelectors') }),
    passRole('CloudWatchLogsRoleArn', 'cloudtrail'),
    row('iam:GetRole', ({ properties }) => textAt(properties, 'CloudWatchLogsRoleArn') ?? [], {
      when: has('CloudWatchLogsRoleArn'),
    }),
  ],
  read: [
    ...rows('self', [
      'cloudtrail:GetTrail',
      'cloudtrail:GetTrailStatus',
      'cloudtrail:ListTags',
      'cloudtrail:GetEventSelectors',
      'cloudtrail:GetInsightSelectors',
    ]),
    row('cloudtrail:DescribeTrails', '*'),
  ],
  update: [
    row('cloudtrail:UpdateTrail'),
    row('cloudtrail:StartLogging', 'self', { when: changed('IsLogging') }),
    row('cloudtrail:PutEventSelectors', 'self', {
      when: changed('EventSelectors', 'AdvancedEventSelectors'),
    }),
    passRole('CloudWatchLogsRoleArn', 'cloudtrail'),
    ...retagging('cloudtrail:AddTags', 'cloudtrail:RemoveTags'),
  ],
  remove: [row('cloudtrail:DeleteTrail')],
  identify: (draft) => {
    const id = nameOf(draft, 'TrailName');
    const arn = regional('cloudtrail', () => `trail/${id}`)(draft, id);
    return { id, arn, attributes: { Arn: arn } };
  },
  check: checkTrail,
};

/** CloudTrail tries bucket, key and log group before it makes a trail. */
function checkTrail({ account, world, region, arn, properties }: Subject): void {
  const trail = serviceOf(world, 'cloudtrail.amazonaws.com', arn);
  const name = textAt(properties, 'S3BucketName') ?? '';
  const prefix = textAt(properties, 'S3KeyPrefix');
  const bucket = `arn:${world.partition}:s3:::${name}`;
  const objects = `${bucket}/${prefix === undefined ? '' : `${prefix}/`}AWSLogs/${world.account}/CloudTrail/x.json.gz`;
  const write = { 's3:x-amz-acl': 'bucket-owner-full-control' };
  if (world.byArn(bucket) === undefined)
    throw new AwsError('S3BucketDoesNotExistException', `S3 bucket ${name} does not exist!`);
  const allowed =
    account.decide(trail, { action: 's3:GetBucketAcl', resource: bucket, region }).allowed &&
    account.decide(trail, { action: 's3:PutObject', resource: objects, region, context: write }).allowed;
  if (!allowed)
    throw new AwsError(
      'InsufficientS3BucketPolicyException',
      `Incorrect S3 bucket policy is detected for bucket: ${name}`,
    );
  const key = textAt(properties, 'KMSKeyId');
  if (key !== undefined) {
    const found = findKey(world, region, key);
    const context = {
      'kms:EncryptionContext:aws:cloudtrail:arn': arn,
      'kms:EncryptionContextKeys': ['aws:cloudtrail:arn'],
    };
    const usable =
      found !== undefined &&
      ['kms:GenerateDataKey', 'kms:DescribeKey'].every(
        (action) =>
          account.decide(trail, {
            action,
            resource: found.arn,
            region,
            ...(action === 'kms:GenerateDataKey' ? { context } : {}),
          }).allowed,
      );
    if (!usable)
      throw new AwsError(
        'InsufficientEncryptionPolicyException',
        `Insufficient permissions to access S3 bucket ${name} or KMS key ${key}.`,
      );
  }
  const role = textAt(properties, 'CloudWatchLogsRoleArn');
  if (role === undefined) return;
  const assumable = account.decide(trail, { action: 'sts:AssumeRole', resource: role, region }).allowed;
  const group = textAt(properties, 'CloudWatchLogsLogGroupArn') ?? '';
  const stream = `${group.replace(/:\*$/, '')}:log-stream:${world.account}_CloudTrail_${region}`;
  const thing = world.byArn(role);
  const writer =
    thing === undefined
      ? null
      : { principal: { arn: thing.arn, type: 'role', account: world.account } as const, context: {} };
  const writes =
    writer !== null &&
    ['logs:CreateLogStream', 'logs:PutLogEvents'].every(
      (action) => account.decide(writer, { action, resource: stream, region }).allowed,
    );
  if (!assumable || !writes) {
    throw new AwsError(
      'InvalidCloudWatchLogsRoleArnException',
      'Access denied. Check the permissions for your role.',
    );
  }
}

export const WATCH_HANDLERS: readonly Handler[] = [RULE, ALARM, COMPOSITE, DASHBOARD, TRAIL];

// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { PolicyInputError } from '../errors.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Log groups under the deployment's names; nothing that reads or writes an event. */
export function logGrants(home: Home): Statement[] {
  const { name } = home;
  return [
    allow(
      'LogGroups',
      [
        'logs:AssociateKmsKey',
        'logs:CreateLogGroup',
        'logs:DeleteLogGroup',
        'logs:DeleteMetricFilter',
        'logs:DeleteRetentionPolicy',
        'logs:DescribeIndexPolicies',
        'logs:DescribeMetricFilters',
        'logs:DisassociateKmsKey',
        'logs:GetDataProtectionPolicy',
        'logs:ListTagsForResource',
        'logs:PutMetricFilter',
        'logs:PutRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ],
      [`/${name}/*`, `/aws/lambda/${name}-*`, `/aws/codebuild/${name}-*`, `aws-waf-logs-${name}-*`].map(
        (group) => arnIn(home, 'logs', `log-group:${group}`, '*'),
      ),
    ),
    // Who delivers into which group. These are on no resource.
    allow(
      'LogDelivery',
      [
        'logs:CreateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:DeleteResourcePolicy',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
        'logs:GetLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:UpdateLogDelivery',
      ],
      '*',
    ),
  ];
}

/**
 * Topic, rules, alarms, dashboard, trail.
 * @param watched name of a log group of somebody else's trail: to count in it, and nothing more
 * @throws {PolicyInputError} `invalid_deployment` for a name that is a pattern
 */
export function watchGrants(home: Home, watched?: string): Statement[] {
  const { name } = home;
  if (watched !== undefined && !/^[\w.#/-]{1,512}$/.test(watched))
    throw new PolicyInputError('invalid_deployment', 'not the name of a log group');
  return [
    allow(
      'Topics',
      [
        'sns:CreateTopic',
        'sns:DeleteTopic',
        'sns:GetDataProtectionPolicy',
        'sns:GetSubscriptionAttributes',
        'sns:GetTopicAttributes',
        'sns:ListSubscriptionsByTopic',
        'sns:ListTagsForResource',
        'sns:SetSubscriptionAttributes',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
        'sns:TagResource',
        'sns:UntagResource',
      ],
      arnIn(home, 'sns', `${name}-*`, '*'),
    ),
    // A subscription's ARN begins with its topic's, but this action is on no resource.
    allow('Unsubscribe', 'sns:Unsubscribe', '*'),
    allow(
      'Rules',
      [
        'events:DeleteRule',
        'events:DescribeRule',
        'events:ListTagsForResource',
        'events:ListTargetsByRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
        'events:TagResource',
        'events:UntagResource',
      ],
      arnIn(home, 'events', `rule/${name}-*`, '*'),
    ),
    allow(
      'Alarms',
      [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutCompositeAlarm',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      arnIn(home, 'cloudwatch', `alarm:${name}-*`, '*'),
    ),
    allow('ReadAlarms', 'cloudwatch:DescribeAlarms', arnIn(home, 'cloudwatch', 'alarm:*', '*')),
    allow(
      'Dashboard',
      ['cloudwatch:DeleteDashboards', 'cloudwatch:GetDashboard', 'cloudwatch:PutDashboard'],
      arnIn(home, 'cloudwatch', `dashboard/${name}`, ''),
    ),
    allow(
      'Trail',
      [
        'cloudtrail:AddTags',
        'cloudtrail:CreateTrail',
        'cloudtrail:DeleteTrail',
        'cloudtrail:GetEventSelectors',
        'cloudtrail:GetInsightSelectors',
        'cloudtrail:GetTrail',
        'cloudtrail:GetTrailStatus',
        'cloudtrail:ListTags',
        'cloudtrail:PutEventSelectors',
        'cloudtrail:PutInsightSelectors',
        'cloudtrail:RemoveTags',
        'cloudtrail:StartLogging',
        'cloudtrail:UpdateTrail',
      ],
      arnIn(home, 'cloudtrail', `trail/${name}-*`),
    ),
    allow('FindTrails', 'cloudtrail:DescribeTrails', '*'),
    ...(watched === undefined
      ? []
      : [
          allow(
            'WatchedTrail',
            ['logs:DeleteMetricFilter', 'logs:DescribeMetricFilters', 'logs:PutMetricFilter'],
            arnIn(home, 'logs', `log-group:${watched}`),
          ),
        ]),
  ];
}

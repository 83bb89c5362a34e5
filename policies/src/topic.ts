// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkOutsiders } from './check.ts';
import { denyAll } from './key-common.ts';
import { confusedDeputyProtection, identityPerimeter, type Perimeter, secureTransport } from './perimeter.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

/** Every action that a topic's policy may name: SNS takes no `*` (SNS Developer Guide, "Example cases"). */
const ACTIONS = [
  'sns:AddPermission',
  'sns:DeleteTopic',
  'sns:GetTopicAttributes',
  'sns:ListSubscriptionsByTopic',
  'sns:Publish',
  'sns:RemovePermission',
  'sns:SetTopicAttributes',
  'sns:Subscribe',
] as const;
const READING = ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'] as const;
const CONTROL = ACTIONS.filter(
  (action) => action !== 'sns:Publish' && !READING.some((reading) => reading === action),
);

export interface TopicPolicyInput {
  readonly topicArn: string;
  /** ARNs of roles that publish as themselves: the pipeline, for approvals. */
  readonly publishers: readonly string[];
  readonly organization?: string | undefined;
}

/**
 * Policy of the topic of alarms: CloudWatch alarms and EventBridge rules publish, the deployment role says who hears it.
 * A forged alarm costs attention, a missing one the vault; so what may be silent in the wrong place is a Deny that asks
 * only where something is told, and no condition of an Allow.
 * @throws {PolicyInputError}
 */
export function topicPolicy(home: Home, input: TopicPolicyInput): PolicyDocument {
  checkHome(home, input.organization);
  checkOutsiders(home, input.publishers);
  const { partition, region, account, name, roles } = home;
  const { topicArn, publishers, organization } = input;
  const on = (statement: Omit<Statement, 'Resource'>): Statement => ({ ...statement, Resource: topicArn });
  const denied = (sid: string, actions: readonly string[], condition: Statement['Condition']): Statement =>
    on(denyAll(sid, actions, condition));
  const controllers = [roles.deployment, roles.breakGlass];
  const around: Perimeter = { home, organization, actions: ACTIONS, resources: topicArn };
  return {
    Version: '2012-10-17',
    Id: `${name}-alarms`,
    Statement: [
      on({
        Sid: 'AllowAlarms',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
        },
      }),
      // No condition: on its way to a topic EventBridge is documented to tell nothing that one could ask for (EventBridge
      // User Guide, "Using resource-based policies"). DenyOtherRules asks where it does.
      on({
        Sid: 'AllowEvents',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
      }),
      denied('DenyOtherRules', ['sns:Publish'], {
        Null: { 'aws:SourceArn': 'false' },
        ArnNotLike: {
          'aws:SourceArn': [
            `arn:${partition}:cloudwatch:${region}:${account}:alarm:*`,
            `arn:${partition}:events:${region}:${account}:rule/${name}-*`,
          ],
        },
      }),
      denied('DenyPublishingByOthers', ['sns:Publish'], {
        ArnNotEqualsIfExists: { 'aws:PrincipalArn': [...publishers, ...controllers] },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      }),
      // Who listens could be told to listen no more, or somewhere else.
      denied('DenyControlByOthers', CONTROL, {
        ArnNotEqualsIfExists: { 'aws:PrincipalArn': controllers },
      }),
      // No network: the topic is there before it, publishing and control are given by name, and reading tells no secret.
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
      secureTransport(around),
    ],
  };
}

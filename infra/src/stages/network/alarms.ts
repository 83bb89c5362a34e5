// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type CfnLogGroup, CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';

/** Figure of blocked names, in the deployment's namespace. */
export const BLOCKED_NAMES_METRIC = 'dns_names_blocked';

/** Alarms of the network: last part of the name, what it means, what to do. */
export const NETWORK_ALARMS = [
  {
    id: 'dns-blocked',
    means:
      'Something in the VPC asks for many names that the DNS firewall blocks: a tunnel through DNS needs hundreds, a program that looks for its home or a new dependency a few.',
    todo: 'Read the query log (`/NAME/dns`): `srcids` names the instance or interface, `query_name` what it asked for. A name that the vault should reach is missing from the allow-list; anything else is an intrusion until explained.',
  },
] as const;

/** Counts blocked names. One is not an alarm: each is in the query log, and no name leaves. */
export function makeAlarms(stack: Stack, context: StageContext, queries: CfnLogGroup): void {
  const { config, names } = context;
  const counting = new CfnMetricFilter(stack, 'BlockedNames', {
    logGroupName: names.logGroups.dns,
    // Route 53 Developer Guide, "Values that appear in VPC Resolver query logs".
    filterPattern: '{ $.firewall_rule_action = "BLOCK" }',
    metricTransformations: [
      {
        metricNamespace: names.namespace,
        metricName: BLOCKED_NAMES_METRIC,
        metricValue: '1',
        defaultValue: 0,
      },
    ],
  });
  counting.addResourceDependency(queries);
  const [{ id, means }] = NETWORK_ALARMS;
  const topic = context.outputs(BASE).TopicArn;
  new CfnAlarm(stack, 'BlockedNamesAlarm', {
    alarmName: `${config.name}-${id}`,
    alarmDescription: means,
    namespace: names.namespace,
    metricName: BLOCKED_NAMES_METRIC,
    statistic: 'Sum',
    period: 300,
    evaluationPeriods: 1,
    threshold: config.network.blockedNames,
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    treatMissingData: 'notBreaching',
    alarmActions: [topic],
    okActions: [topic],
  });
}

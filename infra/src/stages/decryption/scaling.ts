// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { type CfnAutoScalingGroup, CfnScalingPolicy } from 'aws-cdk-lib/aws-autoscaling';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import type { ParentFigure } from './figures.ts';
import { groupName } from './group.ts';

const MIB = 1024 * 1024;

/** A reason for more instances, and for fewer. */
export interface ScalingSignal {
  /** Name in the metric math of fewer, and part of alarms' names. */
  readonly id: string;
  readonly doc: string;
  readonly metric: { readonly own: ParentFigure } | { readonly ec2: 'CPUUtilization' | 'NetworkIn' };
  readonly statistic: 'Average' | 'Sum';
  readonly out: (config: DeployConfig) => number;
  /** Below it, it is no reason to keep an instance. */
  readonly in: (config: DeployConfig) => number;
  /** Minutes in a row above `out`. */
  readonly minutes: number;
}

/**
 * What more instances would help against. An enclave's vCPUs are taken from the instance and are in no figure of EC2's: how
 * busy it is, the parent says. CPU and network are those of the parent, which carries every byte through TLS.
 */
export const SCALING_SIGNALS: readonly ScalingSignal[] = [
  {
    id: 'busy',
    doc: 'requests under way in an enclave, on average over a minute and all instances',
    metric: { own: 'enclave_busy' },
    statistic: 'Average',
    out: ({ decryption }) => decryption.scaling.busyOut,
    in: ({ decryption }) => decryption.scaling.busyIn,
    minutes: 3,
  },
  {
    id: 'refused',
    doc: 'requests that were told to come again, in a minute: no place was left for them',
    metric: { own: 'parent_refused' },
    statistic: 'Sum',
    out: () => 0,
    in: () => 1,
    minutes: 2,
  },
  {
    id: 'cpu',
    doc: 'use of the parents’ own vCPUs in percent',
    metric: { ec2: 'CPUUtilization' },
    statistic: 'Average',
    out: ({ decryption }) => decryption.scaling.cpuOut,
    in: ({ decryption }) => decryption.scaling.cpuIn,
    minutes: 3,
  },
  {
    id: 'network',
    doc: 'bytes that an instance received in a minute',
    metric: { ec2: 'NetworkIn' },
    statistic: 'Average',
    out: ({ decryption }) => decryption.scaling.networkOutMib * MIB,
    in: ({ decryption }) => decryption.scaling.networkInMib * MIB,
    minutes: 3,
  },
];

/** More instances when one signal is high; one fewer when all are low, by one alarm, so that no two of them disagree. */
export function makeScaling(stack: Stack, context: StageContext, group: CfnAutoScalingGroup): void {
  const { config } = context;
  for (const signal of SCALING_SIGNALS) makeOut(stack, context, group, signal);
  const policy = new CfnScalingPolicy(stack, 'FewerPolicy', {
    autoScalingGroupName: groupName(config.name),
    // Simple, for its cooldown: an alarm that stays calls a step policy every minute, down to the last instance.
    policyType: 'SimpleScaling',
    adjustmentType: 'ChangeInCapacity',
    scalingAdjustment: -1,
    cooldown: String(config.decryption.scaling.minutesIn * 60),
  });
  new CfnAlarm(stack, 'Fewer', {
    alarmName: `${config.name}-parents-fewer`,
    alarmDescription: 'All signals of load are low: one instance fewer. No reason to look.',
    metrics: [
      {
        id: 'idle',
        label: 'all signals are low',
        // One where every signal is below its threshold. A signal without data makes no value, and nothing goes.
        expression: SCALING_SIGNALS.map((signal) => `${signal.id} < ${signal.in(config)}`).join(' AND '),
        returnData: true,
      },
      ...SCALING_SIGNALS.map((signal) => ({
        id: signal.id,
        returnData: false,
        metricStat: { metric: metricOf(context, signal), period: 60, stat: signal.statistic },
      })),
    ],
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    evaluationPeriods: config.decryption.scaling.minutesIn,
    datapointsToAlarm: config.decryption.scaling.minutesIn,
    treatMissingData: 'notBreaching',
    alarmActions: [policy.ref],
  });
}

function makeOut(
  stack: Stack,
  context: StageContext,
  group: CfnAutoScalingGroup,
  signal: ScalingSignal,
): void {
  const { config } = context;
  const id = `${signal.id.slice(0, 1).toUpperCase()}${signal.id.slice(1)}`;
  const threshold = signal.out(config);
  const policy = new CfnScalingPolicy(stack, `More${id}Policy`, {
    autoScalingGroupName: group.ref,
    policyType: 'StepScaling',
    adjustmentType: 'ChangeInCapacity',
    metricAggregationType: 'Average',
    // Bounds count from the alarm's threshold: two at once when there is half as much again.
    stepAdjustments:
      threshold === 0
        ? [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }]
        : [
            { metricIntervalLowerBound: 0, metricIntervalUpperBound: threshold / 2, scalingAdjustment: 1 },
            { metricIntervalLowerBound: threshold / 2, scalingAdjustment: 2 },
          ],
  });
  const { metricName, namespace, dimensions } = metricOf(context, signal);
  new CfnAlarm(stack, `More${id}`, {
    alarmName: `${config.name}-parents-more-${signal.id}`,
    alarmDescription: `High: ${signal.doc}. More instances are started. No reason to look unless \`parents-at-max\` follows.`,
    namespace,
    metricName,
    dimensions: [...dimensions],
    statistic: signal.statistic,
    period: 60,
    evaluationPeriods: signal.minutes,
    datapointsToAlarm: signal.minutes,
    threshold,
    comparisonOperator: 'GreaterThanThreshold',
    treatMissingData: 'notBreaching',
    alarmActions: [policy.ref],
  });
}

function metricOf({ config, names }: StageContext, { metric }: ScalingSignal) {
  if ('own' in metric) return { namespace: names.namespace, metricName: metric.own, dimensions: [] };
  return {
    namespace: 'AWS/EC2',
    metricName: metric.ec2,
    dimensions: [{ name: 'AutoScalingGroupName', value: groupName(config.name) }],
  };
}

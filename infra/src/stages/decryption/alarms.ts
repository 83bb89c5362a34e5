// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import type { Balancer } from './balancer.ts';
import { type ParentFigure, pascal } from './figures.ts';
import { groupName } from './group.ts';

type Metric =
  | { readonly own: ParentFigure | 'mem_used_percent' | 'disk_used_percent' }
  | { readonly group: 'GroupDesiredCapacity' | 'GroupInServiceInstances' }
  | { readonly balancer: 'HealthyHostCount' | 'UnHealthyHostCount' };

/** One alarm, for the template and for docs/operations.md alike. */
export interface DecryptionAlarm {
  /** Behind the deployment's name. */
  readonly id: string;
  readonly means: string;
  readonly todo: string;
  readonly metric: Metric;
  readonly statistic: 'Maximum' | 'Minimum' | 'SampleCount' | 'Sum';
  /** Seconds. */
  readonly period: number;
  /** So many of so many periods. */
  readonly periods: readonly [bad: number, of: number];
  readonly beyond: readonly [
    'at least' | 'more than' | 'less than',
    number | ((config: DeployConfig) => number),
  ];
  /** What silence is. */
  readonly silence: 'bad' | 'good';
}

/** A log line that should not be there at all, or not so often. */
const lines = (own: ParentFigure, count: number): Omit<DecryptionAlarm, 'id' | 'means' | 'todo'> => ({
  metric: { own },
  statistic: 'Sum',
  period: 300,
  periods: [1, 1],
  beyond: ['at least', count],
  silence: 'good',
});

/** Every alarm of the instances. */
export const DECRYPTION_ALARMS: readonly DecryptionAlarm[] = [
  {
    id: 'canary-parent-allowed',
    means:
      'KMS would decrypt for the instance’s role without an attestation document: the Denies of attestation are gone.',
    todo: 'As for `canary-inside-allowed`, at once: whoever is root on an instance can decrypt what he has. `probe` of the line names the key.',
    ...lines('canary_allowed', 1),
    period: 60,
  },
  {
    id: 'canary-parent-failing',
    means: 'Parents get answers of KMS that prove nothing about attestation.',
    todo: '`reason` of the lines `canary`: no_credentials is the metadata service, refused_by_something_else a policy to compare (`canary-inside-drift`), any other the way to KMS.',
    metric: { own: 'canary_error' },
    statistic: 'Sum',
    period: 60,
    periods: [3, 5],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'canary-parent-silent',
    means:
      'For five minutes no parent was refused as it must be: nobody sees whether KMS asks for an attestation.',
    todo: 'As for parents-silent. While no instance runs it says nothing else.',
    metric: { own: 'canary_denied' },
    statistic: 'Sum',
    period: 60,
    periods: [5, 5],
    beyond: ['less than', 1],
    silence: 'bad',
  },
  {
    id: 'parents-none-healthy',
    means: 'No instance has an enclave that serves: nothing is decrypted.',
    todo: 'Read the parents’ log: `enclave_lost` and `instance_refused` have a code or a step each. After a rollout: deploy the release before it. Writing goes on meanwhile.',
    metric: { balancer: 'HealthyHostCount' },
    // Of zones, whose nodes count each for itself: the best.
    statistic: 'Maximum',
    period: 60,
    periods: [2, 2],
    beyond: ['less than', 1],
    silence: 'bad',
  },
  {
    id: 'parents-unhealthy',
    means: 'An instance has failed its health checks for longer than a new one takes to start.',
    todo: 'Auto Scaling replaces it. If the next is no better, read its `instance_refused`, or what its parent says.',
    metric: { balancer: 'UnHealthyHostCount' },
    statistic: 'Maximum',
    period: 60,
    periods: [20, 20],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'parents-too-few',
    means: 'Fewer instances are in service than always should be.',
    todo: 'Look at the group’s activities: no capacity of these types in a zone (allow more families), a quota, or instances that end themselves.',
    metric: { group: 'GroupInServiceInstances' },
    statistic: 'Minimum',
    period: 60,
    periods: [20, 20],
    beyond: ['less than', ({ decryption }) => decryption.min],
    silence: 'bad',
  },
  {
    id: 'parents-at-max',
    means: 'As many instances run as may, for a quarter of an hour: more load finds no more of them.',
    todo: 'Find out whose load it is. If it is wanted, raise `decryption.max`, and the quota of vCPUs before it.',
    metric: { group: 'GroupDesiredCapacity' },
    statistic: 'Minimum',
    period: 60,
    periods: [15, 15],
    beyond: ['at least', ({ decryption }) => decryption.max],
    silence: 'good',
  },
  {
    id: 'parents-refusing',
    means: 'Requests are told to come again although more instances should have been there by now.',
    todo: 'See whether instances start, and whether KMS answers: a slow KMS keeps enclaves busy.',
    metric: { own: 'parent_refused' },
    statistic: 'Sum',
    period: 60,
    periods: [10, 15],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'parents-failing',
    means: 'Requests fail between the API and the enclaves, or in them.',
    todo: 'The parents’ log has `request_failed` with a code for each; 504 is time, 502 an answer that is too large.',
    metric: { own: 'parent_failed' },
    statistic: 'Sum',
    period: 60,
    periods: [3, 5],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'parents-silent',
    means: 'No parent has said anything for ten minutes: the other alarms on their log are blind.',
    todo: 'If the balancer has healthy targets, look for the CloudWatch agent and the endpoint of CloudWatch Logs; if not, it is the smallest of the troubles.',
    metric: { own: 'parent_requests' },
    statistic: 'SampleCount',
    period: 300,
    periods: [2, 2],
    beyond: ['less than', 1],
    silence: 'bad',
  },
  {
    id: 'enclaves-lost',
    means: 'Enclaves do not start, or end without being asked to.',
    todo: '`enclave_lost` has the code, docs/parent.md what each means.',
    ...lines('enclave_lost', 3),
  },
  {
    id: 'enclaves-missing',
    means: 'An instance has had fewer enclaves than it should for a quarter of an hour.',
    todo: 'As for enclaves-lost; memory and CPUs that are short show at once on every new instance.',
    metric: { own: 'enclaves_missing' },
    statistic: 'Maximum',
    period: 60,
    periods: [15, 15],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'enclave-in-debug-mode',
    means:
      'An enclave runs whose memory the instance can read. The parent never asks for one, and KMS gives it nothing.',
    todo: 'Somebody was on the instance. Keep its disk, end it, and find out who launched what (trail, `debug_enclave`).',
    ...lines('enclave_in_debug_mode', 1),
  },
  {
    id: 'enclave-not-admitted',
    means: 'KMS refuses an enclave: it measures to something else than the key policy says.',
    todo: 'During a rollout: the key policy was not widened. At any other time: compare `GET /enclaves` with the manifest, and treat an image that nobody released as an attack.',
    ...lines('enclave_not_admitted', 5),
  },
  {
    id: 'enclaves-opening',
    means:
      'Enclaves open more records than this deployment’s owner expects, by their own count: an API in foreign hands cannot leave them out.',
    todo: 'Compare with `api-decrypts` and the audit. Records that are opened and not in the audit: the API is not yours any more; take its role’s `kms:GenerateDataKey` away and then ask.',
    metric: { own: 'records_opened' },
    statistic: 'Sum',
    period: 300,
    periods: [1, 1],
    beyond: ['more than', ({ api }) => api.alarms.decrypts],
    silence: 'good',
  },
  {
    id: 'enclaves-limited',
    means: 'Requests were beyond the measured rate of an enclave: nothing was opened for them.',
    todo: 'As for `enclaves-opening`. If the load is wanted, raise `decryption.rate` and roll the enclaves out: it is measured.',
    metric: { own: 'decryptions_limited' },
    statistic: 'Sum',
    period: 60,
    periods: [1, 1],
    beyond: ['at least', 1],
    silence: 'good',
  },
  {
    id: 'relay-refused',
    means: 'Something on an instance that is no enclave of its parent asked the relay for KMS.',
    todo: 'Only the parent runs there. Keep the disk, end the instance, and find out what it was.',
    ...lines('relay_refused', 1),
  },
  {
    id: 'instance-refused',
    means:
      'A new instance has ended itself: a file was not what the release says, or it did not serve in time.',
    todo: '`step` of the line says where. `verify_…` is a digest that differs: somebody changed the bucket, so ask the trail before anything else.',
    ...lines('instance_refused', 1),
  },
  {
    id: 'parents-stopped',
    means:
      'A parent ended for a reason of its own, and systemd starts it again unless its settings are refused.',
    todo: '`config_invalid` names the settings; `crashed` has a place in the program, which is a fault to report.',
    ...lines('parent_stopped', 1),
  },
  {
    id: 'parents-without-credentials',
    means: 'The metadata service gives a parent no credentials of the instance role.',
    todo: 'Was the role taken from the instance profile, or its session revoked?',
    ...lines('no_credentials', 3),
  },
  {
    id: 'channel-trouble',
    means:
      'KMS does not sign a parent’s certificate. The one it has serves for half a day, and at `channel_identity_ended` no more.',
    todo: '`code` of the line: kms_denied is a policy that changed, root_mismatch another key, kms_unavailable the endpoint.',
    ...lines('channel_trouble', 3),
  },
  {
    id: 'instances-too-old',
    means: 'An instance is older than a day and some hours: it is not replaced as it should be.',
    todo: 'Look for suspended processes of the group (an update of the stack that was broken off leaves them so) and for scale-in protection.',
    metric: { own: 'instance_hours' },
    statistic: 'Maximum',
    period: 300,
    periods: [3, 3],
    beyond: ['more than', 28],
    silence: 'good',
  },
  {
    id: 'parents-memory',
    means: 'An instance is short of memory beside what its enclaves have.',
    todo: 'Find what grew. Until then the daily exchange helps; `decryption.maxMemoryGib` allows larger ones.',
    metric: { own: 'mem_used_percent' },
    statistic: 'Maximum',
    period: 300,
    periods: [3, 3],
    // Huge pages of the enclaves count as used.
    beyond: ['more than', 92],
    silence: 'good',
  },
  {
    id: 'parents-disk',
    means: 'An instance’s disk fills.',
    todo: 'Logs are bounded, so it is something new. `decryption.volumeGib` gives more.',
    metric: { own: 'disk_used_percent' },
    statistic: 'Maximum',
    period: 300,
    periods: [3, 3],
    beyond: ['more than', 85],
    silence: 'good',
  },
];

const OPERATORS = {
  'at least': 'GreaterThanOrEqualToThreshold',
  'more than': 'GreaterThanThreshold',
  'less than': 'LessThanThreshold',
} as const;

/** To the deployment's topic, when they begin and when they end. */
export function makeAlarms(stack: Stack, context: StageContext, balancer: Balancer): void {
  const { config, outputs } = context;
  const topic = outputs(BASE).TopicArn;
  for (const alarm of DECRYPTION_ALARMS) {
    const [operator, beyond] = alarm.beyond;
    new CfnAlarm(stack, `Alarm${pascal(alarm.id)}`, {
      alarmName: `${config.name}-${alarm.id}`,
      alarmDescription: `${alarm.means} ${alarm.todo}`,
      ...metricOf(context, alarm.metric, balancer),
      statistic: alarm.statistic,
      period: alarm.period,
      datapointsToAlarm: alarm.periods[0],
      evaluationPeriods: alarm.periods[1],
      threshold: typeof beyond === 'number' ? beyond : beyond(config),
      comparisonOperator: OPERATORS[operator],
      treatMissingData: alarm.silence === 'bad' ? 'breaching' : 'notBreaching',
      alarmActions: [topic],
      okActions: [topic],
    });
  }
}

function metricOf({ config, names }: StageContext, metric: Metric, { balancer, targets }: Balancer) {
  if ('own' in metric) return { namespace: names.namespace, metricName: metric.own };
  if ('group' in metric) {
    return {
      namespace: 'AWS/AutoScaling',
      metricName: metric.group,
      dimensions: [{ name: 'AutoScalingGroupName', value: groupName(config.name) }],
    };
  }
  return {
    namespace: 'AWS/NetworkELB',
    metricName: metric.balancer,
    dimensions: [
      { name: 'TargetGroup', value: targets.attrTargetGroupFullName },
      { name: 'LoadBalancer', value: balancer.attrLoadBalancerFullName },
    ],
  };
}

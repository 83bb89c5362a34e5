// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { type CanaryPlace, idOf } from './places.ts';

/** An alarm on one of a canary's metrics (canary/src/classify.ts). */
export interface CanaryAlarm {
  /** Of the alarm, behind the deployment's name and `canary-PLACE-`. */
  readonly id: 'allowed' | 'failing' | 'silent';
  readonly metric: 'ExpectedDenied' | 'UnexpectedAllow' | 'CanaryError';
  /** What it means, and what to do: in the alarm's own text and in docs/operations.md. */
  readonly means: string;
  readonly todo: string;
}

/** The alarms of each canary. */
export const CANARY_ALARMS = [
  {
    id: 'allowed',
    metric: 'UnexpectedAllow',
    means: 'KMS would do for the canary what only the attested enclave or the API may have done.',
    todo: 'Deploy again at once, which writes the generated key policies back; find the PutKeyPolicy in the trail, and the Decrypt calls since; treat what they touched as read.',
  },
  {
    id: 'failing',
    metric: 'CanaryError',
    means:
      'The canary got an answer that proves nothing: KMS was out of reach, its credentials did not hold, or it was refused by something else than the key policy, whose Deny may be gone.',
    todo: 'Read the reasons in the canary’s log. For refused_by_something_else compare the key policies first (enclave-vault doctor).',
  },
  {
    id: 'silent',
    metric: 'ExpectedDenied',
    means: 'No probe was refused as it must be, or the canary did not run at all.',
    todo: 'Look at the schedule, the function and its log. Until it runs again nobody asks whether the keys are shut.',
  },
] as const satisfies readonly CanaryAlarm[];

/** The three alarms of a canary. */
export function canaryAlarms(
  stack: Stack,
  { config, names, outputs }: StageContext,
  place: CanaryPlace,
): void {
  const topic = outputs(BASE).TopicArn;
  for (const { id, metric, means, todo } of CANARY_ALARMS) {
    new CfnAlarm(stack, idOf(place, `${id[0]?.toUpperCase()}${id.slice(1)}`), {
      alarmName: `${config.name}-canary-${place}-${id}`,
      alarmDescription: `Canary ${place} the VPC: ${means} ${todo}`,
      namespace: names.namespace,
      metricName: metric,
      dimensions: [{ name: 'Canary', value: place }],
      statistic: 'Sum',
      period: 60,
      ...thresholds(id, config),
      alarmActions: [topic],
      okActions: [topic],
    });
  }
}

type Thresholds = Pick<
  CfnAlarm['_cfnProperties'] & object,
  'comparisonOperator' | 'threshold' | 'evaluationPeriods' | 'datapointsToAlarm' | 'treatMissingData'
>;

function thresholds(id: CanaryAlarm['id'], { canary: { minutes } }: DeployConfig): Thresholds {
  switch (id) {
    case 'allowed':
      return {
        comparisonOperator: 'GreaterThanOrEqualToThreshold',
        threshold: 1,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        // Silence has an alarm of its own, and must not end this one's.
        treatMissingData: 'ignore',
      };
    case 'failing':
      return {
        comparisonOperator: 'GreaterThanOrEqualToThreshold',
        threshold: 1,
        evaluationPeriods: minutes,
        datapointsToAlarm: Math.floor(minutes / 2) + 1,
        treatMissingData: 'notBreaching',
      };
    case 'silent':
      return {
        comparisonOperator: 'LessThanThreshold',
        threshold: 1,
        evaluationPeriods: minutes,
        datapointsToAlarm: minutes,
        treatMissingData: 'breaching',
      };
  }
}

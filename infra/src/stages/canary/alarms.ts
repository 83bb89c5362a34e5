// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { type CanaryPlace, idOf, PROBING_PLACES, titleOf } from './places.ts';

/** An alarm on one of a canary's metrics (canary/src/report.ts has what each place writes). */
export interface CanaryAlarm {
  /** Of the alarm, behind the deployment's name and `canary-PLACE-`. */
  readonly id: 'allowed' | 'drift' | 'failing' | 'silent';
  readonly places: readonly CanaryPlace[];
  readonly metric: 'ExpectedDenied' | 'UnexpectedAllow' | 'PolicyDrift' | 'CanaryError' | 'ControlPassed';
  /** What it means, and what to do: in the alarm's own text and in docs/operations.md. */
  readonly means: string;
  readonly todo: string;
}

/** The alarms of the canaries, the gravest first. */
export const CANARY_ALARMS = [
  {
    id: 'allowed',
    places: PROBING_PLACES,
    metric: 'UnexpectedAllow',
    means: 'KMS would do for the canary what only the attested enclave or the API may have done.',
    todo: 'Deploy again at once, which writes the generated key policies back; find the PutKeyPolicy in the trail, and the Decrypt calls since (docs/operations.md, What was decrypted meanwhile); treat what they touched as read.',
  },
  {
    id: 'drift',
    places: ['inside'],
    metric: 'PolicyDrift',
    means:
      'The policy of a key or of the table says something else than the deployment that was approved, or a key has a grant.',
    todo: 'The readings in the canary’s log name the statements. Find the PutKeyPolicy, CreateGrant or PutResourcePolicy in the trail; deploy again, which writes the policies back, and revoke the grant (kms:RevokeGrant). Treat as read what could be decrypted meanwhile.',
  },
  {
    id: 'failing',
    places: PROBING_PLACES,
    metric: 'CanaryError',
    means:
      'The canary got an answer that proves nothing: KMS was out of reach, its credentials did not hold, or it was refused by something else than the key policy, whose Deny may be gone.',
    todo: 'Read the reasons in the canary’s log. For refused_by_something_else compare the key policies first (enclave-vault doctor). manifest_unreadable: deploy again. The others: docs/canaries.md, When one rings.',
  },
  {
    id: 'silent',
    places: PROBING_PLACES,
    metric: 'ExpectedDenied',
    means: 'No probe was refused as it must be, or the canary did not run at all.',
    todo: 'Look at the schedule, the function and its log. Until it runs again nobody asks whether the keys are shut.',
  },
  {
    id: 'failing',
    places: ['control'],
    metric: 'CanaryError',
    means: 'A decryption that must succeed does not: callers get nothing either.',
    todo: 'The reason in its log is the API’s code or the network’s: enclave_not_trusted is a key policy without the image that runs, another_value an answer to take for an attack. Then as for the alarms of API and parents.',
  },
  {
    id: 'silent',
    places: ['control'],
    metric: 'ControlPassed',
    means: 'No record was decrypted that must be, or the control did not run at all.',
    todo: 'Look at the schedule, the function and its log. Without it a vault that decrypts nothing looks as safe as can be.',
  },
] as const satisfies readonly CanaryAlarm[];

/** What a place has of them. */
export function canaryAlarmsOf(place: CanaryPlace): readonly CanaryAlarm[] {
  const alarms: readonly CanaryAlarm[] = CANARY_ALARMS;
  return alarms.filter(({ places }) => places.includes(place));
}

/** The alarms of one place. */
export function canaryAlarms(
  stack: Stack,
  { config, names, outputs }: StageContext,
  place: CanaryPlace,
): void {
  const topic = outputs(BASE).TopicArn;
  for (const { id, metric, means, todo } of canaryAlarmsOf(place)) {
    new CfnAlarm(stack, idOf(place, `${id[0]?.toUpperCase()}${id.slice(1)}`), {
      alarmName: `${config.name}-canary-${place}-${id}`,
      alarmDescription: `${titleOf(place)}: ${means} ${todo}`,
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
    case 'drift':
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

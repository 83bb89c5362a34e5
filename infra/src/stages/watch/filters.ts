// SPDX-License-Identifier: Apache-2.0
import type { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { watchEventsOf } from './events.ts';
import { type Calls, filterPattern, type Where } from './match.ts';
import { alarmText } from './message.ts';
import { REFUSED_DECRYPTS } from './own-alarms.ts';
import { seenElsewhere } from './regions.ts';
import { constructId } from './rules.ts';
import type { Subjects } from './subjects.ts';

/** A metric made of the trail's log group. */
interface Seen {
  /** Of construct, metric and alarm. */
  readonly id: string;
  readonly text: string;
  readonly pattern: string;
  /** So many in so many seconds. */
  readonly threshold: number;
  readonly period: number;
}

/**
 * What EventBridge of this Region does not hear of: IAM's records, and what is done in other Regions, whose endpoint the
 * caller chooses. A trail of all Regions brings them all to one log group, some five minutes later.
 * @param made the log group, where it is of this stack
 */
export function watchFilters(
  stack: Stack,
  context: StageContext,
  subjects: Subjects,
  logGroup: string,
  made?: CfnResource,
): void {
  const { config, names, outputs } = context;
  const topic = outputs(BASE).TopicArn;
  for (const { id, text, pattern, threshold, period } of seen(context, subjects, logGroup)) {
    const filter = new CfnMetricFilter(stack, `Filter${constructId({ id })}`, {
      filterName: `${config.name}-${id}`,
      logGroupName: logGroup,
      filterPattern: pattern,
      metricTransformations: [
        { metricNamespace: names.namespace, metricName: `watch-${id}`, metricValue: '1', unit: 'Count' },
      ],
    });
    if (made !== undefined) filter.addResourceDependency(made);
    new CfnAlarm(stack, `Seen${constructId({ id })}`, {
      alarmName: `${config.name}-watch-${id}`,
      alarmDescription: text,
      namespace: names.namespace,
      metricName: `watch-${id}`,
      statistic: 'Sum',
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold,
      period,
      evaluationPeriods: 1,
      treatMissingData: 'notBreaching',
      alarmActions: [topic],
    });
  }
}

function seen({ config }: StageContext, subjects: Subjects, logGroup: string): readonly Seen[] {
  const elsewhere: Where = { awsRegion: [{ not: config.region }] };
  // Of keys, those that may have replicas: the others are in this Region alone.
  const there = { ...subjects, keys: subjects.multiRegionKeys };
  return [
    ...watchEventsOf(config)
      .filter((event) => seenElsewhere(event, config))
      .map((event) => ({
        id: `${event.id}-elsewhere`,
        text: alarmText(event, logGroup),
        pattern: filterPattern(event.calls(there), elsewhere),
        threshold: 1,
        period: 60,
      })),
    {
      id: 'refused-decrypts',
      text: `${REFUSED_DECRYPTS.means} The records are in the log group ${logGroup}. ${REFUSED_DECRYPTS.todo}`,
      pattern: filterPattern(refusedDecrypts(config.account, subjects), refusedAt(subjects)),
      threshold: config.watch.refusedDecrypts,
      period: 300,
    },
  ];
}

/**
 * Refused decryptions, but the canaries', which are refused each minute: those of functions by their roles, those of
 * parents by the word in their user agent, since enclaves have the same role. That word is whoever's who may call as the
 * role of the instances; nobody else's is left aside by it, whatever his role's name begins with.
 */
export function refusedDecrypts(account: string, { name }: Pick<Subjects, 'name'>): readonly Calls[] {
  const by = (...roles: readonly string[]) => ({
    notContaining: roles.map((role) => `:${account}:assumed-role/${name}-${role}/`),
  });
  return [
    {
      source: 'kms.amazonaws.com',
      names: ['Decrypt'],
      where: [
        {
          'userIdentity.arn': [by('canary-inside', 'canary-outside')],
          userAgent: [{ notContaining: [PARENT_PROBE] }],
        },
        { 'userIdentity.arn': [by('instance')], userAgent: [{ contains: PARENT_PROBE }] },
      ],
    },
  ];
}

/** In the user agent of a parent's probes (host/parent/src/canary.ts). */
const PARENT_PROBE = 'enclave-vault-canary';

function refusedAt({ vaultKeys }: Pick<Subjects, 'vaultKeys'>): Where {
  return {
    errorCode: [{ prefix: 'AccessDenied' }],
    errorMessage: vaultKeys.map((key) => ({ contains: key })),
  };
}

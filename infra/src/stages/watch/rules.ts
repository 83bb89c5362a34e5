// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { WATCH_EVENTS, type WatchEvent } from './events.ts';
import { eventDetail } from './match.ts';
import { MESSAGE_PATHS, messageTemplate } from './message.ts';
import { heardAtHome } from './regions.ts';
import type { Subjects } from './subjects.ts';

/** A metric-math alarm takes so many metrics. */
const METRICS_OF_ALARM = 10;

/** Name of the rule of an event. */
export function ruleName(name: string, { id }: WatchEvent): string {
  return `${name}-watch-${id}`;
}

/** A rule for each event: the record is in the topic seconds after EventBridge has it. */
export function watchRules(stack: Stack, { config, outputs }: StageContext, subjects: Subjects): void {
  const topic = outputs(BASE).TopicArn;
  const heard = WATCH_EVENTS.filter((event) => heardAtHome(event, config));
  for (const event of heard) {
    new CfnRule(stack, `Rule${constructId(event)}`, {
      name: ruleName(config.name, event),
      description: event.what,
      // Without the second one, calls that read are left out.
      state: event.reading ? 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' : 'ENABLED',
      eventPattern: {
        // Nobody but AWS publishes under it: no event is made up.
        source: [{ prefix: 'aws.' }],
        'detail-type': ['AWS API Call via CloudTrail', 'AWS Console Sign In via CloudTrail'],
        detail: eventDetail(event.calls(subjects)),
      },
      targets: [
        {
          id: 'topic',
          arn: topic,
          inputTransformer: {
            inputPathsMap: MESSAGE_PATHS,
            inputTemplate: messageTemplate(event, config.name),
          },
        },
      ],
    });
  }
  undelivered(stack, config.name, topic, heard);
}

/** A rule that matched and could not say so. CloudWatch publishes to the topic by another right than EventBridge. */
function undelivered(stack: Stack, name: string, topic: string, events: readonly WatchEvent[]): void {
  for (let at = 0; at < events.length; at += METRICS_OF_ALARM) {
    const part = events.slice(at, at + METRICS_OF_ALARM);
    const number = at / METRICS_OF_ALARM + 1;
    new CfnAlarm(stack, `Undelivered${number}`, {
      alarmName: `${name}-watch-undelivered-${number}`,
      alarmDescription: `EventBridge could not publish what a rule found (${part.map(({ id }) => id).join(', ')}). Look at the policies of the topic and of its key; what it was about is in the trail.`,
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: 'notBreaching',
      metrics: [
        { id: 'all', label: 'Not delivered', expression: 'SUM(METRICS())', returnData: true },
        ...part.map((event, index) => ({
          id: `m${index}`,
          returnData: false,
          metricStat: {
            stat: 'Sum',
            period: 60,
            metric: {
              namespace: 'AWS/Events',
              metricName: 'FailedInvocations',
              dimensions: [{ name: 'RuleName', value: ruleName(name, event) }],
            },
          },
        })),
      ],
      alarmActions: [topic],
    });
  }
}

/** `CodeSigning` of `code-signing`. */
export function constructId({ id }: Pick<WatchEvent, 'id'>): string {
  return id.replaceAll(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

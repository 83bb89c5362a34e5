// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { type WatchEvent, watchEventsOf } from './events.ts';
import { eventDetail } from './match.ts';
import { MESSAGE_PATHS, messageTemplate } from './message.ts';
import { UNDELIVERED } from './own-alarms.ts';
import { heardAtHome } from './regions.ts';
import type { Subjects } from './subjects.ts';

/** A metric-math alarm takes so many metrics. */
const METRICS_OF_ALARM = 10;

/** Name of the rule of an event. */
export function ruleName(name: string, { id }: WatchEvent): string {
  return `${name}-watch-${id}`;
}

/** A rule for each event: whoever hears of the topic has it as soon as EventBridge has the record. */
export function watchRules(stack: Stack, { config, outputs }: StageContext, subjects: Subjects): void {
  const topic = outputs(BASE).TopicArn;
  for (const event of watchEventsOf(config).filter((one) => heardAtHome(one, config))) {
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
  undelivered(stack, config, topic);
}

/** Names of the alarms about rules, behind the deployment's name, with the events that each is about. */
export function undeliveredAlarms(config: DeployConfig): ReadonlyMap<string, readonly WatchEvent[]> {
  const heard = watchEventsOf(config).filter((event) => heardAtHome(event, config));
  const parts = Array.from({ length: Math.ceil(heard.length / METRICS_OF_ALARM) }, (_, index) =>
    heard.slice(index * METRICS_OF_ALARM, (index + 1) * METRICS_OF_ALARM),
  );
  return new Map(parts.map((part, index) => [`${UNDELIVERED.id}-${index + 1}`, part]));
}

/** A rule that matched and could not say so. CloudWatch publishes to the topic by another right than EventBridge. */
function undelivered(stack: Stack, config: DeployConfig, topic: string): void {
  for (const [id, events] of undeliveredAlarms(config)) {
    new CfnAlarm(stack, constructId({ id }), {
      alarmName: `${config.name}-${id}`,
      alarmDescription: `${UNDELIVERED.means} ${UNDELIVERED.todo} Rules: ${events.map((event) => event.id).join(', ')}.`,
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: 'notBreaching',
      metrics: [
        { id: 'all', label: 'Not delivered', expression: 'SUM(METRICS())', returnData: true },
        ...events.map((event, index) => ({
          id: `m${index}`,
          returnData: false,
          metricStat: {
            stat: 'Sum',
            period: 60,
            metric: {
              namespace: 'AWS/Events',
              metricName: 'FailedInvocations',
              dimensions: [{ name: 'RuleName', value: ruleName(config.name, event) }],
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
  return id.replaceAll(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}

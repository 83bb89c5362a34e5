// SPDX-License-Identifier: Apache-2.0
import { prefix, type WatchEvent } from './event.ts';

/** Whoever blinds the watch is heard before. */
export const WATCHER_EVENTS: readonly WatchEvent[] = [
  {
    id: 'trail',
    what: 'A trail was stopped, deleted or changed',
    region: 'anywhere',
    deployment: true,
    why: 'Without a trail nothing of all this is seen.',
    todo: 'Start it again at once, and find out what was done meanwhile: CloudTrail’s own event history keeps 90 days of changes.',
    calls: () => [
      {
        source: 'cloudtrail.amazonaws.com',
        // Any trail’s: the one that matters may be the organization's.
        names: ['DeleteTrail', 'PutEventSelectors', 'StopLogging', 'UpdateTrail'],
        where: [{}],
      },
    ],
  },
  {
    id: 'alarms',
    what: 'The alarms, the rules behind them or their topic were changed',
    region: 'home',
    deployment: true,
    why: 'Whoever is about to do something else begins here.',
    todo: 'Outside of a deployment: deploy again, which says what it puts back and what not, and assume that something else was done.',
    calls: ({ name, topicArn }) => [
      {
        source: 'events.amazonaws.com',
        names: ['DeleteRule', 'DisableRule', 'PutRule', 'PutTargets', 'RemoveTargets'],
        where: [
          { 'requestParameters.name': [prefix(`${name}-`)] },
          { 'requestParameters.rule': [prefix(`${name}-`)] },
        ],
      },
      {
        source: 'monitoring.amazonaws.com',
        names: [
          'DeleteAlarms',
          'DisableAlarmActions',
          'PutMetricAlarm',
          'PutCompositeAlarm',
          'SetAlarmState',
        ],
        where: [
          { 'requestParameters.alarmName': [prefix(`${name}-`)] },
          { 'requestParameters.alarmNames': [prefix(`${name}-`)] },
        ],
      },
      {
        source: 'sns.amazonaws.com',
        names: [
          'AddPermission',
          'DeleteTopic',
          'RemovePermission',
          'SetTopicAttributes',
          'Subscribe',
          'Unsubscribe',
        ],
        where: [
          { 'requestParameters.topicArn': [topicArn] },
          { 'requestParameters.subscriptionArn': [prefix(`${topicArn}:`)] },
        ],
      },
    ],
  },
];

// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { keyArnOutput, topicArnOutput } from './shapes.ts';

/** What others need from their first moment: keys of logs and of the alarm topic, and the topic. */
export const BASE = defineStage({
  id: 'base',
  title: 'Keys of logs and alarms, alarm topic',
  outputs: {
    LogsKeyArn: keyArnOutput('1'),
    TopicKeyArn: keyArnOutput('2'),
    TopicArn: topicArnOutput(),
  },
  build() {
    return { LogsKeyArn: '', TopicKeyArn: '', TopicArn: '' };
  },
});

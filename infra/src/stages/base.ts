// SPDX-License-Identifier: Apache-2.0
import { logsKeyPolicy, topicKeyPolicy, topicPolicy } from '@enclave-vault/policies';
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { homeOf } from '../home.ts';
import { defineStage } from '../stage.ts';
import { customerKey, keep } from './keys/customer-key.ts';
import { keyArnOutput, topicArnOutput } from './shapes.ts';

/**
 * What others need from their first moment: keys of logs and of the alarm topic, and the topic. Kept, since logs that
 * stay behind as evidence could not be read without their key.
 */
export const BASE = defineStage({
  id: 'base',
  title: 'Keys of logs and alarms, alarm topic',
  kept: true,
  outputs: {
    LogsKeyArn: keyArnOutput('1'),
    TopicKeyArn: keyArnOutput('2'),
    TopicArn: topicArnOutput(),
  },
  build(stack, { config, names }) {
    const { partition, region, account, name, organizationId } = config;
    const home = homeOf(config, names);
    const topicName = `${name}-alarms`;
    const topicArn = `arn:${partition}:sns:${region}:${account}:${topicName}`;
    // CodePipeline asks for approvals as its own role; alarms and rules publish as services.
    const publishers = [names.roleArn('pipeline')];
    const logsKey = customerKey(stack, 'LogsKey', {
      alias: `${name}/logs`,
      description: 'Encrypts log groups',
      policy: logsKeyPolicy(home),
      kept: true,
    });
    const topicKey = customerKey(stack, 'TopicKey', {
      alias: `${name}/alarms`,
      description: 'Encrypts alarms on their way',
      policy: topicKeyPolicy(home, topicArn, publishers),
      kept: true,
    });
    const topic = new CfnTopic(stack, 'Alarms', { topicName, kmsMasterKeyId: topicKey.attrArn });
    const policy = new CfnTopicPolicy(stack, 'AlarmsPolicy', {
      topics: [topic.ref],
      policyDocument: topicPolicy(home, { topicArn, publishers, organization: organizationId }),
    });
    const subscriptions = config.watch.subscribers.map(
      (subscriber, index) =>
        new CfnSubscription(stack, `Subscriber${index + 1}`, {
          topicArn: topic.ref,
          ...(subscriber.startsWith('mailto:')
            ? { protocol: 'email', endpoint: subscriber.slice('mailto:'.length) }
            : { protocol: 'https', endpoint: subscriber }),
        }),
    );
    for (const resource of [topic, policy, ...subscriptions]) keep(resource);
    return { LogsKeyArn: logsKey.attrArn, TopicKeyArn: topicKey.attrArn, TopicArn: topic.ref };
  },
});

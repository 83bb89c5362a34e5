// SPDX-License-Identifier: Apache-2.0
import { pipelineName } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';

/** An alarm of the pipeline. docs/operations.md is held against these, too. */
export interface PipelineAlarm {
  /** Behind the deployment's name. */
  readonly id: 'pipeline-certificate';
  readonly means: string;
  readonly todo: string;
}

/** Days before the certificate's end. A new one is another PCR8, and so a rollout, with an approval. */
const WARNING_DAYS = 60;

export const PIPELINE_ALARMS = [
  {
    id: 'pipeline-certificate',
    means: `The certificate of enclave images ends within ${WARNING_DAYS} days. From then on no instance starts an enclave, and each lives for a day.`,
    todo: 'Renew the certificate and roll a release out that is signed under the new one (docs/releases.md, Renewing the certificate).',
  },
] as const satisfies readonly PipelineAlarm[];

/** The alarms that a configuration has: without a certificate there is none that could end. */
export function pipelineAlarmsOf({ pipeline }: DeployConfig): readonly PipelineAlarm[] {
  return pipeline.source !== 'none' && pipeline.signingCertificate !== undefined ? PIPELINE_ALARMS : [];
}

/**
 * The end of the certificate by a figure of the canary, which runs each minute and is missed when it does not: a schedule that is to
 * fire once in years would be missed by nobody.
 */
export function pipelineAlarms(stack: Stack, { config, names, outputs }: StageContext): void {
  const topic = outputs(BASE).TopicArn;
  for (const { id, means, todo } of pipelineAlarmsOf(config)) {
    new CfnAlarm(stack, 'CertificateEnds', {
      alarmName: `${config.name}-${id}`,
      alarmDescription: `${means} ${todo}`,
      namespace: names.namespace,
      metricName: 'CertificateDaysLeft',
      dimensions: [{ name: 'Canary', value: 'outside' }],
      statistic: 'Maximum',
      period: 3600,
      comparisonOperator: 'LessThanOrEqualToThreshold',
      threshold: WARNING_DAYS,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // A canary that is silent has an alarm of its own.
      treatMissingData: 'ignore',
      alarmActions: [topic],
      okActions: [topic],
    });
  }
}

/** A run that failed may have left the keys open to both images: people look, and start the next. */
export function failedRuns(stack: Stack, { config, outputs }: StageContext): void {
  const text = [
    `Vault ${config.name}: run <run> of the pipeline <state>.`,
    'If that was in its rollout, the keys may admit two images. What ran before goes on running, and is admitted.',
    'Read the log of the action, and start a run: it goes on from what is deployed (docs/releases.md, When a run fails).',
  ];
  new CfnRule(stack, 'FailedRuns', {
    name: `${config.name}-pipeline-failed`,
    description: 'A run of the pipeline failed or was stopped',
    state: 'ENABLED',
    eventPattern: {
      source: ['aws.codepipeline'],
      'detail-type': ['CodePipeline Pipeline Execution State Change'],
      detail: { pipeline: [pipelineName(config)], state: ['FAILED', 'STOPPED'] },
    },
    targets: [
      {
        id: 'topic',
        arn: outputs(BASE).TopicArn,
        inputTransformer: {
          inputPathsMap: { run: '$.detail.execution-id', state: '$.detail.state' },
          inputTemplate: text.map((line) => JSON.stringify(line)).join('\n'),
        },
      },
    ],
  });
}

// SPDX-License-Identifier: Apache-2.0
import { type PipelineKeys, pipelineName } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { KEY_CHANGES } from '../watch/events/protection.ts';
import { type Calls, eventDetail, type Match } from '../watch/match.ts';
import { MESSAGE_PATHS } from '../watch/message.ts';

/**
 * Ways past the approval, each of which an administrator of the account has, and no policy refuses him: a build that is
 * started by hand runs whatever commands he gives it, with a role that signs or deploys (CodeBuild API Reference, StartBuild,
 * `buildspecOverride`); a pipeline that is changed has no approval any more; a signing key's policy says who signs. And each
 * approval itself: whose word it was.
 */
export function bypassRules(
  stack: Stack,
  context: StageContext,
  { imageSigning, releaseSigning }: Pick<PipelineKeys, 'imageSigning' | 'releaseSigning'>,
): void {
  rule(stack, context, 'pipeline-bypassed', {
    what: 'a release was approved, or somebody went past the pipeline: a build by hand, a change of it or of a project',
    calls: pipelineCalls(context),
  });
  rule(stack, context, 'pipeline-keys', {
    what: 'a key that signs images or releases, its policy or its grants were changed',
    calls: [
      {
        source: 'kms.amazonaws.com',
        names: KEY_CHANGES,
        where: [{ 'resources.ARN': [imageSigning, releaseSigning] }],
      },
    ],
  });
}

function pipelineCalls({ config, names }: StageContext): readonly Calls[] {
  const { partition, region, account, name } = config;
  // By name or by ARN: CodeBuild takes both.
  const ours = (kind: 'build' | 'project'): readonly Match[] => [
    { prefix: `${name}-` },
    { prefix: `arn:${partition}:codebuild:${region}:${account}:${kind}/${name}-` },
  ];
  const pipeline = pipelineName(config);
  return [
    {
      source: 'codebuild.amazonaws.com',
      names: ['CreateWebhook', 'RetryBuild*', 'StartBuild*', 'UpdateProject*'],
      where: [
        {
          'requestParameters.projectName': ours('project'),
          'userIdentity.sessionContext.sessionIssuer.arn': [{ not: names.roleArn('pipeline') }],
        },
        // A retry names the build alone, and a change of a project calls it otherwise.
        { 'requestParameters.id': ours('build') },
        { 'requestParameters.name': ours('project') },
        { 'requestParameters.projectArn': ours('project') },
      ],
    },
    {
      source: 'codepipeline.amazonaws.com',
      names: ['OverrideStageCondition', 'PutApprovalResult', 'RollbackStage', 'UpdatePipeline'],
      where: [
        { 'requestParameters.pipelineName': [pipeline] },
        { 'requestParameters.pipeline.name': [pipeline] },
      ],
    },
  ];
}

function rule(
  stack: Stack,
  { config, outputs }: StageContext,
  id: 'pipeline-bypassed' | 'pipeline-keys',
  { what, calls }: { readonly what: string; readonly calls: readonly Calls[] },
): void {
  const text = [
    `Vault ${config.name}: ${what}.`,
    'Call: <call>, of <when> in <region>. Refused with: <error>',
    'By: <who>, from <from>',
    'Record: <record>',
    'What signs decides what may be deployed. Neither an approval that you know of, nor a deployment of the pipeline: deploy the stack again, and trust no release since.',
  ];
  new CfnRule(stack, id === 'pipeline-keys' ? 'KeysChanged' : 'Bypassed', {
    name: `${config.name}-${id}`,
    description: what,
    state: 'ENABLED',
    eventPattern: {
      source: [{ prefix: 'aws.' }],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: eventDetail(calls),
    },
    targets: [
      {
        id: 'topic',
        arn: outputs(BASE).TopicArn,
        inputTransformer: {
          inputPathsMap: MESSAGE_PATHS,
          inputTemplate: text.map((line) => JSON.stringify(line)).join('\n'),
        },
      },
    ],
  });
}

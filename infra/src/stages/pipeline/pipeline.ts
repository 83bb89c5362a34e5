// SPDX-License-Identifier: Apache-2.0
import {
  APPROVAL,
  PIPELINE_ARTIFACTS,
  type PipelineKeys,
  pipelineName,
  pipelineWorkloadPolicy,
  SOURCE_UPLOAD,
} from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnPipeline } from 'aws-cdk-lib/aws-codepipeline';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { APPROVED, type Phase, ROLLOUT } from './buildspecs.ts';

type Action = CfnPipeline.ActionDeclarationProperty;

const { source: SOURCE, release: RELEASE } = PIPELINE_ARTIFACTS;

/** Source, build, approval, rollout. Runs queue, and a rollout is one stage: two never interleave. */
export function pipeline(
  stack: Stack,
  context: StageContext,
  keys: PipelineKeys,
  projects: { readonly build: string; readonly deploy: string },
): CfnPipeline {
  const { config, names } = context;
  const { connection } = config.pipeline;
  const rights = new CfnRolePolicy(stack, 'PipelinePermissions', {
    roleName: names.roleName('pipeline'),
    policyName: 'pipeline',
    policyDocument: pipelineWorkloadPolicy(homeOf(config, names), keys, { connection }),
  });
  const made = new CfnPipeline(stack, 'Pipeline', {
    name: pipelineName(config),
    pipelineType: 'V2',
    executionMode: 'QUEUED',
    // A changed pipeline starts nothing by itself.
    restartExecutionOnUpdate: false,
    roleArn: names.roleArn('pipeline'),
    artifactStore: {
      type: 'S3',
      location: names.pipelineBucket,
      encryptionKey: { id: keys.files, type: 'KMS' },
    },
    stages: [
      { name: 'Source', actions: [sourceAction(context)] },
      {
        name: 'Build',
        actions: [
          codeBuild('Release', projects.build, {
            inputs: [SOURCE],
            outputs: [RELEASE],
            namespace: 'Release',
          }),
        ],
      },
      { name: APPROVAL.stage, actions: [approval(context)] },
      {
        name: 'Rollout',
        actions: ROLLOUT.map((phase, index) =>
          codeBuild(title(phase), projects.deploy, {
            inputs: [SOURCE, RELEASE],
            order: index + 1,
            environment: { PHASE: phase, ...approved() },
          }),
        ),
      },
    ],
  });
  made.addResourceDependency(rights);
  return made;
}

function sourceAction({ config, outputs }: StageContext): Action {
  const { connection, repository, branch } = config.pipeline;
  const common = { name: SOURCE, namespace: 'Source', outputArtifacts: [{ name: SOURCE }], runOrder: 1 };
  if (connection !== undefined) {
    return {
      ...common,
      actionTypeId: { category: 'Source', owner: 'AWS', provider: 'CodeStarSourceConnection', version: '1' },
      configuration: {
        ConnectionArn: connection,
        FullRepositoryId: repository,
        BranchName: branch,
        // Somebody decides that there is to be a release.
        DetectChanges: 'false',
        OutputArtifactFormat: 'CODE_ZIP',
      },
    };
  }
  return {
    ...common,
    actionTypeId: { category: 'Source', owner: 'AWS', provider: 'S3', version: '1' },
    configuration: {
      S3Bucket: outputs(ARTIFACTS).Bucket,
      S3ObjectKey: SOURCE_UPLOAD,
      PollForSourceChanges: 'false',
    },
  };
}

/** What approvers read. The build has written the values: docs/releases.md says how to see for oneself. */
export function approvalText({ config }: StageContext): string {
  const { connection } = config.pipeline;
  const revision = connection === undefined ? 'version #{Source.VersionId}' : 'commit #{Source.CommitId}';
  return [
    `Vault ${config.name}: may release #{Release.VERSION} decrypt? Source: ${revision}.`,
    'New PCR0 #{Release.PCR0}, PCR8 #{Release.PCR8}.',
    'Now PCR0 #{Release.LIVE_PCR0}, PCR8 #{Release.LIVE_PCR8}.',
    'Manifest SHA-256 #{Release.MANIFEST_SHA256}.',
    'Make the image from this source yourself and compare PCR0 (docs/releases.md, Approving).',
  ].join(' ');
}

/** The very variables that stand in the text for approvers. */
function approved(): Readonly<Record<string, string>> {
  return Object.fromEntries(APPROVED.map((name) => [name, `#{Release.${name}}`]));
}

function approval(context: StageContext): Action {
  return {
    name: APPROVAL.action,
    actionTypeId: { category: 'Approval', owner: 'AWS', provider: 'Manual', version: '1' },
    configuration: { NotificationArn: context.outputs(BASE).TopicArn, CustomData: approvalText(context) },
    runOrder: 1,
  };
}

function codeBuild(
  name: string,
  project: string,
  given: {
    readonly inputs: readonly string[];
    readonly outputs?: readonly string[];
    readonly order?: number;
    readonly namespace?: string;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Action {
  const { inputs, outputs = [], order = 1, namespace, environment = {} } = given;
  const variables = Object.entries(environment).map(([key, value]) => ({
    name: key,
    value,
    type: 'PLAINTEXT',
  }));
  return {
    name,
    actionTypeId: { category: 'Build', owner: 'AWS', provider: 'CodeBuild', version: '1' },
    configuration: {
      ProjectName: project,
      ...(inputs.length > 1 ? { PrimarySource: inputs[0] } : {}),
      ...(variables.length > 0 ? { EnvironmentVariables: JSON.stringify(variables) } : {}),
    },
    inputArtifacts: inputs.map((one) => ({ name: one })),
    outputArtifacts: outputs.map((one) => ({ name: one })),
    runOrder: order,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function title(phase: Phase): string {
  return `${phase.slice(0, 1).toUpperCase()}${phase.slice(1)}`;
}

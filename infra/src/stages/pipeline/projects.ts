// SPDX-License-Identifier: Apache-2.0
import {
  buildWorkloadPolicy,
  deployWorkloadPolicy,
  type PipelineKeys,
  type PolicyDocument,
  projectName,
} from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { BASE } from '../base.ts';
import { keep } from '../keys/customer-key.ts';
import { buildSpec, deploySpec } from './buildspecs.ts';

/** Amazon Linux 2023 on Arm, as instances have it. */
const IMAGE = 'aws/codebuild/amazonlinux-aarch64-standard:3.0';

interface Kind {
  readonly role: 'build' | 'deploy';
  readonly description: string;
  readonly spec: string;
  readonly minutes: number;
  readonly compute: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly policy: PolicyDocument;
}

/** Log group of a project, by its role. */
export function buildLogGroup({ config }: Pick<StageContext, 'config'>, role: 'build' | 'deploy'): string {
  return `/${config.name}/${role}`;
}

/** The build, which compiles and signs. @returns the project's name */
export function buildProject(stack: Stack, context: StageContext, keys: PipelineKeys): string {
  const { pipeline } = context.config;
  const home = homeOf(context.config, context.names);
  return project(stack, context, keys, {
    role: 'build',
    description: 'Tests, builds, measures and signs a release',
    spec: buildSpec(),
    // The tests are the longest of it: half an hour on the smallest machine.
    minutes: 120,
    compute: pipeline.compute,
    environment: {
      DEPLOY_CONFIG: pipeline.config,
      IMAGE_KEY: keys.imageSigning,
      RELEASE_KEY: keys.releaseSigning,
      // In base64: whether a variable keeps its lines is documented nowhere.
      SIGNING_CERTIFICATE: Buffer.from(pipeline.signingCertificate ?? '').toString('base64'),
    },
    policy: buildWorkloadPolicy(home, keys, buildLogGroup(context, 'build')),
  });
}

/** The deploy command. Which phase, and of what, the pipeline's actions say. @returns the project's name */
export function deployProject(stack: Stack, context: StageContext, keys: PipelineKeys): string {
  const home = homeOf(context.config, context.names);
  return project(stack, context, keys, {
    role: 'deploy',
    description: 'Runs a phase of the deploy command on what was approved',
    spec: deploySpec(),
    // A rollout waits for each instance; CodeBuild's own limit is eight hours.
    minutes: 240,
    compute: 'BUILD_GENERAL1_SMALL',
    environment: { DEPLOY_CONFIG: context.config.pipeline.config },
    policy: deployWorkloadPolicy(home, keys, buildLogGroup(context, 'deploy')),
  });
}

function project(stack: Stack, context: StageContext, keys: PipelineKeys, kind: Kind): string {
  const { config, names, outputs } = context;
  const { role } = kind;
  const id = role === 'build' ? 'Build' : 'Deploy';
  const group = new CfnLogGroup(stack, `${id}Logs`, {
    logGroupName: buildLogGroup(context, role),
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.pipeline.logDays,
  });
  // What was built and deployed when, and by whose word.
  keep(group);
  const rights = new CfnRolePolicy(stack, `${id}Permissions`, {
    roleName: names.roleName(role),
    policyName: role,
    policyDocument: kind.policy,
  });
  const made = new CfnProject(stack, id, {
    name: projectName(config, role),
    description: kind.description,
    serviceRole: names.roleArn(role),
    source: { type: 'CODEPIPELINE', buildSpec: kind.spec },
    artifacts: { type: 'CODEPIPELINE' },
    encryptionKey: keys.files,
    environment: {
      type: 'ARM_CONTAINER',
      computeType: kind.compute,
      image: IMAGE,
      // No container is built: the image's tools need none.
      privilegedMode: false,
      environmentVariables: Object.entries(kind.environment).map(([name, value]) => ({
        name,
        type: 'PLAINTEXT',
        value,
      })),
    },
    logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: buildLogGroup(context, role) } },
    cache: { type: 'NO_CACHE' },
    visibility: 'PRIVATE',
    timeoutInMinutes: kind.minutes,
    queuedTimeoutInMinutes: 60,
  });
  made.addResourceDependency(group);
  made.addResourceDependency(rights);
  suppress(made, {
    rule: 'CodeBuildProjectSourceRepoUrl',
    reason:
      'The source is the pipeline’s, which reaches a Git host by a connection: there is no URL, and no token.',
  });
  return projectName(config, role);
}

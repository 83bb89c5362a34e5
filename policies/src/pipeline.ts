// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, viaService } from './arns.ts';
import { deployBoundary } from './boundaries/deploy.ts';
import { checkHome } from './check.ts';
import { PolicyInputError } from './errors.ts';
import { allow, document } from './identities.ts';
import { stackArns } from './stacks.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

/*
 * Three roles work in the pipeline, so that none of them can go the whole way. The pipeline itself moves files and starts builds; the
 * build runs code that nobody has approved, and signs; the deployment runs what was approved, and signs nothing.
 */

/** Names of the pipeline's files. What each is, its place says: CodePipeline shortens the pipeline's name to 20 characters. */
export const PIPELINE_ARTIFACTS = { source: 'Source', release: 'Release' } as const;

/** Key under which a deployer puts a source that comes from no Git host, in the bucket of artifacts. */
export const SOURCE_UPLOAD = 'source/enclave-vault.zip';

/** Objects of the pipeline's bucket that are one of its artifacts. */
export function pipelineObjects(home: Home, artifact: keyof typeof PIPELINE_ARTIFACTS): string {
  const [bucket] = bucketArns(home, 'pipeline');
  return `${bucket}/${pipelineName(home).slice(0, 20)}*/${PIPELINE_ARTIFACTS[artifact]}/*`;
}

export function pipelineName({ name }: Pick<Home, 'name'>): string {
  return `${name}-pipeline`;
}

/** Projects of CodeBuild: one compiles, one deploys. */
export function projectName({ name }: Pick<Home, 'name'>, role: 'build' | 'deploy'): string {
  return `${name}-${role}`;
}

export interface PipelineKeys {
  /** Encrypts the pipeline's files. */
  readonly files: string;
  /** Encrypts the bucket of artifacts, where a source that was uploaded lies. */
  readonly artifacts: string;
  /** Encrypts the topic. */
  readonly topic: string;
  readonly imageSigning: string;
  readonly releaseSigning: string;
}

export interface PipelineSource {
  /** ARN of a connection to a Git host; absent where the source is uploaded. */
  readonly connection?: string | undefined;
}

/**
 * The pipeline's own role.
 * @throws {PolicyInputError}
 */
export function pipelineWorkloadPolicy(
  home: Home,
  keys: Pick<PipelineKeys, 'files' | 'artifacts' | 'topic'>,
  { connection }: PipelineSource,
): PolicyDocument {
  checkHome(home);
  const [bucket] = bucketArns(home, 'pipeline');
  return document([
    allow('Bucket', ['s3:GetBucketLocation', 's3:GetBucketVersioning'], bucket),
    allow(
      'Fetch',
      ['s3:GetObject', 's3:GetObjectVersion'],
      [pipelineObjects(home, 'source'), pipelineObjects(home, 'release')],
    ),
    allow('PlaceSource', 's3:PutObject', pipelineObjects(home, 'source')),
    through(home, 'FilesKey', keys.files, 's3', ['kms:Decrypt', 'kms:GenerateDataKey']),
    ...(connection === undefined ? uploaded(home, keys.artifacts) : [connected(home, connection)]),
    allow(
      'Builds',
      ['codebuild:BatchGetBuilds', 'codebuild:StartBuild', 'codebuild:StopBuild'],
      (['build', 'deploy'] as const).map((role) =>
        arnIn(home, 'codebuild', `project/${projectName(home, role)}`),
      ),
    ),
    allow('AskForApproval', 'sns:Publish', arnIn(home, 'sns', `${home.name}-alarms`)),
    through(home, 'TopicKey', keys.topic, 'sns', ['kms:Decrypt', 'kms:GenerateDataKey']),
  ]);
}

function uploaded(home: Home, key: string): Statement[] {
  const [bucket] = bucketArns(home, 'artifacts');
  return [
    allow('SourceBucket', ['s3:GetBucketLocation', 's3:GetBucketVersioning'], bucket),
    allow('Source', ['s3:GetObject', 's3:GetObjectVersion'], `${bucket}/${SOURCE_UPLOAD}`),
    through(home, 'SourceKey', key, 's3', ['kms:Decrypt']),
  ];
}

function connected({ partition, region, account }: Home, connection: string): Statement {
  const good = ['codeconnections', 'codestar-connections'].some((service) =>
    new RegExp(`^arn:${partition}:${service}:${region}:${account}:connection/[0-9a-f-]{36}$`).test(
      connection,
    ),
  );
  if (!good) throw new PolicyInputError('invalid_deployment', 'connection is not usable in a policy');
  const [service = ''] = connection.split(':').slice(2);
  return allow('Source', `${service}:UseConnection`, connection);
}

/**
 * The role that compiles, measures and signs: code of a commit that nobody has approved yet runs with these rights.
 * @param logGroup name of the group that it writes
 * @throws {PolicyInputError}
 */
export function buildWorkloadPolicy(
  home: Home,
  keys: Pick<PipelineKeys, 'files' | 'imageSigning' | 'releaseSigning'>,
  logGroup: string,
): PolicyDocument {
  checkHome(home);
  const [bucket] = bucketArns(home, 'pipeline');
  return document([
    allow('Bucket', ['s3:GetBucketAcl', 's3:GetBucketLocation'], bucket),
    allow('Fetch', ['s3:GetObject', 's3:GetObjectVersion'], pipelineObjects(home, 'source')),
    allow('PlaceRelease', 's3:PutObject', pipelineObjects(home, 'release')),
    through(home, 'FilesKey', keys.files, 's3', ['kms:Decrypt', 'kms:GenerateDataKey']),
    allow(
      'Signatures',
      ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign'],
      [keys.imageSigning, keys.releaseSigning],
    ),
    // To tell approvers what the keys of all Regions admit now.
    allow(
      'LiveSet',
      ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
      stackArns(home, ['keys', 'keys-replica']),
    ),
    buildLogs(home, logGroup),
  ]);
}

/**
 * The role that deploys: the same as its boundary, but for the pipeline's files and logs, which it names.
 * @throws {PolicyInputError}
 */
export function deployWorkloadPolicy(
  home: Home,
  keys: Pick<PipelineKeys, 'files' | 'artifacts'>,
  logGroup: string,
): PolicyDocument {
  const [bucket] = bucketArns(home, 'pipeline');
  const [artifacts, artifactFiles] = bucketArns(home, 'artifacts');
  const own = new Set(['Files', 'Place', 'FilesKey', 'Logs']);
  return document([
    ...deployBoundary(home).Statement.filter(({ Sid }) => !own.has(Sid)),
    allow('Bucket', ['s3:GetBucketAcl', 's3:GetBucketLocation'], bucket),
    allow(
      'Fetch',
      ['s3:GetObject', 's3:GetObjectVersion'],
      [pipelineObjects(home, 'source'), pipelineObjects(home, 'release')],
    ),
    through(home, 'FilesKey', keys.files, 's3', ['kms:Decrypt']),
    allow('Artifacts', ['s3:GetBucketVersioning', 's3:ListBucket'], artifacts),
    allow('ArtifactFiles', ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject'], artifactFiles),
    through(home, 'ArtifactsKey', keys.artifacts, 's3', ['kms:Decrypt', 'kms:GenerateDataKey']),
    buildLogs(home, logGroup),
  ]);
}

/**
 * For people who approve, or refuse, what the pipeline has built. No role of the vault has it, a deployer neither.
 * @throws {PolicyInputError}
 */
export function approverPolicy(home: Home): PolicyDocument {
  checkHome(home);
  const pipeline = arnIn(home, 'codepipeline', pipelineName(home));
  return document([
    allow(
      'Look',
      [
        'codepipeline:GetPipeline',
        'codepipeline:GetPipelineExecution',
        'codepipeline:GetPipelineState',
        'codepipeline:ListActionExecutions',
        'codepipeline:ListPipelineExecutions',
      ],
      pipeline,
    ),
    allow('Decide', 'codepipeline:PutApprovalResult', `${pipeline}/${APPROVAL.stage}/${APPROVAL.action}`),
  ]);
}

/** The one approval of the pipeline. */
export const APPROVAL = { stage: 'Approval', action: 'Approve' } as const;

function through(
  home: Home,
  sid: string,
  key: string,
  service: 's3' | 'sns',
  actions: readonly string[],
): Statement {
  return allow(sid, actions, key, {
    StringEquals: { 'kms:ViaService': viaService(home, service, home.region) },
  });
}

function buildLogs(home: Home, group: string): Statement {
  return allow(
    'Logs',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    arnIn(home, 'logs', `log-group:${group}:*`),
  );
}

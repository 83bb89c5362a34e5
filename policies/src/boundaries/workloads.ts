// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, viaService } from '../arns.ts';
import { checkHome } from '../check.ts';
import { allow, anyKey, document } from '../identities.ts';
import { stackArns } from '../stacks.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { logs, networkInterface, tracing } from './common.ts';

/** The API: its four keys, its tables item by item, its logs and traces, its network interface in the VPC. */
export function apiBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Keys',
      [
        'kms:Decrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyPairWithoutPlaintext',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:GetPublicKey',
        'kms:Sign',
      ],
      anyKey(home),
    ),
    // A deletion is a tombstone, written by PutItem (docs/dynamodb.md, "Rights"): nothing is deleted or changed in place.
    allow(
      'Items',
      ['ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'Scan'].map((action) => `dynamodb:${action}`),
      arnIn(home, 'dynamodb', `table/${home.name}-*`),
    ),
    logs(home, [`/aws/lambda/${home.name}-*`, `/${home.name}/*`]),
    tracing(),
    networkInterface(),
  ]);
}

/** The function that reads tokens: it is outside the VPC, fetches an issuer's public keys, and touches nothing of AWS. */
export function authorizerBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([logs(home, [`/aws/lambda/${home.name}-*`, `/${home.name}/*`]), tracing()]);
}

/** The smoke test and the canaries' positive control: callers of the API, and nothing else. */
export function smokeBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    // An API's id is its own business: which one it may call, its identity policy and the API's resource policy say.
    allow('CallApi', 'execute-api:Invoke', arnIn(home, 'execute-api', '*')),
    logs(home, [`/aws/lambda/${home.name}-*`, `/${home.name}/*`]),
    tracing(),
    networkInterface(),
  ]);
}

/**
 * Canaries: the uses of keys that they try, so that it is the key policy that refuses them, and not this; and looking at
 * the policies that they compare.
 */
export function canaryBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Probes',
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPairWithoutPlaintext'],
      anyKey(home),
    ),
    allow('KeyPolicies', ['kms:GetKeyPolicy', 'kms:ListGrants'], anyKey(home)),
    allow('TablePolicies', 'dynamodb:GetResourcePolicy', arnIn(home, 'dynamodb', `table/${home.name}-*`)),
    logs(home, [`/aws/lambda/${home.name}-*`, `/${home.name}/*`]),
    networkInterface(),
  ]);
}

/**
 * The parent instance: decryption for the enclave, certificates for itself, its artifacts, its logs and metrics, a word to
 * its stack.
 * @param sessions whether Systems Manager may open sessions on instances
 */
export function instanceBoundary(home: Home, sessions = false): PolicyDocument {
  checkHome(home);
  const { account, name } = home;
  return document([
    allow('Keys', ['kms:Decrypt', 'kms:GetPublicKey', 'kms:Sign'], anyKey(home)),
    allow('Artifacts', ['s3:GetObject', 's3:GetObjectVersion'], bucketArns(home, 'artifacts')[1], {
      StringEquals: { 'aws:ResourceAccount': account },
    }),
    logs(home, [`/${name}/*`]),
    allow('Metrics', 'cloudwatch:PutMetricData', '*', { StringEquals: { 'cloudwatch:namespace': name } }),
    allow('Signal', 'cloudformation:SignalResource', arnIn(home, 'cloudformation', `stack/${name}-*/*`)),
    // The agent's calls are about the instance that makes them, which has no name yet.
    ...(sessions ? [allow('Sessions', SESSIONS, '*')] : []),
  ]);
}

/** What Systems Manager's agent calls for a session, and for no run command or inventory (its guide, "ec2messages, ssmmessages"). */
export const SESSIONS = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
] as const;

/**
 * The build: reads its source, writes a release, signs the image and the release. It runs code that nobody has approved yet, so
 * it deploys nothing and has no business in the bucket that is deployed from.
 */
export function buildBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Artifacts',
      ['s3:GetBucketAcl', 's3:GetBucketLocation', 's3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
      bucketArns(home, 'pipeline'),
      { StringEquals: { 'aws:ResourceAccount': home.account } },
    ),
    allow('ArtifactsKey', ['kms:Decrypt', 'kms:GenerateDataKey'], anyKey(home), {
      StringEquals: { 'kms:ViaService': viaService(home, 's3', home.region) },
    }),
    // Which keys sign for the build, their policies say: the channel's sign for one role each, which is another.
    allow('Signatures', ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign'], anyKey(home)),
    // To tell approvers what the keys of all Regions admit now.
    allow(
      'LiveSet',
      ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
      stackArns(home, ['keys', 'keys-replica']),
    ),
    logs(home, [`/${home.name}/*`]),
  ]);
}

/** The pipeline: takes the source, starts builds, asks for approval. It changes no resource, and approves nothing itself. */
export function pipelineBoundary(home: Home): PolicyDocument {
  checkHome(home);
  const { account, name } = home;
  const ours = { StringEquals: { 'aws:ResourceAccount': account } };
  const [artifacts] = bucketArns(home, 'artifacts');
  return document([
    allow(
      'Artifacts',
      ['s3:GetBucketLocation', 's3:GetBucketVersioning', 's3:GetObject', 's3:GetObjectVersion'],
      // Of what is deployed it reads nothing: a source that comes from no Git host lies beside.
      [artifacts, `${artifacts}/source/*`, ...bucketArns(home, 'pipeline')],
      ours,
    ),
    allow('PassOn', 's3:PutObject', bucketArns(home, 'pipeline')[1], ours),
    // What it asks people goes through SNS, to a topic that is encrypted.
    allow('ThroughServices', ['kms:Decrypt', 'kms:GenerateDataKey'], anyKey(home), {
      StringEquals: {
        'kms:ViaService': ['s3', 'sns'].map((service) => viaService(home, service, home.region)),
      },
    }),
    allow(
      'Builds',
      ['codebuild:BatchGetBuilds', 'codebuild:StartBuild', 'codebuild:StopBuild'],
      arnIn(home, 'codebuild', `project/${name}-*`),
    ),
    allow(
      'Source',
      ['codeconnections:UseConnection', 'codestar-connections:UseConnection'],
      [arnIn(home, 'codeconnections', 'connection/*'), arnIn(home, 'codestar-connections', 'connection/*')],
    ),
    allow('Approval', 'sns:Publish', arnIn(home, 'sns', `${name}-*`)),
  ]);
}

/** Services that write the vault's logs: into its groups, whose making is the stacks'. */
export function logsBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    logs(home, [`/${home.name}/*`]),
    allow(
      'FindLogs',
      ['logs:DescribeLogGroups', 'logs:DescribeLogStreams'],
      arnIn(home, 'logs', 'log-group:*'),
    ),
  ]);
}

/**
 * API Gateway's role for the logs of all APIs of an account and Region. API Gateway refuses a role that lacks what its
 * managed policy has, whatever one API needs (API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs").
 */
export function accessLogsBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Logs',
      [
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'logs:PutLogEvents',
      ],
      arnIn(home, 'logs', '*'),
    ),
  ]);
}

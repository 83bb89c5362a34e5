// SPDX-License-Identifier: Apache-2.0
import { arnIn, viaService } from './arns.ts';
import { SESSIONS } from './boundaries/workloads.ts';
import { checkHome, checkKeyArn } from './check.ts';
import { PolicyInputError } from './errors.ts';
import { allow, anyKey, channelCertificates, document } from './identities.ts';
import type { Home, KeyArns, PolicyDocument, Statement } from './types.ts';

/** One version of one object: the bytes that a deployment was made with, and no others under the same name. */
export interface PinnedObject {
  readonly bucket: string;
  readonly key: string;
  /** S3 version id. */
  readonly version: string;
}

/** What the instances of a deployment work with, beside the vault's keys. */
export interface InstanceResources {
  readonly keys: KeyArns;
  /** Program, image and settings. */
  readonly artifacts: readonly PinnedObject[];
  /** Key of the bucket of artifacts. */
  readonly artifactsKey: string;
  /** Name of the parent's log group. */
  readonly logGroup: string;
  /** CloudWatch namespace of the deployment's figures. */
  readonly namespace: string;
  /** Whether Systems Manager may open sessions, for debugging. */
  readonly sessions?: boolean;
  /** Name of the stack that has the Auto Scaling group, which waits for each instance's word. */
  readonly stack: string;
}

/**
 * The parent instance may ask for decryption, which its credentials alone never get, and signs its certificates for the
 * channel to the API.
 * @param keys without them any key of the account and Region
 */
export function instanceIdentityPolicy(deployment: Home, keys?: KeyArns): PolicyDocument {
  checkHome(deployment);
  const arns =
    keys === undefined
      ? anyKey(deployment)
      : [keys.vault, keys.request, ...(keys.legacy ?? [])].map(checkKeyArn);
  return document([
    allow('EnclaveDecrypt', 'kms:Decrypt', arns),
    ...channelCertificates(deployment, keys, 'channelServer'),
  ]);
}

/**
 * All that an instance of a deployed vault may do: the above on this deployment's keys, read the three files it is made
 * of, write its own log and figures, and tell CloudFormation that it serves.
 * @throws {PolicyInputError}
 */
export function instanceWorkloadPolicy(deployment: Home, resources: InstanceResources): PolicyDocument {
  const { keys, logGroup, namespace, stack } = resources;
  const base = instanceIdentityPolicy(deployment, keys);
  for (const [name, what] of [
    [logGroup, 'log group'],
    [namespace, 'namespace'],
    [stack, 'stack'],
  ] as const) {
    // Literal names only: a wildcard or a variable would be another resource.
    if (!/^[\w/.-]{1,255}$/.test(name))
      throw new PolicyInputError('invalid_deployment', `${what} has no plain name`);
  }
  const group = arnIn(deployment, 'logs', `log-group:${logGroup}`);
  return document([
    ...base.Statement,
    ...artifacts(deployment, resources),
    // The group itself for CreateLogStream, its streams for PutLogEvents (Service Authorization Reference, CloudWatch Logs).
    allow('Logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [group, `${group}:log-stream:*`]),
    // PutMetricData knows no resources; the namespace is its only bound.
    allow('Figures', 'cloudwatch:PutMetricData', '*', {
      StringEquals: { 'cloudwatch:namespace': namespace },
    }),
    // Behind the name CloudFormation puts an id of its own, which nobody knows beforehand.
    allow('Signal', 'cloudformation:SignalResource', arnIn(deployment, 'cloudformation', `stack/${stack}/*`)),
    ...(resources.sessions === true ? [allow('Sessions', SESSIONS, '*')] : []),
  ]);
}

function artifacts(deployment: Home, { artifacts: objects, artifactsKey }: InstanceResources): Statement[] {
  const { partition, region, account } = deployment;
  const arnOf = ({ bucket, key, version }: PinnedObject): string => {
    const good =
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
      /^[\w!.'()/-]{1,512}$/.test(key) &&
      /^[\w.-]{1,1024}$/.test(version);
    if (!good)
      throw new PolicyInputError('invalid_deployment', 'artifacts are one version of one object each');
    return `arn:${partition}:s3:::${bucket}/${key}`;
  };
  const buckets = [...new Set(objects.map(({ bucket }) => `arn:${partition}:s3:::${bucket}`))];
  return [
    // A statement each: in one, every version would be allowed of every object.
    ...objects.map((object, index) =>
      allow(`Artifact${index + 1}`, 's3:GetObjectVersion', arnOf(object), {
        StringEquals: { 's3:VersionId': object.version, 'aws:ResourceAccount': account },
      }),
    ),
    // S3 asks for the object in the caller's name. Its context is the bucket's ARN with a bucket key, and otherwise the object's.
    allow('ArtifactsKey', 'kms:Decrypt', checkKeyArn(artifactsKey), {
      StringEquals: {
        'kms:ViaService': viaService(deployment, 's3', region),
        'kms:EncryptionContext:aws:s3:arn': [...buckets, ...objects.map(arnOf)],
      },
    }),
  ];
}

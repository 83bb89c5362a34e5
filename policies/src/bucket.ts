// SPDX-License-Identifier: Apache-2.0
import { checkDeployment, checkOutsiders } from './check.ts';
import { denyAll } from './key-common.ts';
import { type Perimeter, resourcePerimeter } from './perimeter.ts';
import { roleArn } from './roles.ts';
import type { Deployment, PolicyDocument, Statement } from './types.ts';

export interface BucketPolicyInput {
  readonly bucket: string;
  /** ARN of the bucket's key, or within its own stack a reference to it. */
  readonly keyArn: string;
  /** ARNs of roles, beside the deployers, that place artifacts: the build. */
  readonly writers: readonly string[];
  /** ARNs of roles that fetch from outside the VPC: the pipeline. */
  readonly readers: readonly string[];
  readonly organization?: string | undefined;
}

/** Changes after which the bucket protects less, tells others, or is gone. */
export const BUCKET_CONTROL = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutBucketAcl',
  's3:PutBucketNotification',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutInventoryConfiguration',
  's3:PutLifecycleConfiguration',
  's3:PutReplicationConfiguration',
] as const;

/** Changes of what is already there. Nobody needs them: a new file has a new key and a new version. */
export const BUCKET_CHANGES = [
  's3:PutObjectAcl',
  's3:PutObjectVersionAcl',
  's3:ReplicateDelete',
  's3:ReplicateObject',
] as const;

export const BUCKET_DELETION = [
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
] as const;
const READING = ['s3:GetObject', 's3:GetObjectVersion'] as const;

/**
 * Policy of the bucket of artifacts: it only denies, so whoever comes in has it from a policy of its own. Code is no
 * secret; what matters is that only those who release can place, exchange or remove it, and that instances, which fetch
 * pinned versions every day, do so from our network alone.
 * @throws {PolicyInputError}
 */
export function bucketPolicy(deployment: Deployment, input: BucketPolicyInput): PolicyDocument {
  checkDeployment(deployment);
  const { bucket, keyArn, readers, writers, organization } = input;
  checkOutsiders(deployment, [...readers, ...writers]);
  const { partition, network, name, roles, deployers = [] } = deployment;
  const arn = `arn:${partition}:s3:::${bucket}`;
  const objects = `${arn}/*`;
  const controllers = [roles.deployment, roles.breakGlass];
  const placing = [...deployers, ...writers];
  const people = deployers.filter((role) => role !== roleArn(deployment, 'deploy'));
  const fetching = [roles.instance, ...readers, ...placing, ...controllers];
  const on = (resources: string | readonly string[], statement: Statement): Statement => ({
    ...statement,
    Resource: resources,
  });
  const around: Perimeter = { home: deployment, organization, actions: 's3:*', resources: [arn, objects] };
  return {
    Version: '2012-10-17',
    Id: `${name}-artifacts`,
    Statement: [
      on(arn, denyOthers('DenyControlByOthers', BUCKET_CONTROL, controllers)),
      on(objects, denyOthers('DenyPlacingByOthers', 's3:PutObject', placing)),
      on(objects, denyOthers('DenyFetchingByOthers', READING, fetching)),
      // To empty the bucket before it goes: the deploy command's business where people run it, and an emergency's.
      on(objects, denyOthers('DenyDeletionByOthers', BUCKET_DELETION, [...people, roles.breakGlass])),
      on(objects, denyAll('DenyChanges', BUCKET_CHANGES)),
      ...encryptionDenies(objects, keyArn),
      ...resourcePerimeter(around, {
        network,
        exempt: [...placing, ...readers, ...controllers],
        sourceVpcArn: true,
      }),
    ],
  };
}

/**
 * Denies of any other encryption than the bucket's own.
 * @param objects ARN pattern of the bucket's objects
 */
export function encryptionDenies(objects: string, keyArn: string): Statement[] {
  const deny = (sid: string, condition: Statement['Condition']): Statement => ({
    ...denyAll(sid, 's3:PutObject', condition),
    Resource: objects,
  });
  return [
    // Who says nothing gets the bucket's own encryption; who says something must say that (S3 User Guide, "Setting
    // default server-side encryption behavior"). With `aws:kms` and no key S3 would take the AWS managed one.
    deny('DenyOtherEncryption', {
      Null: { 's3:x-amz-server-side-encryption': 'false' },
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
    }),
    deny('DenyOtherKeys', {
      Null: { 's3:x-amz-server-side-encryption': 'false' },
      StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': keyArn },
    }),
    deny('DenyCustomerKeys', {
      Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
    }),
  ];
}

/** A Deny for everybody but the roles named; a service as itself has no ARN and is among everybody. */
function denyOthers(sid: string, actions: string | readonly string[], roles: readonly string[]): Statement {
  return denyAll(sid, actions, { ArnNotEqualsIfExists: { 'aws:PrincipalArn': roles } });
}

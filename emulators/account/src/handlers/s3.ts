// SPDX-License-Identifier: Apache-2.0
import { storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Handler, Subject } from './handler.ts';
import { changed, generatedName, has, row, rows, tagging } from './handler.ts';

/*
 * Schemas AWS::S3::Bucket, BucketPolicy; Service Authorization Reference, "Amazon S3". Names of buckets are unique in a
 * partition. S3 lets a caller lock itself out by a bucket policy (only root comes back in): the next call then fails.
 */

/** Property, the action that sets it and the one that reads it. */
const SETTINGS = [
  ['BucketEncryption', 's3:PutEncryptionConfiguration', 's3:GetEncryptionConfiguration'],
  ['LifecycleConfiguration', 's3:PutLifecycleConfiguration', 's3:GetLifecycleConfiguration'],
  ['LoggingConfiguration', 's3:PutBucketLogging', 's3:GetBucketLogging'],
  ['NotificationConfiguration', 's3:PutBucketNotification', 's3:GetBucketNotification'],
  ['ObjectLockConfiguration', 's3:PutBucketObjectLockConfiguration', 's3:GetBucketObjectLockConfiguration'],
  ['OwnershipControls', 's3:PutBucketOwnershipControls', 's3:GetBucketOwnershipControls'],
  ['PublicAccessBlockConfiguration', 's3:PutBucketPublicAccessBlock', 's3:GetBucketPublicAccessBlock'],
  ['VersioningConfiguration', 's3:PutBucketVersioning', 's3:GetBucketVersioning'],
] as const;

const BUCKET: Handler = {
  type: 'AWS::S3::Bucket',
  named: 'BucketName',
  taken: { code: 'BucketAlreadyOwnedByYou', message: (name) => `${name} already exists` },
  createOnly: ['BucketName', 'ObjectLockEnabled'],
  create: [
    row('s3:CreateBucket'),
    ...SETTINGS.map(([property, put]) => row(put, 'self', { when: has(property) })),
    tagging('s3:PutBucketTagging'),
  ],
  read: [
    ...SETTINGS.map(([property, , get]) => row(get, 'self', { when: has(property) })),
    row('s3:GetBucketTagging', 'self', { when: has('Tags') }),
    row('s3:ListBucket'),
  ],
  update: [
    ...SETTINGS.map(([property, put]) => row(put, 'self', { when: changed(property) })),
    row('s3:PutBucketTagging', 'self', { when: changed('Tags') }),
  ],
  remove: rows('self', ['s3:ListBucket', 's3:DeleteBucket']),
  identify: (draft) => {
    const { world, region, properties } = draft;
    const id = textAt(properties, 'BucketName') ?? generatedName(draft).toLowerCase();
    const arn = `arn:${world.partition}:s3:::${id}`;
    const domain = `${id}.s3.${region}.${world.suffix}`;
    const attributes = { Arn: arn, DomainName: `${id}.s3.${world.suffix}`, RegionalDomainName: domain };
    return { id, arn, attributes };
  },
  check: ({ id }) => {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(id)) {
      throw new AwsError('InvalidBucketName', `The specified bucket is not valid: ${id}`);
    }
  },
  removable: ({ world, id }) => {
    if (world.objects.versions(id).length > 0) {
      throw new AwsError(
        'BucketNotEmpty',
        'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
        { status: 409 },
      );
    }
  },
};

const itsBucket = ({ world, properties }: Subject): string =>
  `arn:${world.partition}:s3:::${textAt(properties, 'Bucket')}`;

const BUCKET_POLICY: Handler = {
  type: 'AWS::S3::BucketPolicy',
  createOnly: ['Bucket'],
  create: [row('s3:PutBucketPolicy', itsBucket), row('s3:GetBucketPolicy', itsBucket)],
  read: [row('s3:GetBucketPolicy', itsBucket)],
  update: [row('s3:PutBucketPolicy', itsBucket), row('s3:GetBucketPolicy', itsBucket)],
  remove: [row('s3:GetBucketPolicy', itsBucket), row('s3:DeleteBucketPolicy', itsBucket)],
  identify: ({ world, properties }) => {
    const id = textAt(properties, 'Bucket') ?? '';
    return { id, arn: `arn:${world.partition}:s3:::${id}#policy`, attributes: { Bucket: id } };
  },
  check: (subject) => {
    const { world, properties, id, previous } = subject;
    const bucket = world.byArn(itsBucket(subject));
    if (bucket === undefined)
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });
    if (previous === null && bucket.policy !== null) {
      throw new AwsError('AlreadyExists', `The bucket policy already exists on bucket ${id}.`);
    }
    if (sizeOf(properties.PolicyDocument) > LIMITS.bucketPolicy) {
      throw new AwsError('PolicyTooLarge', 'The bucket policy is larger than 20 KB.');
    }
    const policy = bucketPolicy(subject);
    for (const statement of [policy.Statement].flat()) {
      const resources = [statement.Resource ?? statement.NotResource ?? []].flat();
      if (resources.every((arn) => arn === bucket.arn || arn.startsWith(`${bucket.arn}/`) || arn === '*'))
        continue;
      throw new AwsError('MalformedPolicy', 'Policy has invalid resource');
    }
  },
  apply: (subject) => {
    const bucket = subject.world.byArn(itsBucket(subject));
    if (bucket !== undefined) bucket.policy = bucketPolicy(subject);
    return undefined;
  },
  gone: (subject) => {
    const bucket = subject.world.byArn(itsBucket(subject));
    if (bucket !== undefined) bucket.policy = null;
    return undefined;
  },
};

function bucketPolicy({ world, properties }: Subject) {
  return storePolicy(world, properties.PolicyDocument, 'resource', {
    code: 'MalformedPolicy',
    principal: (name) => `Invalid principal in policy: ${name}`,
  });
}

export const S3_HANDLERS: readonly Handler[] = [BUCKET, BUCKET_POLICY];

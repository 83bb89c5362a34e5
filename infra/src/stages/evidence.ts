// SPDX-License-Identifier: Apache-2.0
import { trailBucketPolicy, trailKeyPolicy } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import type { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnBucket, CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { homeOf } from '../home.ts';
import { defineStage, type StageContext } from '../stage.ts';
import { suppress } from '../suppress.ts';
import { customerKey, keep } from './keys/customer-key.ts';
import { keyArnOutput } from './shapes.ts';
import { trailArn } from './watch/trail-arn.ts';

/**
 * Where the trail writes: kept when all else goes, since what happened before the end is asked after it. The trail
 * itself is a part of the watch.
 */
export const EVIDENCE = defineStage({
  id: 'evidence',
  title: 'Bucket and key of the trail',
  kept: true,
  when: ({ watch }) => watch.trail === 'own',
  outputs: {
    KeyArn: keyArnOutput('0'),
    Bucket: {
      matching: /[a-z0-9.-]{3,63}/,
      example: ({ name, account, region }) => `${name}-trail-${account}-${region}`,
    },
  },
  build(stack, context) {
    const key = makeKey(stack, context);
    return { KeyArn: key.attrArn, Bucket: makeBucket(stack, context, key).ref };
  },
});

function makeKey(stack: Stack, { config, names }: StageContext): CfnKey {
  return customerKey(stack, 'Key', {
    alias: `${config.name}/trail`,
    description: 'Encrypts the trail',
    policy: trailKeyPolicy(homeOf(config, names), {
      trailArn: trailArn(config, names),
      organization: config.organizationId,
    }),
    kept: true,
  });
}

function makeBucket(stack: Stack, { config, names }: StageContext, key: CfnKey): CfnBucket {
  const bucket = new CfnBucket(stack, 'TrailBucket', {
    bucketName: names.trailBucket,
    // Without a bucket key: CloudTrail names the key itself, and a data key is made for each file, a few in five minutes.
    bucketEncryption: {
      serverSideEncryptionConfiguration: [
        { serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.attrArn } },
      ],
    },
    versioningConfiguration: { status: 'Enabled' },
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
    lifecycleConfiguration: {
      rules: [
        {
          id: 'expiry',
          status: 'Enabled',
          expirationInDays: config.watch.trailDays,
          noncurrentVersionExpiration: { noncurrentDays: 30 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
  });
  const policy = new CfnBucketPolicy(stack, 'TrailBucketPolicy', {
    bucket: bucket.ref,
    policyDocument: trailBucketPolicy(homeOf(config, names), {
      trailArn: trailArn(config, names),
      bucketArn: `arn:${config.partition}:s3:::${names.trailBucket}`,
      organization: config.organizationId,
    }),
  });
  for (const resource of [bucket, policy]) keep(resource);
  suppress(
    bucket,
    {
      rule: 'S3BucketLoggingEnabled',
      reason:
        'CloudTrail alone writes to it, and signs digests of what it wrote; logs of the bucket of logs would need a bucket of their own.',
    },
    {
      rule: 'S3BucketReplicationEnabled',
      reason:
        'Its policy lets nobody delete or replace a file; a copy in another account is what a trail of the organization is (`watch.trail`).',
    },
  );
  suppress(policy, {
    rule: 'S3BucketSSLRequestsOnly',
    reason:
      'EnforceSecureTransport denies all actions without TLS on the bucket and its files, by ARN; the rule knows references alone.',
  });
  return bucket;
}

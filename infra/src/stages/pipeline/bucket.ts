// SPDX-License-Identifier: Apache-2.0
import { artifactsKeyPolicy, pipelineBucketPolicy } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import type { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnBucket, CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { customerKey } from '../keys/customer-key.ts';

/** Days. An approval waits for seven at most (CodePipeline quotas); what was deployed is in the bucket of artifacts. */
const EXPIRY = 30;

/**
 * The bucket in which the pipeline passes files on, and its key: not that of artifacts, in which the build then has no business at all.
 * @returns the key
 */
export function pipelineBucket(stack: Stack, { config, names }: StageContext): CfnKey {
  const home = homeOf(config, names);
  const { breakGlass } = names.roles;
  const key = customerKey(stack, 'FilesKey', {
    alias: `${config.name}/pipeline`,
    description: 'Encrypts what the pipeline passes on',
    policy: artifactsKeyPolicy(home, names.pipelineBucket, {
      readers: [names.roleArn('deploy'), breakGlass],
      writers: [names.roleArn('pipeline'), names.roleArn('build')],
    }),
  });
  const bucket = new CfnBucket(stack, 'Files', {
    bucketName: names.pipelineBucket,
    versioningConfiguration: { status: 'Enabled' },
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
    bucketEncryption: {
      serverSideEncryptionConfiguration: [
        {
          bucketKeyEnabled: true,
          serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.attrArn },
        },
      ],
    },
    lifecycleConfiguration: {
      rules: [
        {
          id: 'expiry',
          status: 'Enabled',
          expirationInDays: EXPIRY,
          noncurrentVersionExpiration: { noncurrentDays: 1 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
  });
  bucket.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  bucket.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  suppress(
    bucket,
    {
      rule: 'S3BucketLoggingEnabled',
      reason: 'Files of runs, for a month; who started a run and who approved it is in the trail.',
    },
    { rule: 'S3BucketReplicationEnabled', reason: 'Files of runs, for a month: a run can be repeated.' },
  );
  const policy = new CfnBucketPolicy(stack, 'FilesPolicy', {
    bucket: bucket.ref,
    policyDocument: pipelineBucketPolicy(home, {
      bucket: names.pipelineBucket,
      keyArn: key.attrArn,
      organization: config.organizationId,
    }),
  });
  suppress(policy, {
    rule: 'S3BucketSSLRequestsOnly',
    reason:
      'EnforceSecureTransport denies all actions without TLS on the bucket and its files, by ARN; the rule knows references alone.',
  });
  return key;
}

// SPDX-License-Identifier: Apache-2.0
import { artifactsKeyPolicy, bucketPolicy } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import type { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnBucket, CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { defineStage, type StageContext } from '../stage.ts';
import { suppress } from '../suppress.ts';
import { codeSigning } from './artifacts/signing.ts';
import { customerKey } from './keys/customer-key.ts';
import { keyArnOutput, lambdaCodeSigningArnOutput, signingProfileArnOutput } from './shapes.ts';

/** The versioned bucket of code and image, its key, and what signs functions. */
export const ARTIFACTS = defineStage({
  id: 'artifacts',
  title: 'Bucket of artifacts and code signing',
  outputs: {
    KeyArn: keyArnOutput('3'),
    Bucket: {
      matching: /[a-z0-9.-]{3,63}/,
      example: ({ name, account, region }) => `${name}-artifacts-${account}-${region}`,
    },
    /** `none` where the deployment has no code signing. */
    CodeSigningConfigArn: lambdaCodeSigningArnOutput(),
    SigningProfileName: { matching: /none|[A-Za-z0-9_]{2,64}/, example: 'vault_code' },
    SigningProfileVersionArn: signingProfileArnOutput(),
  },
  build(stack, context) {
    const { config, deployment, names } = context;
    const home = deployment();
    const { deployment: deploymentRole, breakGlass, instance } = names.roles;
    const key = customerKey(stack, 'ArtifactsKey', {
      alias: `${config.name}/artifacts`,
      description: 'Encrypts code and image',
      policy: artifactsKeyPolicy(home, names.bucket, {
        // CloudFormation and Lambda fetch with the deployment role's session.
        readers: [instance, deploymentRole, breakGlass, names.roleArn('pipeline')],
        writers: config.deployers,
      }),
    });
    const bucket = artifactsBucket(stack, context, key);
    return { KeyArn: key.attrArn, Bucket: bucket.ref, ...codeSigning(stack, config) };
  },
});

function artifactsBucket(stack: Stack, { config, deployment, names }: StageContext, key: CfnKey): CfnBucket {
  const { lockDays } = config.artifacts;
  const bucket = new CfnBucket(stack, 'Artifacts', {
    bucketName: names.bucket,
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
    // Nothing that was uploaded expires: a launch template pins versions, and instances fetch them anew every day.
    lifecycleConfiguration: {
      rules: [
        {
          id: 'unfinished-uploads',
          status: 'Enabled',
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
    ...(lockDays === 0
      ? {}
      : {
          objectLockEnabled: true,
          objectLockConfiguration: {
            objectLockEnabled: 'Enabled',
            rule: { defaultRetention: { mode: 'GOVERNANCE', days: lockDays } },
          },
        }),
  });
  // What can be built again from a release. `npm run destroy` empties it, or the bucket's deletion fails.
  bucket.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  bucket.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  suppress(
    bucket,
    {
      rule: 'S3BucketLoggingEnabled',
      reason:
        'The trail records each access to its files (`watch.dataEvents`), with the caller; server access logs are best effort and know less.',
    },
    {
      rule: 'S3BucketReplicationEnabled',
      reason: 'What is in it can be placed again from the signed release, in any Region.',
    },
  );
  const policy = new CfnBucketPolicy(stack, 'ArtifactsPolicy', {
    bucket: bucket.ref,
    policyDocument: bucketPolicy(deployment(), {
      bucket: names.bucket,
      keyArn: key.attrArn,
      writers: [],
      // A source that comes from no Git host.
      readers: [names.roleArn('pipeline')],
      organization: config.organizationId,
    }),
  });
  suppress(policy, {
    rule: 'S3BucketSSLRequestsOnly',
    reason:
      'EnforceSecureTransport denies all actions without TLS on the bucket and its files, by ARN; the rule knows references alone.',
  });
  return bucket;
}

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { evaluateRequest } from '../../../emulators/iam/src/index.ts';
import { bucketPolicy } from '../../src/index.ts';
import { ACCOUNT, ALLOW_ALL, DEPLOYMENT } from '../support.ts';
import { BUILD, FOR_OTHERS, FOR_US, judged, PIPELINE, type Row, WHO } from './judge.ts';

const BUCKET = 'vault-artifacts-111122223333-eu-central-1';
const ARN = `arn:aws:s3:::${BUCKET}`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/aaaaaaaa-1111-2222-3333-444444444444`;
const INPUT = { bucket: BUCKET, keyArn: KEY, writers: [BUILD], readers: [PIPELINE] };
const policy = bucketPolicy(DEPLOYMENT, INPUT);

const SSE = 's3:x-amz-server-side-encryption';
const ours = { [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: KEY };

const FETCH = ['GetObject', 'GetObjectVersion'];
const DELETION = [
  'BypassGovernanceRetention',
  'DeleteObject',
  'DeleteObjectVersion',
  'PutObjectLegalHold',
  'PutObjectRetention',
];
const CHANGES = ['PutObjectAcl', 'PutObjectVersionAcl', 'ReplicateDelete', 'ReplicateObject'];
const CONTROL = [
  'DeleteBucket',
  'DeleteBucketPolicy',
  'PutBucketAcl',
  'PutBucketNotification',
  'PutBucketObjectLockConfiguration',
  'PutBucketOwnershipControls',
  'PutBucketPolicy',
  'PutBucketPublicAccessBlock',
  'PutBucketVersioning',
  'PutEncryptionConfiguration',
  'PutInventoryConfiguration',
  'PutLifecycleConfiguration',
  'PutReplicationConfiguration',
];
const named = (rows: readonly Row[]): Row[] =>
  rows.map(([who, from, action, ...rest]) => [who, from, `s3:${action}`, ...rest]);

const objects: readonly Row[] = [
  ...FETCH.flatMap((action): Row[] => [
    ['instance', 'inside', action, {}, 'allow'],
    ['instance', 'withoutArn', action, {}, 'allow', 'a partition that tells no ARN'],
    ['instance', 'outside', action, {}, 'EnforceNetworkPerimeter', 'stolen credentials'],
    ['instance', 'otherVpc', action, {}, 'EnforceNetworkPerimeter'],
    ['instance', 'otherRegion', action, {}, 'EnforceVpcArn', 'the same id in another Region'],
    ['instance', 'forwarded', action, {}, 'EnforceNetworkPerimeter'],
    ['deployment', 'forwarded', action, {}, 'allow', 'Lambda and CloudFormation fetch as it'],
    ['deployment', 'otherRegion', action, {}, 'allow'],
    ['deployer', 'outside', action, {}, 'allow'],
    ['deployer', 'otherRegion', action, {}, 'allow'],
    ['deployer', 'forwarded', action, {}, 'allow', 'AWS Signer fetches as the caller'],
    ['build', 'outside', action, {}, 'allow'],
    ['build', 'otherRegion', action, {}, 'allow'],
    ['pipeline', 'outside', action, {}, 'allow'],
    ['pipeline', 'otherRegion', action, {}, 'allow'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['breakGlass', 'otherRegion', action, {}, 'allow'],
    ['api', 'inside', action, {}, 'DenyFetchingByOthers'],
    ['admin', 'inside', action, {}, 'DenyFetchingByOthers'],
    ['root', 'inside', action, {}, 'DenyFetchingByOthers'],
    ['stranger', 'inside', action, {}, 'DenyFetchingByOthers'],
    ['anonymous', 'outside', action, {}, 'DenyFetchingByOthers'],
    ['s3', 'nowhere', action, FOR_US, 'DenyFetchingByOthers'],
    ['instance', 'inside', action, { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  ]),
  ['deployer', 'outside', 'PutObject', {}, 'allow', 'the bucket’s own encryption'],
  ['deployer', 'outside', 'PutObject', ours, 'allow'],
  ['deployer', 'forwarded', 'PutObject', {}, 'allow', 'AWS Signer places as the caller'],
  ['build', 'outside', 'PutObject', {}, 'allow'],
  ['deployer', 'outside', 'PutObject', { [SSE]: 'AES256' }, 'DenyOtherEncryption'],
  [
    'deployer',
    'outside',
    'PutObject',
    { [SSE]: 'aws:kms:dsse', [`${SSE}-aws-kms-key-id`]: KEY },
    'DenyOtherEncryption',
  ],
  ['deployer', 'outside', 'PutObject', { [SSE]: 'aws:kms' }, 'DenyOtherKeys', 'the AWS managed key'],
  [
    'deployer',
    'outside',
    'PutObject',
    { [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: KEY.replace(ACCOUNT, '444455556666') },
    'DenyOtherKeys',
  ],
  ['deployer', 'outside', 'PutObject', { [`${SSE}-customer-algorithm`]: 'AES256' }, 'DenyCustomerKeys'],
  ['instance', 'inside', 'PutObject', {}, 'DenyPlacingByOthers', 'a taken parent places no code'],
  ['api', 'inside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['deployment', 'outside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['pipeline', 'outside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['breakGlass', 'outside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['admin', 'inside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['stranger', 'inside', 'PutObject', {}, 'DenyPlacingByOthers'],
  ['s3', 'nowhere', 'PutObject', FOR_US, 'DenyPlacingByOthers', 'no inventory, no server access log'],
  ...DELETION.flatMap((action): Row[] => [
    ['deployer', 'outside', action, {}, 'allow', 'npm run destroy'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['build', 'outside', action, {}, 'DenyDeletionByOthers'],
    ['deployment', 'outside', action, {}, 'DenyDeletionByOthers'],
    ['admin', 'inside', action, {}, 'DenyDeletionByOthers'],
    ['instance', 'inside', action, {}, 'DenyDeletionByOthers'],
  ]),
  ...CHANGES.map((action): Row => ['deployer', 'outside', action, {}, 'DenyChanges']),
];

const bucket: readonly Row[] = [
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow'],
    ['deployment', 'forwarded', action, {}, 'allow', 'CloudFormation'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['deployer', 'outside', action, {}, 'DenyControlByOthers'],
    ['build', 'outside', action, {}, 'DenyControlByOthers'],
    ['admin', 'inside', action, {}, 'DenyControlByOthers'],
    ['root', 'inside', action, {}, 'DenyControlByOthers'],
  ]),
  ['admin', 'inside', 'ListBucket', {}, 'allow'],
  ['admin', 'outside', 'ListBucket', {}, 'EnforceNetworkPerimeter'],
  ['tagged', 'outside', 'ListBucket', {}, 'EnforceNetworkPerimeter', 'no tag opens a way around'],
  ['serviceLinked', 'outside', 'GetBucketPolicy', {}, 'allow', 'AWS Config'],
  ['serviceLinked', 'otherRegion', 'GetBucketPolicy', {}, 'allow'],
  ['deployer', 'outside', 'ListBucketVersions', {}, 'allow'],
  ['stranger', 'inside', 'ListBucket', {}, 'EnforceIdentityPerimeter'],
  ['anonymous', 'inside', 'ListBucket', {}, 'EnforceIdentityPerimeter'],
  ['s3', 'nowhere', 'GetBucketAcl', FOR_US, 'resource'],
  [
    's3',
    'inside',
    'GetBucketAcl',
    { 'aws:SourceVpcArn': 'arn:aws:ec2:us-east-1:444455556666:vpc/vpc-1' },
    'resource',
  ],
  ['s3', 'nowhere', 'GetBucketAcl', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ['s3', 'nowhere', 'GetBucketAcl', {}, 'resource'],
  ['admin', 'inside', 'ListBucket', { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
];

describe('the policy of the bucket of artifacts', () => {
  judged({
    policy,
    kind: 'resource',
    rows: [...named(objects).map((row): Row => row), ...named(bucket).map((row): Row => row)],
    resource: (row) => (named(bucket).some((one) => one[2] === row[2]) ? ARN : `${ARN}/signed/api.zip`),
    limit: 20_480,
  });

  it('lets in the organization where the edge is drawn around that', () => {
    const wider = bucketPolicy(DEPLOYMENT, { ...INPUT, organization: 'o-aaaaaaaaaa' });
    const asked = (organization: string): boolean =>
      evaluateRequest(
        {
          principal: { ...WHO.stranger, organization },
          action: 's3:ListBucket',
          resource: ARN,
          resourceAccount: ACCOUNT,
          context: { 'aws:SourceVpc': DEPLOYMENT.network.vpcId },
        },
        {
          identity: [ALLOW_ALL],
          resource: {
            ...wider,
            Statement: [
              { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' },
              ...wider.Statement,
            ],
          },
        },
      ).allowed;
    expect(asked('o-aaaaaaaaaa')).toBe(true);
    expect(asked('o-bbbbbbbbbb')).toBe(false);
  });
});

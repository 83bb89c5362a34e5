// SPDX-License-Identifier: Apache-2.0
import { type Case, on, set } from './case.ts';

export const STORAGE_CASES: readonly Case[] = [
  ...on(
    'log-group',
    'Log',
    ['no key', 'no customer key', set('Log', 'KmsKeyId')],
    ['no end', 'never expires', set('Log', 'RetentionInDays')],
  ),
  ...on(
    'key',
    'Key',
    ['no rotation', 'no rotation', set('Key', 'EnableKeyRotation')],
    ['no policy', 'no policy', set('Key', 'KeyPolicy')],
    ['a short wait', 'less than 30 days', set('Key', 'PendingWindowInDays', 7)],
    ['a bypass', 'lockout check', set('Key', 'BypassPolicyLockoutSafetyCheck', true)],
    ['imported material', 'from elsewhere', set('Key', 'Origin', 'EXTERNAL')],
  ),
  ...on(
    'bucket',
    'Bucket',
    ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
      (block) =>
        [
          `no ${block}`,
          `no ${block}`,
          set('Bucket', `PublicAccessBlockConfiguration.${block}`, false),
        ] as const,
    ),
    ['no versions', 'no versions', set('Bucket', 'VersioningConfiguration.Status', 'Suspended')],
    ['ACLs', 'takes ACLs', set('Bucket', 'OwnershipControls')],
    ['S3’s own key', 'no customer key', set('Bucket', 'BucketEncryption')],
    [
      'the AWS managed key',
      'no customer key',
      set(
        'Bucket',
        'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID',
      ),
    ],
    ['no policy', 'no policy', set('BucketPolicy', 'Bucket', 'another')],
  ),
  ...on(
    'table',
    'Table',
    ['DynamoDB’s own key', 'no customer key', set('Table', 'SSESpecification')],
    ['a replica without a key', 'eu-central-1: no customer key', set('Table', 'Replicas.0.SSESpecification')],
    [
      'no recovery',
      'no point-in-time recovery',
      set('Table', 'Replicas.0.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled', false),
    ],
  ),
  ...on(
    'topic',
    'Topic',
    ['no key', 'no customer key', set('Topic', 'KmsMasterKeyId')],
    ['the AWS managed key', 'no customer key', set('Topic', 'KmsMasterKeyId', 'alias/aws/sns')],
    ['no policy', 'no policy', set('TopicPolicy', 'Topics', [])],
  ),
  ...on(
    'trail',
    'Trail',
    ['one Region', 'of one Region', set('Trail', 'IsMultiRegionTrail', false)],
    ['no validation', 'not validated', set('Trail', 'EnableLogFileValidation')],
    ['no key', 'no customer key', set('Trail', 'KMSKeyId')],
    ['no logging', 'does not log', set('Trail', 'IsLogging', false)],
  ),
];

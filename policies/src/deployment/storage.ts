// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, viaService } from '../arns.ts';
import { allow, anyKeys } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Table, in every Region that it is replicated to; no item of it. */
export function tableGrants(home: Home): Statement[] {
  const { name, replicaRegions = [] } = home;
  const tables = arnIn(home, 'dynamodb', `table/${name}-*`, '*');
  return [
    allow(
      'Table',
      [
        'dynamodb:CreateTable',
        'dynamodb:CreateTableReplica',
        'dynamodb:DeleteResourcePolicy',
        'dynamodb:DeleteTable',
        'dynamodb:DeleteTableReplica',
        'dynamodb:DescribeContinuousBackups',
        'dynamodb:DescribeContributorInsights',
        'dynamodb:DescribeKinesisStreamingDestination',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTableReplicaAutoScaling',
        'dynamodb:DescribeTimeToLive',
        'dynamodb:GetResourcePolicy',
        'dynamodb:ListTagsOfResource',
        'dynamodb:PutResourcePolicy',
        'dynamodb:TagResource',
        'dynamodb:UntagResource',
        'dynamodb:UpdateContinuousBackups',
        'dynamodb:UpdateContributorInsights',
        'dynamodb:UpdateTable',
        'dynamodb:UpdateTimeToLive',
      ],
      [tables, `${tables}/*`],
    ),
    // DynamoDB works with a customer key by grants that it asks for in its caller's name, and looks at the key the same way
    // (DynamoDB Developer Guide, "Managing customer managed keys"). For no other service, and for no caller of ours.
    allow('TableKey', TABLE_KEY, anyKeys(home), {
      StringLike: { 'kms:ViaService': viaService(home, 'dynamodb', '*') },
    }),
    allow('TableKeyGrants', 'kms:CreateGrant', anyKeys(home), {
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
      StringLike: { 'kms:ViaService': viaService(home, 'dynamodb', '*') },
    }),
    // Who adds a replica needs these in its Region (DynamoDB Developer Guide, "DynamoDB global tables security"). The
    // replica's own policy, which the next update brings, refuses them from then on.
    ...(replicaRegions.length === 0
      ? []
      : [
          allow(
            'FillReplicas',
            REPLICA_ITEMS,
            replicaRegions.map((region) => arnIn(home, 'dynamodb', `table/${name}-*`, region)),
          ),
        ]),
  ];
}

/** DescribeKey it may call itself. */
export const TABLE_KEY = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

export const REPLICA_ITEMS = [
  'dynamodb:BatchWriteItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
  'dynamodb:UpdateItem',
] as const;

/** Buckets of artifacts and of the trail. Objects are read where Lambda takes its code from them, in its caller's name. */
export function bucketGrants(home: Home): Statement[] {
  const [buckets] = bucketArns(home, '*');
  const [, artifacts] = bucketArns(home, 'artifacts');
  return [
    allow(
      'Buckets',
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:GetAccelerateConfiguration',
        's3:GetAnalyticsConfiguration',
        's3:GetBucketAcl',
        's3:GetBucketCORS',
        's3:GetBucketLogging',
        's3:GetBucketNotification',
        's3:GetBucketObjectLockConfiguration',
        's3:GetBucketOwnershipControls',
        's3:GetBucketPolicy',
        's3:GetBucketPublicAccessBlock',
        's3:GetBucketTagging',
        's3:GetBucketVersioning',
        's3:GetBucketWebsite',
        's3:GetEncryptionConfiguration',
        's3:GetIntelligentTieringConfiguration',
        's3:GetInventoryConfiguration',
        's3:GetLifecycleConfiguration',
        's3:GetMetricsConfiguration',
        's3:GetReplicationConfiguration',
        's3:ListBucket',
        's3:ListTagsForResource',
        's3:PutBucketLogging',
        's3:PutBucketObjectLockConfiguration',
        's3:PutBucketOwnershipControls',
        's3:PutBucketPolicy',
        's3:PutBucketPublicAccessBlock',
        's3:PutBucketTagging',
        's3:PutBucketVersioning',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      buckets,
    ),
    allow('ReadCode', ['s3:GetObject', 's3:GetObjectVersion'], artifacts, {
      StringEquals: { 'aws:ResourceAccount': home.account },
    }),
    allow('ReadCodeKey', 'kms:Decrypt', anyKeys(home), {
      StringLike: { 'kms:ViaService': viaService(home, 's3', '*') },
    }),
  ];
}

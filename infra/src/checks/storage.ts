// SPDX-License-Identifier: Apache-2.0
import { at, type Check, isObject, many, onTypes, resourcesOf } from './check.ts';

const retention: Check = {
  id: 'kept',
  refuses: 'In a stage that is kept, resources that go with their stack or their replacement.',
  because: 'What is kept is what nothing brings back: keys, the table, evidence, and who may manage them.',
  *find(subject) {
    if (!subject.kept) return;
    for (const { id, resource } of resourcesOf(subject)) {
      for (const member of ['DeletionPolicy', 'UpdateReplacePolicy'] as const) {
        if (!String(resource[member]).startsWith('Retain'))
          yield { resource: id, reason: `no ${member} Retain` };
      }
    }
  },
};

const logs: Check = {
  id: 'log-group',
  refuses:
    'Log groups without a customer key; without a time after which entries go, unless the group is protected from deletion.',
  because:
    'Logs say who did what. Those that never expire are the heads of audit chains: an expired head proves nothing.',
  find: onTypes(['AWS::Logs::LogGroup'], function* judge(properties) {
    if (properties.KmsKeyId === undefined) yield 'no customer key';
    if (properties.RetentionInDays === undefined && properties.DeletionProtectionEnabled !== true) {
      yield 'never expires, and may be deleted';
    }
  }),
};

const keys: Check = {
  id: 'key',
  refuses:
    'Symmetric keys without rotation; keys that go in less than 30 days, have no policy of their own, or bypass the lockout check.',
  because: 'KMS’s default policy leaves everything to IAM. The bypass makes keys that nobody can manage.',
  find: onTypes(['AWS::KMS::Key', 'AWS::KMS::ReplicaKey'], function* judge(properties, { type }) {
    const symmetric = [undefined, 'SYMMETRIC_DEFAULT'].includes(properties.KeySpec as string | undefined);
    if (type === 'AWS::KMS::Key' && symmetric && properties.EnableKeyRotation !== true) yield 'no rotation';
    if (!isObject(properties.KeyPolicy)) yield 'no policy';
    if (properties.PendingWindowInDays !== 30) yield 'can be gone in less than 30 days';
    if (properties.BypassPolicyLockoutSafetyCheck !== undefined) yield 'bypasses the lockout check';
    if (properties.Origin !== undefined && properties.Origin !== 'AWS_KMS')
      yield 'key material from elsewhere';
  }),
};

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

const buckets: Check = {
  id: 'bucket',
  refuses:
    'Buckets that may become public, are not versioned, take ACLs, are not encrypted under a customer key, or have no policy.',
  because: 'A version is what a function and an instance are pinned to, and what a deletion leaves behind.',
  *find(subject) {
    const policies = resourcesOf(subject, 'AWS::S3::BucketPolicy').map(({ properties }) => properties.Bucket);
    yield* onTypes(['AWS::S3::Bucket'], function* judge(properties, { id }) {
      for (const block of BLOCKS) {
        if (at(properties, 'PublicAccessBlockConfiguration', block) !== true) yield `no ${block}`;
      }
      if (at(properties, 'VersioningConfiguration', 'Status') !== 'Enabled') yield 'no versions';
      const ownership = many(at(properties, 'OwnershipControls', 'Rules'));
      if (at(ownership[0], 'ObjectOwnership') !== 'BucketOwnerEnforced') yield 'takes ACLs';
      const rules = many(at(properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration'));
      const encryption = at(rules[0], 'ServerSideEncryptionByDefault');
      if (at(encryption, 'SSEAlgorithm') !== 'aws:kms' || at(encryption, 'KMSMasterKeyID') === undefined) {
        yield 'no customer key';
      }
      const named = policies.some((bucket) => at(bucket, 'Ref') === id || bucket === properties.BucketName);
      if (!named) yield 'no policy';
    })(subject);
  },
};

const tables: Check = {
  id: 'table',
  refuses: 'Tables without a customer key or point-in-time recovery.',
  because: 'Records that are gone are gone: nobody else has them.',
  find: onTypes(
    ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'],
    function* judge(properties, { type }) {
      if (type === 'AWS::DynamoDB::Table') yield 'a table that cannot be replicated later';
      if (at(properties, 'SSESpecification', 'SSEType') !== 'KMS') yield 'no customer key';
      for (const replica of many(properties.Replicas)) {
        const region = String(at(replica, 'Region'));
        if (at(replica, 'SSESpecification', 'KMSMasterKeyId') === undefined)
          yield `${region}: no customer key`;
        if (at(replica, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') !== true) {
          yield `${region}: no point-in-time recovery`;
        }
      }
    },
  ),
};

const topics: Check = {
  id: 'topic',
  refuses: 'Topics without a customer key or a policy.',
  because:
    'CloudWatch cannot publish to a topic under the AWS managed key: an alarm would be raised, and nobody hear it.',
  *find(subject) {
    const covered = resourcesOf(subject, 'AWS::SNS::TopicPolicy').flatMap(({ properties }) =>
      many(properties.Topics).map((topic) => at(topic, 'Ref')),
    );
    yield* onTypes(['AWS::SNS::Topic'], function* judge({ KmsMasterKeyId }, { id }) {
      if (KmsMasterKeyId === undefined || /alias\/aws\//.test(JSON.stringify(KmsMasterKeyId))) {
        yield 'no customer key';
      }
      if (!covered.includes(id)) yield 'no policy';
    })(subject);
  },
};

const trails: Check = {
  id: 'trail',
  refuses: 'Trails of one Region, without validation of files, or without a customer key.',
  because: 'A change elsewhere, or a file that was changed, would not be seen.',
  find: onTypes(['AWS::CloudTrail::Trail'], function* judge(properties) {
    if (properties.IsMultiRegionTrail !== true) yield 'of one Region';
    if (properties.EnableLogFileValidation !== true) yield 'files are not validated';
    if (properties.KMSKeyId === undefined) yield 'no customer key';
    if (properties.IsLogging !== true) yield 'does not log';
  }),
};

export const STORAGE_CHECKS: readonly Check[] = [retention, logs, keys, buckets, tables, topics, trails];

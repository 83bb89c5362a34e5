// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type Principal,
  validatePolicy,
} from '../../emulators/iam/src/index.ts';
import {
  deploymentBoundary,
  deploymentPolicies,
  type PolicyDocument,
  PolicyInputError,
  trailBucketPolicy,
  trailKeyPolicy,
  trailRolePolicy,
} from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, OTHER } from './support.ts';

const trailArn = `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/vault-trail`;
const otherTrail = trailArn.replace('vault-trail', 'another');
const bucketArn = 'arn:aws:s3:::vault-watch-trail-1';
const file = `${bucketArn}/AWSLogs/${ACCOUNT}/CloudTrail/eu-central-1/2026/01/01/a.json.gz`;
const keyArn = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/aaaaaaaa-1111-2222-3333-444444444444`;
const organization = 'o-abcdefghij';

const cloudtrail: Principal = { arn: 'cloudtrail.amazonaws.com', type: 'service' };
const config: Principal = { arn: 'config.amazonaws.com', type: 'service' };
const stranger = CALLERS.stranger;
const TLS = { 'aws:SecureTransport': 'true' };
const forTrail = {
  ...TLS,
  'aws:SourceArn': trailArn,
  'aws:SourceAccount': ACCOUNT,
  'kms:EncryptionContext:aws:cloudtrail:arn': trailArn,
  's3:x-amz-acl': 'bucket-owner-full-control',
};
const byS3 = {
  'kms:EncryptionContext:aws:cloudtrail:arn': trailArn,
  'kms:ViaService': 's3.eu-central-1.amazonaws.com',
};

/** Who asks for what, and the statement that decides; `allow`, or what lacks an Allow. */
type Row = readonly [
  who: Principal,
  action: string,
  resource: string,
  context: ContextValues,
  answer: string,
];

const { 'aws:SourceAccount': _, ...withoutAccount } = forTrail;

const KEY_ROWS: readonly Row[] = [
  // Where a service tells no account, the trail's ARN decides alone.
  [cloudtrail, 'kms:GenerateDataKey', keyArn, withoutAccount, 'allow'],
  // Confused deputies are services; a person's request is judged by who he is.
  [CALLERS.admin, 'kms:Decrypt', keyArn, { ...byS3, 'aws:SourceAccount': OTHER }, 'allow'],
  [cloudtrail, 'kms:GenerateDataKey', keyArn, forTrail, 'allow'],
  [cloudtrail, 'kms:DescribeKey', keyArn, forTrail, 'allow'],
  [cloudtrail, 'kms:GenerateDataKey', keyArn, { ...forTrail, 'aws:SourceArn': otherTrail }, 'resource'],
  [cloudtrail, 'kms:DescribeKey', keyArn, { ...forTrail, 'aws:SourceArn': otherTrail }, 'resource'],
  [
    cloudtrail,
    'kms:GenerateDataKey',
    keyArn,
    { ...forTrail, 'kms:EncryptionContext:aws:cloudtrail:arn': otherTrail },
    'resource',
  ],
  [
    cloudtrail,
    'kms:GenerateDataKey',
    keyArn,
    { ...forTrail, 'aws:SourceAccount': OTHER },
    'EnforceConfusedDeputyProtection',
  ],
  [cloudtrail, 'kms:Decrypt', keyArn, forTrail, 'resource'],
  [config, 'kms:GenerateDataKey', keyArn, forTrail, 'resource'],
  [CALLERS.admin, 'kms:Decrypt', keyArn, byS3, 'allow'],
  [
    CALLERS.admin,
    'kms:Decrypt',
    keyArn,
    { ...byS3, 'kms:ViaService': 'sns.eu-central-1.amazonaws.com' },
    'resource',
  ],
  [
    CALLERS.admin,
    'kms:Decrypt',
    keyArn,
    { ...byS3, 'kms:EncryptionContext:aws:cloudtrail:arn': otherTrail },
    'resource',
  ],
  [CALLERS.admin, 'kms:GenerateDataKey', keyArn, byS3, 'resource'],
  [CALLERS.admin, 'kms:DescribeKey', keyArn, {}, 'allow'],
  [CALLERS.admin, 'kms:PutKeyPolicy', keyArn, {}, 'DenyControlByOthers'],
  [CALLERS.admin, 'kms:ScheduleKeyDeletion', keyArn, {}, 'DenyControlByOthers'],
  [CALLERS.root, 'kms:DisableKey', keyArn, {}, 'DenyControlByOthers'],
  [CALLERS.admin, 'kms:CreateGrant', keyArn, {}, 'DenyGrants'],
  [CALLERS.deployment, 'kms:PutKeyPolicy', keyArn, {}, 'allow'],
  [CALLERS.breakGlass, 'kms:ScheduleKeyDeletion', keyArn, {}, 'allow'],
  [stranger, 'kms:Decrypt', keyArn, byS3, 'EnforceIdentityPerimeter'],
];

const BUCKET_ROWS: readonly Row[] = [
  [cloudtrail, 's3:PutObject', file, withoutAccount, 'allow'],
  [CALLERS.admin, 's3:GetObject', file, { ...TLS, 'aws:SourceAccount': OTHER }, 'allow'],
  [cloudtrail, 's3:PutObject', file, forTrail, 'allow'],
  [cloudtrail, 's3:GetBucketAcl', bucketArn, forTrail, 'allow'],
  [cloudtrail, 's3:GetBucketAcl', bucketArn, { ...forTrail, 'aws:SourceArn': otherTrail }, 'resource'],
  [cloudtrail, 's3:PutObject', file, { ...forTrail, 'aws:SourceArn': otherTrail }, 'resource'],
  [cloudtrail, 's3:PutObject', file, { ...forTrail, 's3:x-amz-acl': 'private' }, 'resource'],
  [cloudtrail, 's3:PutObject', `${bucketArn}/elsewhere`, forTrail, 'resource'],
  [cloudtrail, 's3:PutObject', file.replace(ACCOUNT, OTHER), forTrail, 'resource'],
  [
    cloudtrail,
    's3:PutObject',
    file,
    { ...forTrail, 'aws:SourceAccount': OTHER },
    'EnforceConfusedDeputyProtection',
  ],
  [cloudtrail, 's3:DeleteObject', file, forTrail, 'DenyDeletion'],
  [config, 's3:PutObject', file, forTrail, 'DenyWritingByOthers'],
  [CALLERS.admin, 's3:PutObject', file, TLS, 'DenyWritingByOthers'],
  [CALLERS.admin, 's3:PutObjectAcl', file, TLS, 'DenyWritingByOthers'],
  [CALLERS.admin, 's3:PutObjectVersionAcl', file, TLS, 'DenyWritingByOthers'],
  [CALLERS.admin, 's3:GetObject', file, TLS, 'allow'],
  ...[
    'BypassGovernanceRetention',
    'DeleteObject',
    'DeleteObjectTagging',
    'DeleteObjectVersion',
    'DeleteObjectVersionTagging',
    'ReplicateDelete',
    'ReplicateObject',
  ].map((action): Row => [CALLERS.admin, `s3:${action}`, file, TLS, 'DenyDeletion']),
  // A lifecycle of a day, or no policy at all, would delete as well.
  ...[
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
  ].flatMap((action): Row[] => [
    [CALLERS.admin, `s3:${action}`, bucketArn, TLS, 'DenyControlByOthers'],
    [CALLERS.root, `s3:${action}`, bucketArn, TLS, 'DenyControlByOthers'],
    [CALLERS.deployment, `s3:${action}`, bucketArn, TLS, 'allow'],
    [CALLERS.breakGlass, `s3:${action}`, bucketArn, TLS, 'allow'],
    [config, `s3:${action}`, bucketArn, forTrail, 'DenyControlByOthers'],
  ]),
  [CALLERS.breakGlass, 's3:DeleteObjectVersion', file, TLS, 'DenyDeletion'],
  [CALLERS.root, 's3:DeleteObject', file, TLS, 'DenyDeletion'],
  [CALLERS.admin, 's3:GetObject', file, { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  [CALLERS.admin, 's3:ListBucket', bucketArn, { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  [stranger, 's3:GetObject', file, TLS, 'EnforceIdentityPerimeter'],
  [stranger, 's3:ListBucket', bucketArn, TLS, 'EnforceIdentityPerimeter'],
];

function judge([principal, action, resource, context]: Row, policy: PolicyDocument): string {
  const decision = evaluateRequest(
    { principal, action, resource, resourceAccount: ACCOUNT, context },
    // At worst: everybody's identity policy allows everything.
    { ...(principal.type === 'service' ? {} : { identity: [ALLOW_ALL] }), resource: policy },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}
const named = (rows: readonly Row[]) =>
  rows.map((row) => [`${row[0].arn} ${row[1]}: ${row[4]}`, row] as const);

const keyPolicy = trailKeyPolicy(DEPLOYMENT, { trailArn });
const bucketPolicy = trailBucketPolicy(DEPLOYMENT, { trailArn, bucketArn });

describe('the trail’s key', () => {
  it('is a policy that KMS takes', () => {
    expect(validatePolicy(keyPolicy, 'kms-key')).toEqual([]);
  });

  it.each(named(KEY_ROWS))('%s', (_, row) => {
    expect(judge(row, keyPolicy)).toBe(row[4]);
  });

  it('names China’s services as KMS does there', () => {
    const china = {
      ...DEPLOYMENT,
      partition: 'aws-cn',
      region: 'cn-north-1',
      roles: rolesIn('aws-cn'),
      deployers: [],
    };
    expect(JSON.stringify(trailKeyPolicy(china, { trailArn }))).toContain('s3.cn-north-1.amazonaws.com.cn');
  });
});

describe('the trail’s bucket', () => {
  it('is a policy that S3 takes', () => {
    expect(validatePolicy(bucketPolicy, 'resource')).toEqual([]);
  });

  it.each(named(BUCKET_ROWS))('%s', (_, row) => {
    expect(judge(row, bucketPolicy)).toBe(row[4]);
  });

  it('lets the organization in where one is configured, and nobody else', () => {
    const policy = trailBucketPolicy(DEPLOYMENT, { trailArn, bucketArn, organization });
    const colleague = { ...stranger, organization };
    expect(judge([colleague, 's3:GetObject', file, TLS, ''], policy)).not.toBe('EnforceIdentityPerimeter');
    expect(judge([stranger, 's3:GetObject', file, TLS, ''], policy)).toBe('EnforceIdentityPerimeter');
  });
});

describe('the trail’s role', () => {
  const group = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/vault/trail`;
  const policy = trailRolePolicy(DEPLOYMENT, group);
  const may = (action: string, resource: string): boolean =>
    evaluateRequest(
      { principal: CALLERS.admin, action, resource, resourceAccount: ACCOUNT, context: {} },
      { identity: [policy] },
    ).allowed;

  it('adds to the trail’s streams, and to nothing else', () => {
    const stream = `${group}:log-stream:${ACCOUNT}_CloudTrail_eu-central-1`;
    expect(may('logs:CreateLogStream', stream)).toBe(true);
    expect(may('logs:PutLogEvents', `${stream}_2`)).toBe(true);
    expect(may('logs:PutLogEvents', `${group}:log-stream:another`)).toBe(false);
    expect(may('logs:PutLogEvents', stream.replace('/vault/trail', '/vault/audit-heads'))).toBe(false);
    expect(may('logs:DeleteLogStream', stream)).toBe(false);
  });
});

describe('one thing less', () => {
  const survivors = (policy: PolicyDocument, rows: readonly Row[]) =>
    mutants(policy)
      .filter((mutant) => rows.every((row) => judge(row, mutant.policy) === row[4]))
      .map(({ what }) => what);

  it('in the bucket’s policy is noticed', () => {
    expect(survivors(bucketPolicy, BUCKET_ROWS)).toEqual([]);
  });

  it('in what the key’s policy says of a trail is noticed', () => {
    const ours = /^(AllowTrail|AllowReaders|DenyGrants|Enforce)/;
    expect(survivors(keyPolicy, KEY_ROWS).filter((what) => ours.test(what))).toEqual([]);
  });
});

function rolesIn(partition: string) {
  const move = (arn: string) => arn.replace('arn:aws:', `arn:${partition}:`);
  const { api, instance, deployment, breakGlass } = DEPLOYMENT.roles;
  return {
    api: move(api),
    instance: move(instance),
    deployment: move(deployment),
    breakGlass: move(breakGlass),
  };
}

describe('the log group of an existing trail', () => {
  const organizations = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:organization/trail`;
  const may = (action: string, resource: string, watchedLogGroup?: string): boolean =>
    evaluateRequest(
      {
        principal: CALLERS.deployment,
        action,
        resource,
        resourceAccount: ACCOUNT,
        context: { 'aws:RequestedRegion': 'eu-central-1' },
      },
      {
        identity: Object.values(deploymentPolicies(DEPLOYMENT, { watchedLogGroup })),
        boundary: deploymentBoundary(DEPLOYMENT),
      },
    ).allowed;

  it('gets filters from the deployment role, and nothing else', () => {
    expect(may('logs:PutMetricFilter', organizations, 'organization/trail')).toBe(true);
    expect(may('logs:DeleteMetricFilter', organizations, 'organization/trail')).toBe(true);
    for (const action of ['DeleteLogGroup', 'PutRetentionPolicy', 'PutSubscriptionFilter', 'FilterLogEvents'])
      expect(may(`logs:${action}`, organizations, 'organization/trail')).toBe(false);
    expect(may('logs:PutMetricFilter', `${organizations}-2`, 'organization/trail')).toBe(false);
  });

  it('and none where it is not configured', () => {
    expect(may('logs:PutMetricFilter', organizations)).toBe(false);
  });

  it('is one, and no pattern', () => {
    expect(() => deploymentPolicies(DEPLOYMENT, { watchedLogGroup: '*' })).toThrow(PolicyInputError);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { pipelineBucketPolicy } from '../../src/index.ts';
import { ACCOUNT, DEPLOYMENT } from '../support.ts';
import { FOR_OTHERS, FOR_US, judged, type Row, SERVICES_ONLY } from './judge.ts';

const BUCKET = 'vault-pipeline-111122223333-eu-central-1';
const ARN = `arn:aws:s3:::${BUCKET}`;
const SOURCE = `${ARN}/vault-pipeline/Source/aB3dE5f`;
const RELEASE = `${ARN}/vault-pipeline/Release/aB3dE5f`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/aaaaaaaa-1111-2222-3333-444444444444`;
const HOME = {
  ...DEPLOYMENT,
  deployers: [...(DEPLOYMENT.deployers ?? []), `arn:aws:iam::${ACCOUNT}:role/vault/vault-deploy`],
};
const policy = pipelineBucketPolicy(HOME, { bucket: BUCKET, keyArn: KEY });

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

/** What each row is about. */
const on = new Map<Row, string>();
const about = (resource: string, rows: readonly Row[]): Row[] =>
  rows.map(([who, from, action, ...rest]) => {
    const row: Row = [who, from, `s3:${action}`, ...rest];
    on.set(row, resource);
    return row;
  });

const source = about(SOURCE, [
  ['pipeline', 'outside', 'PutObject', ours, 'allow'],
  ['build', 'outside', 'PutObject', ours, 'DenySourceByOthers', 'what is deployed from is not the build’s'],
  ['deploy', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
  ['deployer', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
  ...FETCH.flatMap((action): Row[] => [
    ...(['build', 'deploy', 'pipeline', 'breakGlass'] as const).map(
      (who): Row => [who, 'outside', action, {}, 'allow'],
    ),
    ...(['instance', 'api', 'admin', 'root', 'deployer', 'stranger', 'anonymous'] as const).map(
      (who): Row => [who, 'inside', action, {}, 'DenyFetchingByOthers'],
    ),
  ]),
]);

const release = about(RELEASE, [
  ['build', 'outside', 'PutObject', ours, 'allow'],
  ['build', 'outside', 'PutObject', {}, 'allow', 'the bucket’s own encryption'],
  ['pipeline', 'outside', 'PutObject', ours, 'DenyReleaseByOthers'],
  ['deploy', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
  ['build', 'outside', 'PutObject', { [SSE]: 'AES256' }, 'DenyOtherEncryption'],
  [
    'build',
    'outside',
    'PutObject',
    { [SSE]: 'AES256', [`${SSE}-aws-kms-key-id`]: KEY },
    'DenyOtherEncryption',
  ],
  ['build', 'outside', 'PutObject', { ...ours, [`${SSE}-aws-kms-key-id`]: `${KEY}f` }, 'DenyOtherKeys'],
  ['build', 'outside', 'PutObject', { [SSE]: 'aws:kms' }, 'DenyOtherKeys', 'the AWS managed key'],
  ['build', 'outside', 'PutObject', { [`${SSE}-customer-algorithm`]: 'AES256' }, 'DenyCustomerKeys'],
  ['build', 'outside', 'PutObject', { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
  ...DELETION.flatMap((action): Row[] => [
    ['deployer', 'outside', action, {}, 'allow', '`npm run destroy` empties it'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['build', 'outside', action, {}, 'DenyDeletionByOthers'],
    ['pipeline', 'outside', action, {}, 'DenyDeletionByOthers'],
    ['deploy', 'outside', action, {}, 'DenyDeletionByPipeline'],
    ['admin', 'outside', action, {}, 'DenyDeletionByOthers'],
  ]),
  ...CHANGES.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'DenyChanges'],
    ['build', 'outside', action, {}, 'DenyChanges'],
  ]),
]);

const elsewhere = about(`${ARN}/vault-pipeline/Other/aB3dE5f`, [
  ['deployer', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
  ['admin', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
]);

const bucket = about(ARN, [
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['build', 'outside', action, {}, 'DenyControlByOthers'],
    ['deploy', 'outside', action, {}, 'DenyControlByOthers'],
    ['pipeline', 'outside', action, {}, 'DenyControlByOthers'],
    ['admin', 'outside', action, {}, 'DenyControlByOthers'],
    ['root', 'outside', action, {}, 'DenyControlByOthers'],
  ]),
  ['stranger', 'outside', 'ListBucket', {}, 'EnforceIdentityPerimeter'],
  ['cloudtrail', 'nowhere', 'ListBucket', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ['cloudtrail', 'nowhere', 'ListBucket', FOR_US, 'resource'],
  ['cloudtrail', 'nowhere', 'ListBucket', {}, 'resource', 'not every service says for whom it works'],
]);

describe('the policy of the pipeline’s bucket', () => {
  judged({
    policy,
    kind: 'resource',
    resource: (row) => on.get(row) ?? '',
    rows: [...source, ...release, ...elsewhere, ...bucket],
    survivors: {
      ...SERVICES_ONLY,
      'DenyDeletionByOthers: without arn:aws:iam::111122223333:role/vault/vault-deploy of ArnNotEqualsIfExists aws:PrincipalArn':
        'DenyDeletionByPipeline: it is among the deployers, and denied by name',
    },
    limit: 20_480,
  });

  it('knows artifacts by a prefix that CodePipeline shortens', () => {
    const long = { ...HOME, name: 'a-name-of-20-letters' };
    const text = JSON.stringify(pipelineBucketPolicy(long, { bucket: BUCKET, keyArn: KEY }));
    expect(text).toContain('/a-name-of-20-letters*/Source/*');
  });
});

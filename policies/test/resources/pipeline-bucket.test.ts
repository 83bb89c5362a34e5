// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { pipelineBucketPolicy } from '../../src/index.ts';
import { ACCOUNT, DEPLOYMENT } from '../support.ts';
import { FOR_OTHERS, judged, type Row } from './judge.ts';

const BUCKET = 'vault-pipeline-111122223333-eu-central-1';
const ARN = `arn:aws:s3:::${BUCKET}`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/aaaaaaaa-1111-2222-3333-444444444444`;
const HOME = {
  ...DEPLOYMENT,
  deployers: [...(DEPLOYMENT.deployers ?? []), `arn:aws:iam::${ACCOUNT}:role/vault/vault-deploy`],
};
const policy = pipelineBucketPolicy(HOME, { bucket: BUCKET, keyArn: KEY });

const SSE = 's3:x-amz-server-side-encryption';
const ours = { [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: KEY };
const s3 = (rows: readonly Row[]): Row[] =>
  rows.map(([who, from, action, ...rest]) => [who, from, `s3:${action}`, ...rest]);

describe('the source in the pipeline’s bucket', () => {
  const rows = s3([
    ['pipeline', 'outside', 'PutObject', ours, 'allow'],
    ['build', 'outside', 'PutObject', ours, 'DenySourceByOthers', 'what is deployed from is not the build’s'],
    ['deploy', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
    ['deployer', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
    ...(['build', 'deploy', 'pipeline', 'breakGlass'] as const).flatMap((who): Row[] => [
      [who, 'outside', 'GetObject', {}, 'allow'],
      [who, 'outside', 'GetObjectVersion', {}, 'allow'],
    ]),
    ...(['instance', 'api', 'admin', 'root', 'deployer', 'stranger', 'anonymous'] as const).map(
      (who): Row => [who, 'inside', 'GetObject', {}, 'DenyFetchingByOthers'],
    ),
  ]);
  const resource = `${ARN}/vault-pipeline/Source/aB3dE5f`;
  judged({ policy, kind: 'resource', resource, rows, survivors: null, limit: 20_480 });
});

describe('a release in the pipeline’s bucket', () => {
  const rows = s3([
    ['build', 'outside', 'PutObject', ours, 'allow'],
    ['build', 'outside', 'PutObject', {}, 'allow', 'the bucket’s own encryption'],
    ['pipeline', 'outside', 'PutObject', ours, 'DenyReleaseByOthers'],
    ['deploy', 'outside', 'PutObject', ours, 'DenyPlacingByOthers'],
    ['build', 'outside', 'PutObject', { [SSE]: 'AES256' }, 'DenyOtherEncryption'],
    ['build', 'outside', 'PutObject', { ...ours, [`${SSE}-aws-kms-key-id`]: `${KEY}f` }, 'DenyOtherKeys'],
    ['build', 'outside', 'PutObject', { [`${SSE}-customer-algorithm`]: 'AES256' }, 'DenyCustomerKeys'],
    ['build', 'outside', 'PutObject', { 'aws:SecureTransport': 'false' }, 'EnforceSecureTransport'],
    ['deployer', 'outside', 'DeleteObject', {}, 'allow', '`npm run destroy` empties it'],
    ['breakGlass', 'outside', 'DeleteObjectVersion', {}, 'allow'],
    ...(['DeleteObject', 'DeleteObjectVersion', 'PutObjectRetention'] as const).flatMap((action): Row[] => [
      ['build', 'outside', action, {}, 'DenyDeletionByOthers'],
      ['pipeline', 'outside', action, {}, 'DenyDeletionByOthers'],
      ['deploy', 'outside', action, {}, 'DenyDeletionByPipeline'],
    ]),
    ['deployment', 'outside', 'PutObjectAcl', {}, 'DenyChanges'],
    ['cloudtrail', 'nowhere', 'ListBucket', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
    ['stranger', 'outside', 'ListBucket', {}, 'EnforceIdentityPerimeter'],
  ]);
  const resource = `${ARN}/vault-pipeline/Release/aB3dE5f`;
  judged({ policy, kind: 'resource', resource, rows, survivors: null, limit: 20_480 });
});

describe('the pipeline’s bucket', () => {
  const rows = s3(
    [
      'DeleteBucket',
      'DeleteBucketPolicy',
      'PutBucketPolicy',
      'PutBucketVersioning',
      'PutReplicationConfiguration',
    ].flatMap((action): Row[] => [
      ['deployment', 'outside', action, {}, 'allow'],
      ['breakGlass', 'outside', action, {}, 'allow'],
      ['build', 'outside', action, {}, 'DenyControlByOthers'],
      ['deploy', 'outside', action, {}, 'DenyControlByOthers'],
      ['pipeline', 'outside', action, {}, 'DenyControlByOthers'],
      ['admin', 'outside', action, {}, 'DenyControlByOthers'],
      ['root', 'outside', action, {}, 'DenyControlByOthers'],
    ]),
  );
  judged({ policy, kind: 'resource', resource: ARN, rows, survivors: null, limit: 20_480 });

  it('knows its artifacts by a prefix that CodePipeline shortens', () => {
    const long = { ...HOME, name: 'a-name-of-20-letters' };
    const text = JSON.stringify(pipelineBucketPolicy(long, { bucket: BUCKET, keyArn: KEY }));
    expect(text).toContain('/a-name-of-20-letters*/Source/*');
  });
});

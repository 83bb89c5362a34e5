// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { matchesEvent } from '../watch/support/event-pattern.ts';
import { asEvent, call, onKey, session, type TrailRecord } from '../watch/support/records.ts';
import { outcome, theAccount } from './support.ts';

/** Somebody with the credentials of one of the pipeline's roles, or an administrator of the account who goes past them. */

const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
const FILES = 'arn:aws:s3:::vault-pipeline-111122223333-eu-central-1';
const release = `${FILES}/vault-pipeline/Release/aB3dE5f`;
const source = `${FILES}/vault-pipeline/Source/aB3dE5f`;
const artifacts = 'arn:aws:s3:::vault-artifacts-111122223333-eu-central-1';

/** Refused with everything allowed in the attacker's and the resource's policy. */
describe.each([
  ['build', 's3:PutObject', source, 'exchanges the source that is deployed from'],
  ['build', 's3:PutObject', `${artifacts}/release/1/api.zip`, 'places code where it is deployed from'],
  ['build', 'signer:StartSigningJob', arn('signer', '/signing-profiles/vault_code'), 'signs functions'],
  [
    'build',
    'codepipeline:PutApprovalResult',
    arn('codepipeline', 'vault-pipeline/Approval/Approve'),
    'approves',
  ],
  ['build', 'codebuild:StartBuild', arn('codebuild', 'project/vault-deploy'), 'starts the deployment'],
  ['build', 'cloudformation:CreateChangeSet', arn('cloudformation', 'stack/vault-keys/1'), 'opens the keys'],
  ['pipeline', 's3:PutObject', release, 'exchanges what was approved'],
  [
    'pipeline',
    'codepipeline:PutApprovalResult',
    arn('codepipeline', 'vault-pipeline/Approval/Approve'),
    'approves',
  ],
  ['pipeline', 'iam:PassRole', 'arn:aws:iam::111122223333:role/vault/vault-deployment', 'hands a role over'],
  ['deploy', 's3:PutObject', release, 'exchanges what was approved'],
  ['deploy', 'kms:Sign', '', 'signs a release of its own'],
  [
    'deploy',
    'codepipeline:PutApprovalResult',
    arn('codepipeline', 'vault-pipeline/Approval/Approve'),
    'approves',
  ],
  ['deploy', 's3:DeleteObjectVersion', `${artifacts}/release/1/api.zip`, 'deletes what runs'],
] as const)('%s: %s', (who, action, resource, what) => {
  it(`never ${what}`, () => {
    const on = resource === '' ? (theAccount().keys.get('signing/ReleaseKey') ?? '') : resource;
    expect(on).not.toBe('');
    const decided = outcome({ who, where: 'internet', action, resource: on }, 'hostile');
    expect(decided).toMatch(/^(boundary|Deny(Source|Release|Placing|Deletion|Signing)By\w+)$/);
  });
});

describe('going past the pipeline', () => {
  const patterns = ['Bypassed', 'KeysChanged'].map((id) => {
    const properties = theAccount().templates.get('pipeline')?.Resources[id]?.Properties;
    return properties?.EventPattern as never;
  });
  const heard = (record: TrailRecord): boolean =>
    patterns.some((pattern) => matchesEvent(pattern, asEvent(record)));
  const key = (which: string): string => theAccount().keys.get(`signing/${which}`) ?? '';
  const as = (requestParameters: TrailRecord): TrailRecord => ({ requestParameters });
  const byPipeline = { userIdentity: session('vault-pipeline', '/vault/') };

  it.each([
    ['codebuild', 'StartBuild', { projectName: 'vault-build', buildspecOverride: 'sign' }],
    ['codebuild', 'StartBuild', { projectName: arn('codebuild', 'project/vault-deploy') }],
    ['codebuild', 'StartBuildBatch', { projectName: 'vault-deploy' }],
    ['codebuild', 'RetryBuild', { id: 'vault-deploy:11111111' }],
    ['codebuild', 'UpdateProject', { name: 'vault-build' }],
    ['codebuild', 'CreateWebhook', { projectName: 'vault-build' }],
    ['codebuild', 'UpdateProjectVisibility', { projectArn: arn('codebuild', 'project/vault-build') }],
    ['codepipeline', 'UpdatePipeline', { pipeline: { name: 'vault-pipeline' } }],
    ['codepipeline', 'PutApprovalResult', { pipelineName: 'vault-pipeline' }],
    ['codepipeline', 'OverrideStageCondition', { pipelineName: 'vault-pipeline' }],
  ] as const)('by %s:%s %j is heard of', (service, name, parameters) => {
    expect(heard(call(service, name, as(parameters)))).toBe(true);
  });

  it.each(['ImageKey', 'ReleaseKey'])('by another policy of %s is heard of', (which) => {
    expect(heard(onKey('PutKeyPolicy', key(which)))).toBe(true);
    expect(heard(onKey('Sign', key(which)))).toBe(false);
  });

  it('is not what the pipeline does itself, nor others’ business', () => {
    expect(
      heard({ ...call('codebuild', 'StartBuild', as({ projectName: 'vault-build' })), ...byPipeline }),
    ).toBe(false);
    expect(heard(call('codebuild', 'StartBuild', as({ projectName: 'payroll' })))).toBe(false);
    expect(heard(call('codepipeline', 'UpdatePipeline', as({ pipeline: { name: 'payroll' } })))).toBe(false);
    expect(heard(onKey('PutKeyPolicy', arn('kms', 'key/11111111-2222-4333-8444-555555555555')))).toBe(false);
  });
});

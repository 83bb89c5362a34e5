// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ContextValues } from '../../../emulators/iam/src/index.ts';
import {
  approverPolicy,
  boundaries,
  boundaryArn,
  buildWorkloadPolicy,
  deployWorkloadPolicy,
  type PolicyDocument,
  pipelineWorkloadPolicy,
  roleArn,
} from '../../src/index.ts';
import { ACCOUNT, ALLOW_ALL, decide, HOME, LONG, requestsOf } from './samples.ts';

const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const keyArn = (digit: string): string =>
  arn('kms', `key/${digit.repeat(8)}-1111-4111-8111-${digit.repeat(12)}`);
const KEYS = {
  files: keyArn('1'),
  artifacts: keyArn('2'),
  topic: keyArn('3'),
  imageSigning: keyArn('4'),
  releaseSigning: keyArn('5'),
};
const VAULT_KEY = keyArn('9');
const FILES = `arn:aws:s3:::vault-pipeline-${ACCOUNT}-eu-central-1`;
const ARTIFACTS = `arn:aws:s3:::vault-artifacts-${ACCOUNT}-eu-central-1`;
const SOURCE = `${FILES}/vault-pipeline/Source/aB3dE5f`;
const RELEASE = `${FILES}/vault-pipeline/Release/aB3dE5f`;
const CONNECTION = arn('codeconnections', 'connection/11111111-2222-4333-8444-555555555555');
const via = (service: string): ContextValues => ({
  'kms:ViaService': `${service}.eu-central-1.amazonaws.com`,
});

const POLICIES: Readonly<Record<'build' | 'deploy' | 'pipeline', PolicyDocument>> = {
  build: buildWorkloadPolicy(HOME, KEYS, '/vault/build'),
  deploy: deployWorkloadPolicy(HOME, KEYS, '/vault/deploy'),
  pipeline: pipelineWorkloadPolicy(HOME, KEYS, {}),
};
const LIMITS = boundaries(HOME);
type Role = keyof typeof POLICIES;

/** `own`: with what the stage gives it. `hostile`: allowed everything, so that the boundary alone is left. */
const ask = (role: Role, [action, resource, context = {}]: Asked, mode: 'own' | 'hostile' = 'own'): string =>
  decide(
    HOME,
    roleArn(HOME, role),
    { action, resource, context },
    { identity: [mode === 'own' ? POLICIES[role] : ALLOW_ALL], boundary: LIMITS[role] },
  );

type Asked = readonly [action: string, resource: string, context?: ContextValues];

const MAY: Readonly<Record<Role, readonly Asked[]>> = {
  pipeline: [
    ['s3:PutObject', SOURCE],
    ['s3:GetObject', SOURCE],
    ['s3:GetObjectVersion', RELEASE],
    ['s3:GetObjectVersion', `${ARTIFACTS}/source/enclave-vault.zip`],
    ['kms:GenerateDataKey', KEYS.files, via('s3')],
    ['kms:Decrypt', KEYS.artifacts, via('s3')],
    ['kms:GenerateDataKey', KEYS.topic, via('sns')],
    ['codebuild:StartBuild', arn('codebuild', 'project/vault-build')],
    ['codebuild:StartBuild', arn('codebuild', 'project/vault-deploy')],
    ['sns:Publish', arn('sns', 'vault-alarms')],
  ],
  build: [
    ['s3:GetObject', SOURCE],
    ['s3:PutObject', RELEASE],
    ['kms:Sign', KEYS.imageSigning],
    ['kms:Sign', KEYS.releaseSigning],
    ['kms:GetPublicKey', KEYS.releaseSigning],
    ['kms:GenerateDataKey', KEYS.files, via('s3')],
    ['cloudformation:GetTemplate', arn('cloudformation', 'stack/vault-keys/1')],
    ['cloudformation:DescribeStacks', arn('cloudformation', 'stack/vault-keys-replica/1', 'eu-west-1')],
    ['cloudformation:GetTemplate', arn('cloudformation', 'stack/vault-keys-replica/1', 'eu-west-1')],
    ['logs:PutLogEvents', arn('logs', 'log-group:/vault/build:log-stream:1')],
  ],
  deploy: [
    ['s3:GetObject', SOURCE],
    ['s3:GetObject', RELEASE],
    ['s3:PutObject', `${ARTIFACTS}/release/1/api.zip`],
    ['kms:Decrypt', KEYS.files, via('s3')],
    ['kms:GenerateDataKey', KEYS.artifacts, via('s3')],
    ['kms:GetPublicKey', VAULT_KEY],
    ['cloudformation:ExecuteChangeSet', arn('cloudformation', 'stack/vault-keys/1')],
    ['iam:PassRole', HOME.roles.deployment, { 'iam:PassedToService': 'cloudformation.amazonaws.com' }],
    ['elasticloadbalancing:DescribeTargetHealth', '*'],
    ['lambda:InvokeFunction', arn('lambda', 'function:vault-smoke')],
    ['signer:StartSigningJob', arn('signer', '/signing-profiles/vault_code')],
    ['logs:PutLogEvents', arn('logs', 'log-group:/vault/deploy:log-stream:1')],
  ],
};

/** What none of the three ever does, though something gave it everything. */
const NONE: readonly Asked[] = [
  ['kms:Decrypt', VAULT_KEY],
  ['kms:PutKeyPolicy', VAULT_KEY],
  ['kms:PutKeyPolicy', KEYS.imageSigning],
  ['kms:CreateGrant', VAULT_KEY],
  ['kms:ScheduleKeyDeletion', VAULT_KEY],
  ['dynamodb:GetItem', arn('dynamodb', 'table/vault-records')],
  ['s3:DeleteObjectVersion', `${ARTIFACTS}/signed/1/api.zip`],
  ['s3:PutBucketPolicy', ARTIFACTS],
  ['s3:PutBucketPolicy', FILES],
  ['codepipeline:PutApprovalResult', arn('codepipeline', 'vault-pipeline/Approval/Approve')],
  ['codepipeline:UpdatePipeline', arn('codepipeline', 'vault-pipeline')],
  ['codebuild:UpdateProject', arn('codebuild', 'project/vault-deploy')],
  ['iam:PutRolePolicy', roleArn(HOME, 'build'), { 'iam:PermissionsBoundary': boundaryArn(HOME, 'build') }],
  ['iam:UpdateAssumeRolePolicy', roleArn(HOME, 'deploy')],
  ['iam:CreatePolicyVersion', boundaryArn(HOME, 'build')],
  ['iam:PassRole', HOME.roles.breakGlass, { 'iam:PassedToService': 'cloudformation.amazonaws.com' }],
  ['iam:PassRole', HOME.roles.deployment, { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['sts:AssumeRole', HOME.roles.deployment],
  ['lambda:UpdateFunctionCode', arn('lambda', 'function:vault-api')],
  ['lambda:UpdateCodeSigningConfig', '*'],
  ['logs:DeleteLogGroup', arn('logs', 'log-group:/vault/build:*')],
];

/** What only one of them does: the other two are stopped by their boundaries. */
const APART: readonly (readonly [Role, Asked])[] = [
  ['build', ['kms:Sign', KEYS.imageSigning]],
  ['build', ['kms:Sign', KEYS.releaseSigning]],
  ['deploy', ['cloudformation:CreateChangeSet', arn('cloudformation', 'stack/vault-decryption/1')]],
  ['deploy', ['cloudformation:ExecuteChangeSet', arn('cloudformation', 'stack/vault-keys/1')]],
  [
    'deploy',
    ['iam:PassRole', HOME.roles.deployment, { 'iam:PassedToService': 'cloudformation.amazonaws.com' }],
  ],
  ['deploy', ['s3:PutObject', `${ARTIFACTS}/signed/1/api.zip`]],
  ['deploy', ['signer:StartSigningJob', arn('signer', '/signing-profiles/vault_code')]],
  ['pipeline', ['codebuild:StartBuild', arn('codebuild', 'project/vault-deploy')]],
  ['pipeline', ['sns:Publish', arn('sns', 'vault-alarms')]],
];

const ROLES = ['pipeline', 'build', 'deploy'] as const;

describe.each(ROLES)('the role %s', (role) => {
  it.each(MAY[role].map((asked) => [asked[0], asked[1], asked] as const))('may %s on %s', (_, __, asked) => {
    expect(ask(role, asked)).toBe('allow');
  });

  it.each(NONE.map((asked) => [asked[0], asked[1], asked] as const))(
    'may not %s on %s, whatever it is given',
    (_, __, asked) => {
      expect(ask(role, asked)).not.toBe('allow');
      expect(['boundary', 'DenyUnbounding']).toContain(ask(role, asked, 'hostile'));
    },
  );

  it('has nothing that its boundary does not let it', () => {
    const lost = POLICIES[role].Statement.flatMap(requestsOf)
      .map(({ action, resource, context }): Asked => [action, resource, context])
      .filter((asked) => ask(role, asked) !== 'allow');
    expect(lost).toEqual([]);
  });

  it('has nothing on everything, but what has no resource', () => {
    const all = POLICIES[role].Statement.filter(({ Resource }) => String(Resource) === '*');
    expect(all.map(({ Sid }) => Sid)).toEqual(role === 'deploy' ? ['Look'] : []);
  });
});

it.each(APART)('%s alone may %j', (who, asked) => {
  for (const role of ROLES)
    expect(ask(role, asked, 'hostile'), role).toBe(role === who ? 'allow' : 'boundary');
});

describe('files', () => {
  it.each([
    ['build', 's3:PutObject', SOURCE],
    ['build', 's3:GetObject', RELEASE],
    ['pipeline', 's3:PutObject', RELEASE],
    ['deploy', 's3:PutObject', RELEASE],
    ['deploy', 's3:PutObject', SOURCE],
    ['build', 's3:PutObject', `${ARTIFACTS}/source/enclave-vault.zip`],
    ['build', 's3:PutObject', `${ARTIFACTS}/signed/1/api.zip`],
    ['pipeline', 's3:GetObject', `${ARTIFACTS}/signed/1/api.zip`],
    ['build', 's3:GetObject', `${ARTIFACTS}/settings/1/api.zip`],
  ] as const)('%s may not %s %s', (role, action, resource) => {
    expect(ask(role, [action, resource])).toMatch(/identity|boundary/);
  });

  it('are decrypted through S3 alone', () => {
    for (const role of ROLES) expect(ask(role, ['kms:Decrypt', KEYS.files])).not.toBe('allow');
    expect(ask('pipeline', ['kms:Decrypt', KEYS.files, via('sns')])).toBe('identity');
  });
});

describe('a source', () => {
  it('of a Git host is one connection, and no file of ours', () => {
    const policy = pipelineWorkloadPolicy(HOME, KEYS, { connection: CONNECTION });
    const decided = (action: string, resource: string): string =>
      decide(
        HOME,
        roleArn(HOME, 'pipeline'),
        { action, resource, context: {} },
        { identity: [policy], boundary: LIMITS.pipeline },
      );
    expect(decided('codeconnections:UseConnection', CONNECTION)).toBe('allow');
    expect(decided('codeconnections:UseConnection', `${CONNECTION.slice(0, -1)}6`)).toBe('identity');
    expect(decided('s3:GetObject', `${ARTIFACTS}/source/enclave-vault.zip`)).toBe('identity');
  });

  it.each([
    CONNECTION.replace(ACCOUNT, '444455556666'),
    CONNECTION.replace(/connection.*/, 'connection/*'),
    CONNECTION.replace('eu-central-1', 'eu-west-1'),
  ])('is no connection %s', (connection) => {
    expect(() => pipelineWorkloadPolicy(HOME, KEYS, { connection })).toThrow(
      expect.objectContaining({ code: 'invalid_deployment' }),
    );
  });
});

describe('approval', () => {
  const policy = approverPolicy(HOME);
  const decided = (action: string, resource: string): string =>
    decide(
      HOME,
      `arn:aws:iam::${ACCOUNT}:role/people/approver`,
      { action, resource, context: {} },
      { identity: [policy] },
    );

  it('is for people, at the one gate', () => {
    expect(
      decided('codepipeline:PutApprovalResult', arn('codepipeline', 'vault-pipeline/Approval/Approve')),
    ).toBe('allow');
    expect(decided('codepipeline:PutApprovalResult', arn('codepipeline', 'payroll/Approval/Approve'))).toBe(
      'identity',
    );
    expect(decided('codepipeline:StartPipelineExecution', arn('codepipeline', 'vault-pipeline'))).toBe(
      'identity',
    );
  });
});

describe('documents', () => {
  const size = (policy: PolicyDocument): number => JSON.stringify(policy).length;

  it.each(LONG.map((home) => [home.partition, home.region, home] as const))(
    'fit in %s, %s',
    (_, __, home) => {
      // IAM: a managed policy has 6,144 characters at most, a role's inline policies 10,240 in all.
      for (const kind of ['build', 'deploy', 'pipeline'] as const)
        expect(size(boundaries(home)[kind])).toBeLessThan(6144);
      expect(size(deployWorkloadPolicy(home, KEYS, '/a-name-of-20-letters/deploy'))).toBeLessThan(10_240);
      expect(size(buildWorkloadPolicy(home, KEYS, '/a-name-of-20-letters/build'))).toBeLessThan(10_240);
      expect(size(pipelineWorkloadPolicy(home, KEYS, {}))).toBeLessThan(10_240);
    },
  );
});

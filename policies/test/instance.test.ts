// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ContextValues, evaluateRequest, validatePolicy } from '../../emulators/iam/src/index.ts';
import {
  type InstanceResources,
  instanceBoundary,
  instanceWorkloadPolicy,
  type PolicyDocument,
  PolicyInputError,
} from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, KEYS, OTHER } from './support.ts';

const BUCKET = `vault-artifacts-${ACCOUNT}-eu-central-1`;
const ARTIFACTS_KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/99999999-1111-2222-3333-444444444444`;
const RESOURCES: InstanceResources = {
  keys: KEYS,
  artifacts: [
    { bucket: BUCKET, key: 'release/parent.tar.gz', version: 'v-parent' },
    { bucket: BUCKET, key: 'release/enclave-vault.eif', version: 'v-image' },
    { bucket: BUCKET, key: 'settings/parent.tar.gz', version: 'v-settings' },
  ],
  artifactsKey: ARTIFACTS_KEY,
  logGroup: '/vault/parent',
  namespace: 'vault',
  stack: 'vault-decryption',
};
const POLICY = instanceWorkloadPolicy(DEPLOYMENT, RESOURCES);

const [legacy = ''] = KEYS.legacy ?? [];
const { channelServer = '', channelClient = '' } = KEYS;
const object = (key: string): string => `arn:aws:s3:::${BUCKET}/${key}`;
const version = (id: string, account = ACCOUNT): ContextValues => ({
  's3:VersionId': id,
  'aws:ResourceAccount': account,
});
const viaS3 = (arn: string, service = 's3.eu-central-1.amazonaws.com'): ContextValues => ({
  'kms:ViaService': service,
  'kms:EncryptionContext:aws:s3:arn': arn,
});
const group = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/vault/parent`;
const stack = (name: string): string =>
  `arn:aws:cloudformation:eu-central-1:${ACCOUNT}:stack/${name}/6d0f3c10-0000-1111-2222-333344445555`;

type Row = readonly [action: string, resource: string, allowed: boolean, by: string, context?: ContextValues];

/** `by`: the statement that allows, or why nothing does. */
const ROWS: readonly Row[] = [
  ['kms:Decrypt', KEYS.vault, true, 'EnclaveDecrypt'],
  ['kms:Decrypt', KEYS.request, true, 'EnclaveDecrypt'],
  ['kms:Decrypt', legacy, true, 'EnclaveDecrypt'],
  ['kms:Decrypt', KEYS.integrity, false, 'authenticates records: the API’s alone'],
  ['kms:Sign', channelServer, true, 'ChannelCertificates'],
  ['kms:GetPublicKey', channelServer, true, 'ChannelCertificates'],
  ['kms:Sign', channelClient, false, 'with it the parent would be the API'],

  ['s3:GetObjectVersion', object('release/parent.tar.gz'), true, 'Artifact1', version('v-parent')],
  ['s3:GetObjectVersion', object('release/enclave-vault.eif'), true, 'Artifact2', version('v-image')],
  ['s3:GetObjectVersion', object('settings/parent.tar.gz'), true, 'Artifact3', version('v-settings')],
  ['s3:GetObjectVersion', object('release/parent.tar.gz'), false, 'of another object', version('v-image')],
  ['s3:GetObjectVersion', object('release/enclave-vault.eif'), false, 'an older image', version('v-old')],
  ['s3:GetObjectVersion', object('release/parent.tar.gz'), false, 'no version named'],
  [
    's3:GetObjectVersion',
    object('release/parent.tar.gz'),
    false,
    'a bucket of that name in another account',
    version('v-parent', OTHER),
  ],
  [
    's3:GetObjectVersion',
    object('release/enclave-vault.eif'),
    false,
    'a bucket of that name in another account',
    version('v-image', OTHER),
  ],
  [
    's3:GetObjectVersion',
    object('settings/parent.tar.gz'),
    false,
    'a bucket of that name in another account',
    version('v-settings', OTHER),
  ],
  [
    's3:GetObjectVersion',
    object('release/enclave-vault.eif'),
    false,
    'no version',
    { 'aws:ResourceAccount': ACCOUNT },
  ],
  [
    's3:GetObjectVersion',
    object('settings/parent.tar.gz'),
    false,
    'no version',
    { 'aws:ResourceAccount': ACCOUNT },
  ],
  [
    's3:GetObjectVersion',
    object('release/parent.tar.gz'),
    false,
    'no version',
    { 'aws:ResourceAccount': ACCOUNT },
  ],
  ['s3:GetObjectVersion', object('signed/api.zip'), false, 'the API’s code', version('v-parent')],
  ['s3:GetObject', object('release/parent.tar.gz'), false, 'whatever is newest', version('v-parent')],
  ['s3:PutObject', object('release/parent.tar.gz'), false, 'instances write nothing there'],
  ['s3:ListBucket', `arn:aws:s3:::${BUCKET}`, false, 'nor look around'],

  ['kms:Decrypt', ARTIFACTS_KEY, true, 'ArtifactsKey', viaS3(`arn:aws:s3:::${BUCKET}`)],
  ...RESOURCES.artifacts.map(
    ({ key }): Row => ['kms:Decrypt', ARTIFACTS_KEY, true, 'ArtifactsKey', viaS3(object(key))],
  ),
  ['kms:Decrypt', ARTIFACTS_KEY, false, 'another object', viaS3(object('signed/api.zip'))],
  [
    'kms:Decrypt',
    ARTIFACTS_KEY,
    false,
    'not through S3',
    { 'kms:EncryptionContext:aws:s3:arn': `arn:aws:s3:::${BUCKET}` },
  ],
  [
    'kms:Decrypt',
    ARTIFACTS_KEY,
    false,
    'no object named',
    { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' },
  ],
  [
    'kms:Decrypt',
    ARTIFACTS_KEY,
    false,
    'through another service',
    viaS3(`arn:aws:s3:::${BUCKET}`, 'dynamodb.eu-central-1.amazonaws.com'),
  ],

  ['logs:CreateLogStream', group, true, 'Logs'],
  ['logs:PutLogEvents', `${group}:log-stream:i-0123456789abcdef0`, true, 'Logs'],
  ['logs:CreateLogStream', `${group}-of-others`, false, 'another group'],
  ['logs:PutLogEvents', group.replace('parent', 'audit-heads'), false, 'audit heads are the API’s'],
  ['logs:DeleteLogStream', `${group}:log-stream:i-0123456789abcdef0`, false, 'what is written stays'],
  ['logs:PutRetentionPolicy', group, false, 'the stack decides how long'],
  ['cloudwatch:PutMetricData', '*', true, 'Figures', { 'cloudwatch:namespace': 'vault' }],
  ['cloudwatch:PutMetricData', '*', false, 'figures of others', { 'cloudwatch:namespace': 'AWS/EC2' }],
  ['cloudformation:SignalResource', stack('vault-decryption'), true, 'Signal'],
  ['cloudformation:SignalResource', stack('vault-keys'), false, 'another stack'],
  [
    'cloudformation:DescribeStackResource',
    stack('vault-decryption'),
    false,
    'its metadata: user data has it all',
  ],
  ['ec2:DescribeTags', '*', false, 'no agent of ours asks for tags'],
  ['sts:AssumeRole', DEPLOYMENT.roles.deployment, false, 'nobody trusts an instance'],
];

function decide([action, resource, , , context = {}]: Row, identity: PolicyDocument) {
  const resourceAccount = resource.split(':')[4] || ACCOUNT;
  return evaluateRequest(
    { principal: CALLERS.instance, action, resource, resourceAccount, context },
    // What keys and bucket say is judged elsewhere: here they leave it to the account.
    { identity: [identity], resourceMode: 'additive' },
  );
}

describe('the policy of a deployed instance', () => {
  it.each(ROWS.map((row) => ({ row, what: `${row[0]} ${row[1]}: ${row[3]}` })))('$what', ({ row }) => {
    const [, , allowed, by] = row;
    const decision = decide(row, POLICY);
    expect(decision.kind).toBe(allowed ? 'allow' : 'implicit_deny');
    if (allowed) expect(decision.decidedBy).toMatchObject({ layer: 'identity', sid: by });
    else expect(decision.missing).toBe('identity');
  });

  it('is valid, and each part is needed', () => {
    expect(validatePolicy(POLICY, 'identity')).toEqual([]);
    const alive = mutants(POLICY).filter(({ policy }) =>
      ROWS.every((row) => decide(row, policy).allowed === row[2]),
    );
    expect(alive.map(({ what }) => what)).toEqual([]);
  });

  it('stays within the boundary of instances', () => {
    for (const row of ROWS.filter(([, , allowed]) => allowed)) {
      const [action, resource, , , context = {}] = row;
      const within = evaluateRequest(
        {
          principal: CALLERS.instance,
          action,
          resource,
          resourceAccount: ACCOUNT,
          context: { 'aws:ResourceAccount': ACCOUNT, ...context },
        },
        { identity: [ALLOW_ALL], boundary: instanceBoundary(DEPLOYMENT), resourceMode: 'additive' },
      );
      expect(within.allowed, `${action} ${resource}`).toBe(true);
    }
  });

  it('has what sessions need where they are wanted, and only there', () => {
    const row: Row = ['ssmmessages:OpenDataChannel', '*', true, 'Sessions'];
    expect(decide(row, POLICY).missing).toBe('identity');
    const policy = instanceWorkloadPolicy(DEPLOYMENT, { ...RESOURCES, sessions: true });
    expect(decide(row, policy).decidedBy).toMatchObject({ sid: 'Sessions' });
    expect(decide(['ssm:SendCommand', '*', false, 'no commands'], policy).allowed).toBe(false);
  });

  it('names S3 in China as KMS does', () => {
    const china = JSON.parse(
      JSON.stringify(DEPLOYMENT).replaceAll('arn:aws:', 'arn:aws-cn:').replace('"aws"', '"aws-cn"'),
    ) as typeof DEPLOYMENT;
    const policy = instanceWorkloadPolicy({ ...china, region: 'cn-north-1' }, RESOURCES);
    expect(JSON.stringify(policy)).toContain('"kms:ViaService":"s3.cn-north-1.amazonaws.com.cn"');
  });

  it.each([
    ['a wildcard in the log group', { logGroup: '/vault/*' }],
    ['a variable in the namespace', { namespace: `$${'{aws:username}'}` }],
    ['no stack', { stack: '' }],
    ['a wildcard in a key', { artifacts: [{ bucket: BUCKET, key: 'release/*', version: 'v' }] }],
    ['a wildcard for a version', { artifacts: [{ bucket: BUCKET, key: 'release/a', version: '*' }] }],
    ['a wildcard in the bucket', { artifacts: [{ bucket: 'vault-*', key: 'release/a', version: 'v' }] }],
    ['an alias for a key', { artifactsKey: `arn:aws:kms:eu-central-1:${ACCOUNT}:alias/vault/artifacts` }],
  ])('is not written with %s', (_, changed) => {
    expect(() => instanceWorkloadPolicy(DEPLOYMENT, { ...RESOURCES, ...changed })).toThrow(PolicyInputError);
  });
});

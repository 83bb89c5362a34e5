// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { signingKeyPolicy } from '../../src/index.ts';
import { DEPLOYMENT } from '../support.ts';
import { FOR_OTHERS, FOR_US, judged, type Row, SERVICES_ONLY } from './judge.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/88888888-8888-4888-8888-888888888888';
const DIGEST = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_384' };
/** What reads a key or keeps it in order, and neither uses it nor says who does. */
const ADMINISTRATION = [
  'CancelKeyDeletion',
  'CreateAlias',
  'DeleteAlias',
  'EnableKey',
  'EnableKeyRotation',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
  'RevokeGrant',
  'RotateKeyOnDemand',
  'TagResource',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
] as const;
/** An Allow narrowed to a role, beside a Deny for all others: either alone would do, and the Deny holds when an Allow is slipped in. */
const SURVIVORS = {
  ...SERVICES_ONLY,
  'AllowSigning: without ArnEquals aws:PrincipalArn': 'DenySigningByOthers',
  'AllowDeploymentControl: without ArnEquals aws:PrincipalArn': 'DenyControlByOthers',
  'AllowBreakGlassControl: without ArnEquals aws:PrincipalArn':
    'DenyControlByOthers, DenyPrimaryRegionChangeByOthers',
};
const kms = (rows: readonly Row[]): Row[] =>
  rows.map(([who, from, action, ...rest]) => [who, from, `kms:${action}`, ...rest]);

const rows = kms([
  ['build', 'outside', 'Sign', DIGEST, 'allow', 'CodeBuild is in no VPC of ours'],
  ['build', 'outside', 'Sign', { ...DIGEST, 'kms:MessageType': 'RAW' }, 'DenySigningMessages'],
  ['build', 'outside', 'Sign', { 'kms:SigningAlgorithm': 'ECDSA_SHA_384' }, 'DenySigningMessages'],
  ['build', 'outside', 'Sign', { ...DIGEST, 'kms:SigningAlgorithm': 'ECDSA_SHA_256' }, 'DenyOtherAlgorithms'],
  ['build', 'outside', 'GetPublicKey', {}, 'allow'],
  ['build', 'outside', 'DescribeKey', {}, 'allow'],
  ...(
    [
      'deploy',
      'pipeline',
      'deployer',
      'deployment',
      'breakGlass',
      'admin',
      'root',
      'instance',
      'api',
    ] as const
  ).map((who): Row => [who, 'inside', 'Sign', DIGEST, 'DenySigningByOthers']),
  ['stranger', 'outside', 'Sign', DIGEST, 'DenySigningByOthers'],
  ['deployer', 'outside', 'GetPublicKey', {}, 'allow', 'release.key is made of it'],
  ['stranger', 'outside', 'GetPublicKey', {}, 'EnforceIdentityPerimeter'],
  ...(['PutKeyPolicy', 'DisableKey', 'ScheduleKeyDeletion', 'DisableKeyRotation'] as const).flatMap(
    (action): Row[] => [
      ['deployment', 'outside', action, {}, 'allow'],
      ['breakGlass', 'outside', action, {}, 'allow'],
      ['build', 'outside', action, {}, 'DenyControlByOthers'],
      ['deploy', 'outside', action, {}, 'DenyControlByOthers'],
      ['admin', 'outside', action, {}, 'DenyControlByOthers'],
      ['root', 'outside', action, {}, 'DenyControlByOthers'],
    ],
  ),
  [
    'deployment',
    'outside',
    'PutKeyPolicy',
    { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    'DenyLockoutBypass',
  ],
  ['build', 'outside', 'CreateGrant', {}, 'DenyGrants', 'a grant would let another sign'],
  ['deployment', 'outside', 'CreateGrant', {}, 'DenyGrants'],
  ['deployment', 'outside', 'ReplicateKey', {}, 'DenyReplication'],
  ['deployment', 'outside', 'UpdatePrimaryRegion', {}, 'DenyPrimaryRegionChangeByOthers'],
  ['breakGlass', 'outside', 'UpdatePrimaryRegion', {}, 'allow'],
  ...ADMINISTRATION.map((action): Row => ['admin', 'outside', action, {}, 'allow']),
  ['cloudtrail', 'nowhere', 'DescribeKey', FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ['cloudtrail', 'nowhere', 'DescribeKey', FOR_US, 'resource', 'a service of no policy'],
  ['cloudtrail', 'nowhere', 'DescribeKey', {}, 'resource'],
]);

describe.each(['image', 'release'] as const)('the key that signs %ss', (use) => {
  const policy = signingKeyPolicy(DEPLOYMENT, use);
  judged({ policy, kind: 'resource', resource: KEY, rows, survivors: SURVIVORS, limit: 32_768 });

  it('is signed with by one role, whatever an identity policy says', () => {
    const signing = policy.Statement.filter(
      ({ Effect, Action }) => Effect === 'Allow' && String(Action).includes('kms:Sign'),
    );
    expect(signing).toHaveLength(1);
    expect(JSON.stringify(signing[0]?.Condition)).toContain('role/vault/vault-build');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { FOR_OTHERS, FOR_US, type Row } from './judge.ts';

const ADMINISTRATION = [
  'CancelKeyDeletion',
  'DescribeKey',
  'EnableKeyRotation',
  'GetKeyPolicy',
  'TagResource',
];
const CONTROL = ['DisableKey', 'DisableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'];
const OTHER_USES = [
  'DeriveSharedSecret',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'Sign',
];

export const USES = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];

/** What the key of every service answers alike. */
export const COMMON: readonly Row[] = [
  ...ADMINISTRATION.flatMap((action): Row[] => [
    ['admin', 'outside', action, {}, 'allow', 'its metadata opens nothing'],
    ['stranger', 'inside', action, {}, 'EnforceIdentityPerimeter'],
    ['cloudtrail', 'nowhere', action, FOR_US, 'resource'],
    ['cloudtrail', 'nowhere', action, {}, 'resource'],
    ['cloudtrail', 'nowhere', action, FOR_OTHERS, 'EnforceConfusedDeputyProtection'],
  ]),
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow'],
    ['deployment', 'forwarded', action, {}, 'allow', 'CloudFormation'],
    ['breakGlass', 'outside', action, {}, 'allow'],
    ['admin', 'inside', action, {}, 'DenyControlByOthers'],
    ['api', 'inside', action, {}, 'DenyControlByOthers'],
    ['root', 'inside', action, {}, 'DenyControlByOthers'],
  ]),
  ...OTHER_USES.flatMap((action): Row[] => [
    ['admin', 'inside', action, {}, 'DenyOtherUses'],
    ['deployment', 'outside', action, {}, 'DenyOtherUses'],
    ['dynamodb', 'nowhere', action, FOR_US, 'DenyOtherUses'],
  ]),
  [
    'deployment',
    'outside',
    'PutKeyPolicy',
    { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    'DenyLockoutBypass',
  ],
  ['deployment', 'outside', 'ReplicateKey', { 'kms:ReplicaRegion': 'eu-west-1' }, 'DenyReplication'],
  ['breakGlass', 'outside', 'UpdatePrimaryRegion', {}, 'allow'],
  ['deployment', 'outside', 'UpdatePrimaryRegion', {}, 'DenyPrimaryRegionChangeByOthers'],
  ['deployment', 'outside', 'ImportKeyMaterial', {}, 'resource', 'nothing but what is listed'],
];

export const NO_GRANTS: readonly Row[] = [
  ['admin', 'inside', 'CreateGrant', {}, 'DenyGrants'],
  ['deployment', 'forwarded', 'CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }, 'DenyGrants'],
];

/** Administration that is the account's, action by action, in another test (keys.test.ts): not mutated here. */
const ADMINISTRATION_ACTIONS = [
  'CreateAlias',
  'DeleteAlias',
  'EnableKey',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
  'RevokeGrant',
  'RotateKeyOnDemand',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
];
const doubled = 'the Deny for all others holds without it; it spares the reader a surprise';
export const COMMON_SURVIVORS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ADMINISTRATION_ACTIONS.map((action) => [
      `AllowAccountAdministration: without action kms:${action}`,
      'asked one by one in keys.test.ts',
    ]),
  ),
  'AllowDeploymentControl: without ArnEquals aws:PrincipalArn': doubled,
  'AllowBreakGlassControl: without ArnEquals aws:PrincipalArn': doubled,
};

export const named = (rows: readonly Row[]): Row[] =>
  rows.map(([who, from, action, ...rest]) => [who, from, `kms:${action}`, ...rest]);

// SPDX-License-Identifier: Apache-2.0
import { PINNED_REGISTERS } from './check.ts';
import type { Deployment, Measurements, OneOrMany, PolicyDocument, Statement } from './types.ts';

/*
 * Statements that every key of the vault has. How they are written:
 * - A Deny binds everybody, whatever an identity policy, a grant or another statement allows, so the promises are Denies.
 * - Negated operators match a key that is absent: without an attestation, a context or a source VPC the Deny applies.
 * - Entries of one condition block must all match, so each register has a Deny of its own.
 * - Allows name the account, narrowed by aws:PrincipalArn. A role named as Principal is stored by its unique id, and
 *   a role deleted and made anew would silently stop matching; and KMS refuses a policy naming a role not there yet.
 *   An account principal delegates: the role needs its identity policy as well.
 */

const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
] as const;

const READING = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
] as const;

/** Changes after which the key protects less, or is gone. */
const CONTROL = [
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
] as const;

/** Read and administration actions of a key, none of which can use it or change who can. */
export const KEY_ADMINISTRATION: readonly string[] = [...READING, ...ADMINISTRATION];

/** Actions of a key that only the deployment and break-glass roles may take. */
export const KEY_CONTROL: readonly string[] = CONTROL;

/** Principal element for "any principal of our account that an identity policy allows as well". */
export function accountPrincipal(deployment: Pick<Deployment, 'partition' | 'account'>): {
  readonly AWS: string;
} {
  return { AWS: `arn:${deployment.partition}:iam::${deployment.account}:root` };
}

/** An Allow for one role of the account. */
export function allowRole(
  sid: string,
  deployment: Deployment,
  role: string,
  actions: readonly string[],
): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: accountPrincipal(deployment),
    Action: actions,
    Resource: '*',
    Condition: { ArnEquals: { 'aws:PrincipalArn': role } },
  };
}

/** A Deny for everybody, under a condition or always. */
export function denyAll(sid: string, actions: OneOrMany, condition?: Statement['Condition']): Statement {
  const statement = { Sid: sid, Effect: 'Deny', Principal: '*', Action: actions, Resource: '*' } as const;
  return condition === undefined ? statement : { ...statement, Condition: condition };
}

/** A Deny for everybody but the roles named. */
export function denyOthers(sid: string, actions: OneOrMany, roles: OneOrMany): Statement {
  return denyAll(sid, actions, { ArnNotEquals: { 'aws:PrincipalArn': roles } });
}

/**
 * One Deny of kms:Decrypt for each pinned register; without measurements one Deny of all decryption, so that a
 * new key is shut from its first moment.
 */
export function attestationDenies(measurements: Measurements | null): Statement[] {
  if (measurements === null) return [denyAll('DenyDecryptBeforeMeasurements', 'kms:Decrypt')];
  return PINNED_REGISTERS.map(([register, member]) =>
    denyAll(`DenyWithoutPCR${register}`, 'kms:Decrypt', {
      // KMS gives the register in lower-case hex, published measurements come in either case.
      StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:PCR${register}`]: [...measurements[member]] },
    }),
  );
}

/** Who may read, administer and control a key. */
export function administrationAllows(deployment: Deployment): Statement[] {
  const { roles, replicaRegions = [] } = deployment;
  return [
    {
      Sid: 'AllowAccountAdministration',
      Effect: 'Allow',
      Principal: accountPrincipal(deployment),
      Action: KEY_ADMINISTRATION,
      Resource: '*',
    },
    allowRole('AllowDeploymentControl', deployment, roles.deployment, [
      ...CONTROL,
      ...(replicaRegions.length > 0 ? ['kms:ReplicateKey'] : []),
    ]),
    allowRole('AllowBreakGlassControl', deployment, roles.breakGlass, [
      ...CONTROL,
      'kms:UpdatePrimaryRegion',
    ]),
  ];
}

/** The Denies around administration: control, grants, replicas, the network and the account. */
export function perimeterDenies(deployment: Deployment): Statement[] {
  const { partition, account, network, roles } = deployment;
  const controllers = [roles.deployment, roles.breakGlass];
  return [
    denyOthers('DenyControlByOthers', CONTROL, controllers),
    denyAll('DenyLockoutBypass', 'kms:PutKeyPolicy', {
      Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    }),
    // A grant is a second, longer-lived key policy that no review sees.
    denyAll('DenyGrants', 'kms:CreateGrant'),
    denyAll('DenyReEncryption', 'kms:ReEncrypt*'),
    ...replicationDenies(deployment),
    denyOthers('DenyPrimaryRegionChangeByOthers', 'kms:UpdatePrimaryRegion', roles.breakGlass),
    ...networkDenies(network, [...controllers, `arn:${partition}:iam::${account}:role/aws-service-role/*`]),
    denyAll('DenyOtherAccounts', 'kms:*', { StringNotEquals: { 'aws:PrincipalAccount': account } }),
  ];
}

function replicationDenies({ roles, replicaRegions = [] }: Deployment): Statement[] {
  if (replicaRegions.length === 0) return [denyAll('DenyReplication', 'kms:ReplicateKey')];
  return [
    denyOthers('DenyReplicationByOthers', 'kms:ReplicateKey', roles.deployment),
    denyAll('DenyReplicationElsewhere', 'kms:ReplicateKey', {
      StringNotEquals: { 'kms:ReplicaRegion': [...replicaRegions] },
    }),
  ];
}

/**
 * Two roles work from outside the VPC and are exempt by name; service-linked roles read metadata (AWS Config, Access
 * Analyzer) and cannot be assumed by anybody. No tag exempts: whoever may tag a role could walk through.
 */
function networkDenies(network: Deployment['network'], exempt: readonly string[]): Statement[] {
  const deny = (sid: string, key: string, value: string): Statement =>
    denyAll(sid, 'kms:*', {
      StringNotEquals: { [key]: value },
      ArnNotLike: { 'aws:PrincipalArn': exempt },
    });
  const vpc = deny('DenyOutsideNetwork', 'aws:SourceVpc', network.vpcId);
  if (network.vpceId === undefined) return [vpc];
  return [vpc, deny('DenyOutsideEndpoint', 'aws:SourceVpce', network.vpceId)];
}

/** A key policy: what every key of the vault says, around what this one does. */
export function keyDocument(
  deployment: Deployment,
  key: string,
  statements: readonly Statement[],
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Id: `${deployment.name}-${key}`,
    Statement: [...administrationAllows(deployment), ...statements, ...perimeterDenies(deployment)],
  };
}

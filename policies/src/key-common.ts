// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkNetwork, PINNED_REGISTERS } from './check.ts';
import { type Network, serviceLinkedRoles, vpcArn } from './perimeter.ts';
import type { Home, Measurements, OneOrMany, PolicyDocument, Statement } from './types.ts';

/**
 * Where a key is and who works there. Each Region of a multi-Region key has a policy of its own, with the network of that
 * Region; where there is none yet, nobody is inside it.
 */
export type KeyPlace = Home & { readonly network: Network };

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
export function accountPrincipal(deployment: Pick<Home, 'partition' | 'account'>): {
  readonly AWS: string;
} {
  return { AWS: `arn:${deployment.partition}:iam::${deployment.account}:root` };
}

/** An Allow for one role of the account. */
export function allowRole(
  sid: string,
  deployment: Pick<Home, 'partition' | 'account'>,
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
export function administrationAllows(deployment: Home): Statement[] {
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
export function perimeterDenies(deployment: KeyPlace): Statement[] {
  const { account } = deployment;
  return [
    ...controlDenies(deployment),
    // A grant is a second, longer-lived key policy that no review sees.
    denyAll('DenyGrants', 'kms:CreateGrant'),
    denyAll('DenyReEncryption', 'kms:ReEncrypt*'),
    ...networkDenies(deployment),
    denyAll('DenyOtherAccounts', 'kms:*', { StringNotEquals: { 'aws:PrincipalAccount': account } }),
  ];
}

/** Who changes the policy of a key, its being there, and its Regions. */
export function controlDenies(deployment: Home): Statement[] {
  const { roles } = deployment;
  return [
    denyOthers('DenyControlByOthers', CONTROL, [roles.deployment, roles.breakGlass]),
    denyAll('DenyLockoutBypass', 'kms:PutKeyPolicy', {
      Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    }),
    ...replicationDenies(deployment),
    denyOthers('DenyPrimaryRegionChangeByOthers', 'kms:UpdatePrimaryRegion', roles.breakGlass),
  ];
}

function replicationDenies({ roles, replicaRegions = [] }: Home): Statement[] {
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
 * Analyzer) and cannot be assumed by anybody. So do deployers: the deploy command takes public keys and live measurements
 * from the keys. No tag exempts: whoever may tag a role could walk through.
 */
function networkDenies(place: KeyPlace): Statement[] {
  const { network, roles, deployers = [] } = place;
  const exempt = [roles.deployment, roles.breakGlass, ...deployers, serviceLinkedRoles(place)];
  const deny = (sid: string, condition: Statement['Condition']): Statement =>
    denyAll(sid, 'kms:*', {
      ...condition,
      ArnNotLike: { ...condition?.ArnNotLike, 'aws:PrincipalArn': exempt },
    });
  const readers = deployers.length === 0 ? [] : [denyAllBut('DenyDeployersButReading', READING, deployers)];
  if (network === null) return [...readers, deny('DenyWithoutNetwork', {})];
  const { vpcId, vpceId } = network;
  return [
    ...readers,
    deny('DenyOutsideNetwork', { StringNotEquals: { 'aws:SourceVpc': vpcId } }),
    // The id is unique within a Region only, and endpoints reach across. Where KMS tells no ARN, the id decides.
    deny('DenyOtherRegionsNetwork', {
      Null: { 'aws:SourceVpcArn': 'false' },
      ArnNotLike: { 'aws:SourceVpcArn': vpcArn(place, vpcId) },
    }),
    ...(vpceId === undefined
      ? []
      : [deny('DenyOutsideEndpoint', { StringNotEquals: { 'aws:SourceVpce': vpceId } })]),
  ];
}

/** Everything but some actions is denied to the roles named, wherever they are. */
function denyAllBut(sid: string, actions: readonly string[], roles: readonly string[]): Statement {
  return {
    Sid: sid,
    Effect: 'Deny',
    Principal: '*',
    NotAction: actions,
    Resource: '*',
    Condition: { ArnEquals: { 'aws:PrincipalArn': roles } },
  };
}

/** A key policy: what every key of the vault says, around what this one does. */
export function keyDocument(
  deployment: KeyPlace,
  key: string,
  statements: readonly Statement[],
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Id: `${deployment.name}-${key}`,
    Statement: [...administrationAllows(deployment), ...statements, ...perimeterDenies(deployment)],
  };
}

/** @throws {PolicyInputError} `invalid_deployment` */
export function checkKeyPlace(place: KeyPlace): void {
  checkHome(place);
  if (place.network !== null) checkNetwork(place.network);
}

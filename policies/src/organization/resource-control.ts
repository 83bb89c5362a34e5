// SPDX-License-Identifier: Apache-2.0
import { type ControlDocument, checkOrganization, type Organization, vaultRole } from './types.ts';

/*
 * Resource control policies: what anybody may do at most on the organization's resources. They cover S3, STS, KMS, SQS and
 * Secrets Manager (Organizations User Guide, "Resource control policies"): not the vault's table, topic, log groups and
 * API, whose own policies say the same. They bind neither resources of the management account, nor keys that AWS manages,
 * nor service-linked roles, nor kms:RetireGrant. No tag exempts.
 */

const COVERED = ['kms:*', 's3:*', 'secretsmanager:*', 'sqs:*', 'sts:AssumeRole'] as const;

/** For every account: only the organization's principals, and services that work for it. */
export function organizationResourceControls(organization: Organization): ControlDocument {
  checkOrganization(organization);
  const { id, partners } = organization;
  const beside = (key: string): Readonly<Record<string, readonly string[]>> =>
    partners.length > 0 ? { [key]: partners } : {};
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'EnforceOrgIdentities',
        Effect: 'Deny',
        Principal: '*',
        Action: COVERED,
        Resource: '*',
        Condition: {
          StringNotEqualsIfExists: { 'aws:PrincipalOrgID': id, ...beside('aws:PrincipalAccount') },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
        },
      },
      {
        Sid: 'EnforceConfusedDeputyProtection',
        Effect: 'Deny',
        Principal: '*',
        Action: COVERED,
        Resource: '*',
        Condition: {
          StringNotEqualsIfExists: { 'aws:SourceOrgID': id, ...beside('aws:SourceAccount') },
          // A service that does not say for whom it works is not judged here.
          Null: { 'aws:SourceAccount': 'false' },
          Bool: { 'aws:PrincipalIsAWSService': 'true' },
        },
      },
    ],
  };
}

/** For accounts of vaults, and those only: their keys and buckets, from the vaults' networks and by a few from outside. */
export function vaultResourceControls(organization: Organization): ControlDocument {
  checkOrganization(organization);
  const { networks, outsiders } = organization;
  const exempt = [
    ...['deployment', 'break-glass', 'build', 'deploy', 'pipeline'].map((role) =>
      vaultRole(organization, role),
    ),
    ...outsiders,
  ];
  const direct = { 'aws:PrincipalIsAWSService': 'false', 'aws:ViaAWSService': 'false' };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'EnforceNetworkPerimeter',
        Effect: 'Deny',
        Principal: '*',
        Action: ['kms:*', 's3:*'],
        Resource: '*',
        Condition: {
          StringNotEqualsIfExists: { 'aws:SourceVpc': networks.map(({ vpcId }) => vpcId) },
          BoolIfExists: direct,
          ArnNotLikeIfExists: { 'aws:PrincipalArn': exempt },
        },
      },
      // A VPC of the same id in another Region is somebody else's.
      ...networks.map(({ vpcId, region }, index) => ({
        Sid: `SourceVPCRegion${index + 1}`,
        Effect: 'Deny' as const,
        Principal: '*' as const,
        Action: ['kms:*', 's3:*'],
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:SourceVpc': vpcId },
          StringNotEqualsIfExists: { 'aws:RequestedRegion': region },
        },
      })),
    ],
  };
}

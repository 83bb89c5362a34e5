// SPDX-License-Identifier: Apache-2.0
import type { PrincipalConfig } from '@enclave-vault/emulator-kms';
import {
  adminBoundary,
  adminIdentityPolicy,
  apiBoundary,
  apiIdentityPolicy,
  canaryBoundary,
  deploymentBoundary,
  deploymentIdentityPolicy,
  instanceBoundary,
  instanceIdentityPolicy,
  type PolicyDocument,
} from '@enclave-vault/policies';
import { mintCredentials, type RoleCredentials } from './credentials.ts';
import { ADMIN_ROLE, CANARY_ROLE, LOCAL } from './deployment.ts';

export interface Principals {
  readonly api: RoleCredentials;
  readonly instance: RoleCredentials;
  readonly deployment: RoleCredentials;
  /** An operator's: reads and administers keys, and can neither use one nor change who can. */
  readonly admin: RoleCredentials;
  /** The canary's: allowed by identity what the key policies must refuse it, and to look at them. */
  readonly canary: RoleCredentials;
}

export const mintPrincipals = (): Principals => ({
  api: mintCredentials(),
  instance: mintCredentials(),
  deployment: mintCredentials(),
  admin: mintCredentials(),
  canary: mintCredentials(),
});

/** The roles as the KMS emulator knows them: the identity policies are those that a deployment on AWS gets. */
export function principalConfigs(principals: Principals): PrincipalConfig[] {
  return [
    {
      arn: LOCAL.roles.api,
      ...principals.api,
      identityPolicies: [apiIdentityPolicy(LOCAL)],
      boundary: apiBoundary(LOCAL),
    },
    {
      arn: LOCAL.roles.instance,
      ...principals.instance,
      identityPolicies: [instanceIdentityPolicy(LOCAL)],
      boundary: instanceBoundary(LOCAL),
    },
    {
      arn: LOCAL.roles.deployment,
      ...principals.deployment,
      identityPolicies: [deploymentIdentityPolicy(LOCAL)],
      boundary: deploymentBoundary(LOCAL),
    },
    {
      arn: ADMIN_ROLE,
      ...principals.admin,
      identityPolicies: [adminIdentityPolicy(LOCAL)],
      boundary: adminBoundary(LOCAL),
    },
    {
      arn: CANARY_ROLE,
      ...principals.canary,
      identityPolicies: [canaryPolicy()],
      boundary: canaryBoundary(LOCAL),
    },
  ];
}

/**
 * What canaries have on AWS together, inside the VPC and outside, on whatever keys there will be: the principals are
 * known to KMS before the keys are made.
 */
function canaryPolicy(): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Probe',
        Effect: 'Allow',
        Action: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyPairWithoutPlaintext',
        ],
        Resource: `arn:${LOCAL.partition}:kms:${LOCAL.region}:${LOCAL.account}:key/*`,
      },
      {
        Sid: 'Look',
        Effect: 'Allow',
        Action: ['kms:GetKeyPolicy', 'kms:ListGrants'],
        Resource: `arn:${LOCAL.partition}:kms:${LOCAL.region}:${LOCAL.account}:key/*`,
      },
    ],
  };
}

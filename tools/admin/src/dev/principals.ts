// SPDX-License-Identifier: Apache-2.0
import type { PrincipalConfig } from '@enclave-vault/emulator-kms';
import {
  adminBoundary,
  adminIdentityPolicy,
  apiBoundary,
  apiIdentityPolicy,
  deploymentBoundary,
  deploymentIdentityPolicy,
  instanceBoundary,
  instanceIdentityPolicy,
} from '@enclave-vault/policies';
import { mintCredentials, type RoleCredentials } from './credentials.ts';
import { ADMIN_ROLE, LOCAL } from './deployment.ts';

export interface Principals {
  readonly api: RoleCredentials;
  readonly instance: RoleCredentials;
  readonly deployment: RoleCredentials;
  /** An operator's: reads and administers keys, and can neither use one nor change who can. */
  readonly admin: RoleCredentials;
}

export const mintPrincipals = (): Principals => ({
  api: mintCredentials(),
  instance: mintCredentials(),
  deployment: mintCredentials(),
  admin: mintCredentials(),
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
  ];
}

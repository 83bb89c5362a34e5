// SPDX-License-Identifier: Apache-2.0
import type { PrincipalConfig } from '@enclave-vault/emulator-kms';
import {
  apiBoundary,
  apiIdentityPolicy,
  deploymentBoundary,
  deploymentIdentityPolicy,
  instanceBoundary,
  instanceIdentityPolicy,
} from '@enclave-vault/policies';
import { mintCredentials, type RoleCredentials } from './credentials.ts';
import { LOCAL } from './deployment.ts';

export interface Principals {
  readonly api: RoleCredentials;
  readonly instance: RoleCredentials;
  readonly deployment: RoleCredentials;
}

export const mintPrincipals = (): Principals => ({
  api: mintCredentials(),
  instance: mintCredentials(),
  deployment: mintCredentials(),
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
  ];
}

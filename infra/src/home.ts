// SPDX-License-Identifier: Apache-2.0
import type { Home } from '@enclave-vault/policies';
import type { DeployConfig } from './config/deploy.ts';
import type { Names } from './names.ts';

/** A deployment as policies take it that need no network: of what is made before, or with, the VPC. */
export function homeOf(config: DeployConfig, names: Names): Home {
  const { partition, account, region, name, replicaRegions } = config;
  return { partition, account, region, name, roles: names.roles, replicaRegions };
}

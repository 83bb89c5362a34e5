// SPDX-License-Identifier: Apache-2.0
import type { Home, KeyPlace } from '@enclave-vault/policies';
import type { DeployConfig } from './config/deploy.ts';
import type { Names } from './names.ts';

/** A deployment as policies take it that need no network: of what is made before, or with, the VPC. */
export function homeOf(config: DeployConfig, names: Names): Home {
  const { partition, account, region, name, replicaRegions, deployers } = config;
  return { partition, account, region, name, roles: names.roles, replicaRegions, deployers };
}

/**
 * The deployment in a Region that it is replicated to. A replica is no source of further ones, and its network is what
 * the configuration says is there: none yet, and nobody is inside it.
 */
export function replicaPlaceOf(config: DeployConfig, names: Names, region: string): KeyPlace {
  const network = config.replicaNetworks[region] ?? null;
  return { ...homeOf(config, names), region, replicaRegions: [], network };
}

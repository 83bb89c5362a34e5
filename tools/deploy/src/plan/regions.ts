// SPDX-License-Identifier: Apache-2.0
import { type DeployConfig, KEYS, keysReplicaStage } from '@enclave-vault/infra';
import type { Placed } from './stage.ts';

/** The stacks of keys that a deployment has in the end: its own first, of whose keys the others have replicas. */
export function keyPlaces({ region, replicaRegions }: DeployConfig): readonly Placed[] {
  return [{ stage: KEYS, region }, ...replicaRegions.map(replicaPlace)];
}

export function replicaPlace(region: string): Placed {
  return { stage: keysReplicaStage(region), region };
}

// SPDX-License-Identifier: Apache-2.0
import { arn, json, listOf, type Setting } from '@enclave-vault/settings';

/** The VPC of a Region that keys are replicated to, where a vault runs there as well. */
export interface ReplicaNetwork {
  readonly vpcId: string;
  /** Of KMS. */
  readonly vpceId?: string;
}

export const KEY_SETTINGS = [
  {
    path: 'legacyKeys',
    env: 'ENCLAVE_VAULT_DEPLOY_LEGACY_KEYS',
    doc: 'Keys that wrapped the private keys of records imported from the AWS sample ([import.md](import.md)). Their policies are printed for their owner, not deployed.',
    read: listOf(arn('kms', 'key/'), 0, 10),
    default: [],
  },
  {
    path: 'replicaNetworks',
    env: 'ENCLAVE_VAULT_DEPLOY_REPLICA_NETWORKS',
    doc: 'By Region of `replicaRegions`: the VPC from which the replicas of the keys are used there. A Region without one keeps its keys for the day on which it is needed.',
    read: json('an object of {"vpcId", "vpceId"} by Region', parseNetworks),
    default: {},
  },
] as const satisfies readonly Setting[];

export const KEY_RULES = [
  {
    settings: ['replicaNetworks', 'replicaRegions'],
    doc: '`replicaNetworks` are of Regions that `replicaRegions` lists',
    broken: ({ replicaNetworks, replicaRegions }: Replicated): boolean =>
      !Object.keys(replicaNetworks).every((region) => replicaRegions.includes(region)),
  },
];

interface Replicated {
  readonly replicaNetworks: Readonly<Record<string, ReplicaNetwork>>;
  readonly replicaRegions: readonly string[];
}

function parseNetworks(value: unknown): Readonly<Record<string, ReplicaNetwork>> {
  return Object.fromEntries(
    Object.entries(members(value)).map(([region, network]) => [region, parseNetwork(network)]),
  );
}

function parseNetwork(value: unknown): ReplicaNetwork {
  const { vpcId, vpceId, ...others } = members(value);
  const good =
    typeof vpcId === 'string' && /^vpc-[0-9a-f]{8,17}$/.test(vpcId) && Object.keys(others).length === 0;
  if (!good) throw new TypeError();
  if (vpceId === undefined) return { vpcId };
  if (typeof vpceId !== 'string' || !/^vpce-[0-9a-f]{8,17}$/.test(vpceId)) throw new TypeError();
  return { vpcId, vpceId };
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError();
  return Object.fromEntries(Object.entries(value));
}

// SPDX-License-Identifier: Apache-2.0
import { InfraError } from '../../errors.ts';
import { replicaPlaceOf } from '../../home.ts';
import { defineStage } from '../../stage.ts';
import { dataKey } from '../data/key.ts';
import { DATA } from '../data.ts';
import { KEYS } from '../keys.ts';
import { keyArnOutput } from '../shapes.ts';
import { replicaKey } from './customer-key.ts';
import { vaultKeys } from './vault-keys.ts';

/**
 * The replicas of the multi-Region keys in a Region: the same key material, and the same policy for that Region's network.
 * The stack is deployed in the Region, after `keys` and `data`, and before the table is replicated there. In a rollout all
 * Regions admit the new image before any instance runs it.
 * @param region one of the configuration's `replicaRegions`
 */
export function keysReplicaStage(region: string) {
  return defineStage({
    id: 'keys-replica',
    title: 'Keys of the vault, replicated',
    kept: true,
    outputs: {
      VaultKeyArn: keyArnOutput('4', 'mrk', region),
      RequestKeyArn: keyArnOutput('5', 'mrk', region),
      IntegrityKeyArn: keyArnOutput('6', 'mrk', region),
      DataKeyArn: keyArnOutput('9', 'mrk', region),
    },
    build(stack, { config, names, outputs, measurements }) {
      if (!config.replicaRegions.includes(region)) {
        throw new InfraError('template_refused', `${region} is not among replicaRegions`);
      }
      const place = replicaPlaceOf(config, names, region);
      const primary = outputs(KEYS);
      const { KeyArn } = outputs(DATA);
      const { vault, request, integrity } = vaultKeys(place, measurements);
      const replica = (id: string, primaryArn: string, kind: typeof vault): string =>
        replicaKey(stack, id, primaryArn, kind).attrArn;
      return {
        VaultKeyArn: replica('VaultKey', primary.VaultKeyArn, vault),
        RequestKeyArn: replica('RequestKey', primary.RequestKeyArn, request),
        IntegrityKeyArn: replica('IntegrityKey', primary.IntegrityKeyArn, integrity),
        DataKeyArn: replica('DataKey', KeyArn, dataKey(place, names)),
      };
    },
  });
}

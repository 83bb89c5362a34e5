// SPDX-License-Identifier: Apache-2.0
import { type ChannelSide, channelKeyPolicy } from '@enclave-vault/policies';
import { defineStage } from '../stage.ts';
import { customerKey } from './keys/customer-key.ts';
import { vaultKeys } from './keys/vault-keys.ts';
import { keyArnOutput } from './shapes.ts';

/** The vault's KMS keys. Their policies admit what `measurements` of the context says, and nobody where it is null. */
export const KEYS = defineStage({
  id: 'keys',
  title: 'Keys of the vault',
  kept: true,
  outputs: {
    VaultKeyArn: keyArnOutput('4', 'mrk'),
    RequestKeyArn: keyArnOutput('5', 'mrk'),
    IntegrityKeyArn: keyArnOutput('6', 'mrk'),
    ChannelServerKeyArn: keyArnOutput('7'),
    ChannelClientKeyArn: keyArnOutput('8'),
  },
  build(stack, { config, deployment, measurements }) {
    const place = deployment();
    // Multi-Region from the start: no key becomes it later, and records would have to be wrapped anew.
    const { vault, request, integrity } = vaultKeys(place, measurements);
    const multiRegion = (id: string, kind: typeof vault): string =>
      customerKey(stack, id, { ...kind, multiRegion: true, kept: true }).attrArn;
    const channel = (id: string, side: ChannelSide, description: string): string =>
      customerKey(stack, id, {
        alias: `${config.name}/channel-${side}`,
        description,
        policy: channelKeyPolicy(place, side),
        signing: true,
        kept: true,
      }).attrArn;
    return {
      VaultKeyArn: multiRegion('VaultKey', vault),
      RequestKeyArn: multiRegion('RequestKey', request),
      IntegrityKeyArn: multiRegion('IntegrityKey', integrity),
      ChannelServerKeyArn: channel('ChannelServerKey', 'server', 'Signs the certificates of parents'),
      ChannelClientKeyArn: channel('ChannelClientKey', 'client', 'Signs the certificates of the API'),
    };
  },
});

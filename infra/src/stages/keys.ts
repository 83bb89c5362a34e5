// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
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
  build() {
    return {
      VaultKeyArn: '',
      RequestKeyArn: '',
      IntegrityKeyArn: '',
      ChannelServerKeyArn: '',
      ChannelClientKeyArn: '',
    };
  },
});

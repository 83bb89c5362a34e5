// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkKeyArn } from '../check.ts';
import { allow, anyKey, channelCertificates, document } from '../identities.ts';
import type { Home, KeyArns, PolicyDocument } from '../types.ts';

/**
 * The API makes key pairs, request keys and integrity keys, of which it can unwrap integrity keys only; and it signs its
 * certificates for the channel to the parent.
 * @param keys without them any key of the account and Region, of which the key policies leave it these four
 */
export function apiIdentityPolicy(deployment: Home, keys?: KeyArns): PolicyDocument {
  checkHome(deployment);
  const on = (key: 'vault' | 'request' | 'integrity'): string =>
    keys === undefined ? anyKey(deployment) : checkKeyArn(keys[key]);
  return document([
    allow('RecordKeyPairs', 'kms:GenerateDataKeyPairWithoutPlaintext', on('vault')),
    allow('RequestKeys', 'kms:GenerateDataKey', on('request')),
    allow(
      'IntegrityKeys',
      ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
      on('integrity'),
    ),
    ...channelCertificates(deployment, keys, 'channelClient'),
  ]);
}

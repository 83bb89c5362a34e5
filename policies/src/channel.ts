// SPDX-License-Identifier: Apache-2.0
import { allowRole, checkKeyPlace, denyAll, denyOthers, type KeyPlace, keyDocument } from './key-common.ts';
import type { PolicyDocument } from './types.ts';

/** The parent is the server of the channel between API and parent, the API its client. */
export type ChannelSide = 'server' | 'client';

/**
 * Policy of a key (ECC_NIST_P384, SIGN_VERIFY) that signs one side's certificates. Whoever signs with it is that side, so
 * its one role may, and nobody else: not the deployment role either, since roots are not signed. KMS is shown digests
 * and cannot see what it signs; that it is a certificate, verifiers demand.
 * @throws {PolicyInputError}
 */
export function channelKeyPolicy(deployment: KeyPlace, side: ChannelSide): PolicyDocument {
  checkKeyPlace(deployment);
  const { roles } = deployment;
  const signer = side === 'server' ? roles.instance : roles.api;
  const sign = 'kms:Sign';
  return keyDocument(deployment, `channel-${side}-key`, [
    allowRole('AllowSign', deployment, signer, [sign]),
    denyOthers('DenySignByOthers', sign, signer),
    denyAll('DenyOtherAlgorithms', sign, {
      StringNotEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_384' },
    }),
    denyAll('DenyOtherMessageTypes', sign, { StringNotEquals: { 'kms:MessageType': 'DIGEST' } }),
  ]);
}

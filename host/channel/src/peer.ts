// SPDX-License-Identifier: Apache-2.0
import type { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ChannelError } from './errors.ts';
import { MAX_LIFETIME_MS } from './leaf.ts';
import { readChannelRoots } from './root.ts';
import { SIDES, type Side } from './sides.ts';

/**
 * What both ends of the channel demand of TLS: version 1.3 with one suite and one signature algorithm, and a chain to the
 * peer's roots, which are no more than anchors of a partial chain (they have no signature). Neither the system's
 * authorities nor an environment variable add to them.
 *
 * @throws {ChannelError} `root_invalid`
 */
export function channelTls(peer: Side, roots: string): SecureContextOptions {
  return {
    ca: readChannelRoots(roots, peer).map(({ pem }) => pem),
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_256_GCM_SHA384',
    sigalgs: 'ecdsa_secp384r1_sha384',
  };
}

/**
 * What the chain does not say: that the certificate has this side's one purpose and one name, is no authority, and is
 * for a day. KMS cannot see what it signs; so a role's thief could have it sign more, or for longer, than
 * {@link issueCredentials} asks for, and this takes no more.
 */
export function checkPeer(certificate: X509Certificate, side: Side): ChannelError | null {
  const { purposeOid, sanText } = SIDES[side];
  const purposes = certificate.keyUsage ?? [];
  if (certificate.ca || purposes.length !== 1 || purposes[0] !== purposeOid) {
    return new ChannelError('wrong_purpose');
  }
  const lifetime = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
  if (lifetime > MAX_LIFETIME_MS) return new ChannelError('wrong_lifetime');
  return certificate.subjectAltName === sanText ? null : new ChannelError('wrong_name');
}

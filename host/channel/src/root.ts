// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type CertificateProfile, subjectOf, unsignedCertificate } from '@enclave-vault/x509';
import { ChannelError } from './errors.ts';
import { SIDES, type Side } from './sides.ts';

/** A root of one side: what its certificates are verified against. */
export interface ChannelRoot {
  readonly side: Side;
  readonly pem: string;
  /** Its name (DER), as certificates below it name their issuer. */
  readonly name: Buffer;
  readonly publicKey: KeyObject;
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string;
}

/**
 * Makes the root certificate of a side from the public half of its KMS key. Nobody signs it (RFC 9925): it is trusted
 * because it is configured, so no role needs the right to sign but the one whose name the key gives. It depends on
 * nothing else, time included: the same key has the same root, byte for byte, and ends with its key, not at a date.
 *
 * @param publicKey DER SubjectPublicKeyInfo of a P-384 key, as kms:GetPublicKey gives it
 * @returns PEM
 * @throws {ChannelError} `root_invalid` for any other key
 */
export function createChannelRoot(options: { readonly publicKey: Uint8Array; readonly side: Side }): string {
  const spki = Buffer.from(options.publicKey);
  const key = p384(spki);
  const { root, purpose, constraints } = SIDES[options.side];
  const profile: CertificateProfile = {
    subject: root,
    notBefore: 0,
    // No well-defined end (RFC 5280 section 4.1.2.5).
    notAfter: Date.UTC(9999, 11, 31, 23, 59, 59),
    ca: true,
    pathLen: 0,
    keyUsage: ['keyCertSign'],
    extendedKeyUsage: [purpose],
    extensions: [constraints],
    serial: createHash('sha256').update(spki).digest().subarray(0, 16),
  };
  return unsignedCertificate(profile, key).pem;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads the roots of a side: one, or several while keys are exchanged. Each must be what {@link createChannelRoot} makes
 * of its key, so a certificate of some other authority, or of the other side, cannot be configured by mistake.
 *
 * @throws {ChannelError} `root_invalid`
 */
export function readChannelRoots(pem: string, side: Side): readonly ChannelRoot[] {
  const found = pem.match(CERTIFICATE) ?? [];
  if (found.length === 0 || pem.replaceAll(CERTIFICATE, '').trim() !== '') throw invalid(side);
  return found.map((text) => readRoot(text, side));
}

function readRoot(text: string, side: Side): ChannelRoot {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    throw invalid(side);
  }
  const { publicKey, raw } = certificate;
  const pem = createChannelRoot({ publicKey: publicKey.export({ format: 'der', type: 'spki' }), side });
  if (!new X509Certificate(pem).raw.equals(raw)) throw invalid(side);
  const fingerprint = createHash('sha256').update(raw).digest('hex');
  return { side, pem, name: subjectOf(raw), publicKey, fingerprint };
}

function p384(spki: Buffer): KeyObject {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve === 'secp384r1') return key;
  } catch {
    // Fall through: no key at all.
  }
  throw new ChannelError('root_invalid', 'a channel root takes a P-384 public key');
}

function invalid(side: Side): ChannelError {
  return new ChannelError('root_invalid', `not the root of a channel's ${side} side`);
}

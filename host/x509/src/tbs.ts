// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { ASN1_TAG, childrenOf, parseDer } from '@enclave-vault/codec';
import { derContext, derInteger, derSequence, derTime } from './der.ts';
import { PkiError } from './errors.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type ExtendedKeyUsage,
  type Extension,
  encodeExtension,
  extendedKeyUsage,
  type KeyUsage,
  keyUsage,
  type SubjectAltNames,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.ts';
import { encodeName, type Name } from './name.ts';

/** What a certificate says, apart from its key and its issuer. Extensions are written only where they are asked for. */
export type CertificateProfile = {
  /** A plain string is a common name. */
  readonly subject: Name | string;
  /** ms since the epoch (or a Date); certificates have whole seconds, both ends included. */
  readonly notBefore: number | Date;
  readonly notAfter: number | Date;
  /** basicConstraints, critical. Undefined: no such extension. */
  readonly ca?: boolean | undefined;
  readonly pathLen?: number | undefined;
  readonly keyUsage?: readonly KeyUsage[] | undefined;
  /** Default true. */
  readonly keyUsageCritical?: boolean;
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly san?: SubjectAltNames;
  /** Subject and authority key identifiers; default true. */
  readonly keyIdentifiers?: boolean;
  /** Written after the others, as they are. */
  readonly extensions?: readonly Extension[];
  /** Magnitude of the serial number, big-endian; default 16 random bytes. */
  readonly serial?: Uint8Array;
};

/** Who vouches: the issuer's name as its certificate has it (DER), and its public key. */
export interface Issuer {
  readonly name: Buffer;
  readonly publicKey: KeyObject;
}

/**
 * TBSCertificate of an X.509 v3 certificate (RFC 5280 section 4.1).
 *
 * @param issuer left out: the subject stands as issuer, and there is no authority key identifier
 * @param algorithm DER AlgorithmIdentifier of the signature to come
 * @throws PkiError
 */
export function tbsCertificate(
  profile: CertificateProfile,
  publicKey: KeyObject,
  issuer: Issuer | undefined,
  algorithm: Buffer,
): Buffer {
  const subject = encodeName(profile.subject);
  return derSequence(
    derContext(0, derInteger(2)),
    derInteger(profile.serial ?? randomBytes(16)),
    algorithm,
    issuer?.name ?? subject,
    derSequence(derTime(Number(profile.notBefore)), derTime(Number(profile.notAfter))),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    ...extensionField(profile, publicKey, issuer?.publicKey),
  );
}

/**
 * The subject of a certificate (DER or PEM) as an issuer's name, byte for byte: names are matched by their encoding
 * (RFC 5280 section 4.1.2.4).
 *
 * @throws PkiError `invalid_issuer`
 */
export function subjectOf(certificate: Uint8Array | string): Buffer {
  let der: Buffer;
  try {
    der = new X509Certificate(certificate).raw;
  } catch {
    throw new PkiError('invalid_issuer');
  }
  const [tbs] = childrenOf(parseDer(der), ASN1_TAG.sequence);
  const subject = childrenOf(tbs, ASN1_TAG.sequence)[5];
  if (subject === undefined) throw new PkiError('invalid_issuer');
  return subject.bytes;
}

function extensionField(
  profile: CertificateProfile,
  publicKey: KeyObject,
  issuerPublicKey: KeyObject | undefined,
): Buffer[] {
  const identified = profile.keyIdentifiers ?? true;
  const extensions: Extension[] = [];
  if (profile.ca !== undefined) extensions.push(basicConstraints(profile.ca, profile.pathLen));
  if (identified && issuerPublicKey !== undefined) extensions.push(authorityKeyIdentifier(issuerPublicKey));
  if (identified) extensions.push(subjectKeyIdentifier(publicKey));
  if (profile.keyUsage !== undefined)
    extensions.push(keyUsage(profile.keyUsage, profile.keyUsageCritical ?? true));
  if (profile.extendedKeyUsage !== undefined) extensions.push(extendedKeyUsage(profile.extendedKeyUsage));
  if (profile.san !== undefined) extensions.push(subjectAltName(profile.san));
  extensions.push(...(profile.extensions ?? []));
  return extensions.length === 0 ? [] : [derContext(3, derSequence(...extensions.map(encodeExtension)))];
}

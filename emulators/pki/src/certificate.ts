// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { ASN1_TAG, childrenOf, parseDer } from '@enclave-vault/codec';
import { derBitString, derContext, derInteger, derNull, derOid, derSequence, derTime } from './der.ts';
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

export type HashName = 'sha256' | 'sha384' | 'sha512';

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
  /** Default sha384 under a P-384 key, sha256 under others. */
  readonly hash?: HashName;
};

export type CertificateRequest = CertificateProfile & {
  /** The subject's key, private or public; private where the certificate is self-signed. */
  readonly key: KeyObject;
  /** Left out: self-signed. `certificate` is DER or PEM. */
  readonly issuer?: { readonly certificate: Uint8Array | string; readonly key: KeyObject };
};

export type IssuedCertificate = { readonly der: Buffer; readonly pem: string };

/**
 * Issues an X.509 v3 certificate (RFC 5280 section 4.1), signed with ECDSA or RSASSA-PKCS1-v1_5.
 *
 * @throws PkiError
 */
export function issueCertificate(request: CertificateRequest): IssuedCertificate {
  const { key, issuer } = request;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const signingKey = issuer?.key ?? key;
  if (signingKey.type !== 'private') throw new PkiError('issuer_required');
  const subject = encodeName(request.subject);
  const algorithm = signatureAlgorithm(signingKey, request.hash);
  const issuerPublicKey = issuer === undefined ? undefined : createPublicKey(issuer.key);
  const tbs = derSequence(
    derContext(0, derInteger(2)),
    derInteger(request.serial ?? randomBytes(16)),
    algorithm.identifier,
    issuer === undefined ? subject : subjectOf(issuer.certificate),
    derSequence(derTime(Number(request.notBefore)), derTime(Number(request.notAfter))),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    ...extensionField(request, publicKey, issuerPublicKey),
  );
  const signature = sign(algorithm.hash, tbs, signingKey);
  const der = derSequence(tbs, algorithm.identifier, derBitString(signature));
  return { der, pem: toPem(der) };
}

/** DER as PEM (RFC 7468), with a newline at the end. */
export function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensionField(
  request: CertificateRequest,
  publicKey: KeyObject,
  issuerPublicKey: KeyObject | undefined,
): Buffer[] {
  const identified = request.keyIdentifiers ?? true;
  const extensions: Extension[] = [];
  if (request.ca !== undefined) extensions.push(basicConstraints(request.ca, request.pathLen));
  if (identified && issuerPublicKey !== undefined) extensions.push(authorityKeyIdentifier(issuerPublicKey));
  if (identified) extensions.push(subjectKeyIdentifier(publicKey));
  if (request.keyUsage !== undefined)
    extensions.push(keyUsage(request.keyUsage, request.keyUsageCritical ?? true));
  if (request.extendedKeyUsage !== undefined) extensions.push(extendedKeyUsage(request.extendedKeyUsage));
  if (request.san !== undefined) extensions.push(subjectAltName(request.san));
  extensions.push(...(request.extensions ?? []));
  return extensions.length === 0 ? [] : [derContext(3, derSequence(...extensions.map(encodeExtension)))];
}

/** The issuer's subject, byte for byte: names are matched by their encoding (RFC 5280 section 4.1.2.4). */
function subjectOf(certificate: Uint8Array | string): Buffer {
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

/** ECDSA (RFC 5758 section 3.2: no parameters) and RSA (RFC 4055 section 5: NULL). */
function signatureAlgorithm(
  key: KeyObject,
  asked: HashName | undefined,
): { hash: HashName; identifier: Buffer } {
  if (key.asymmetricKeyType === 'ec') {
    const hash = asked ?? (key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256');
    const number = { sha256: 2, sha384: 3, sha512: 4 }[hash];
    return { hash, identifier: derSequence(derOid(`1.2.840.10045.4.3.${number}`)) };
  }
  if (key.asymmetricKeyType === 'rsa') {
    const hash = asked ?? 'sha256';
    const number = { sha256: 11, sha384: 12, sha512: 13 }[hash];
    return { hash, identifier: derSequence(derOid(`1.2.840.113549.1.1.${number}`), derNull()) };
  }
  throw new PkiError('unsupported_key');
}

// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, X509Certificate } from 'node:crypto';
import {
  ASN1_TAG,
  type Asn1Element,
  CodecError,
  childrenOf,
  contentOf,
  parseDer,
  readSmallInteger,
} from '@enclave-vault/codec';
import { AttestationError } from './errors.ts';
import { type CertificateExtensions, readExtensions } from './extensions.ts';

/** AlgorithmIdentifier ecdsa-with-SHA384, without parameters (RFC 5758 section 3.2). */
const ECDSA_SHA384 = Buffer.from('300a06082a8648ce3d040303', 'hex');
/** SubjectPublicKeyInfo of a P-384 key (RFC 5480 section 2) up to and with the 04 of an uncompressed point. */
const P384_SPKI = Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex');
const P384_SPKI_BYTES = 120;

/** A certificate taken apart as far as this verifier judges it. */
export type Certificate = {
  readonly der: Buffer;
  readonly x509: X509Certificate;
  /** Names as they are encoded: that is how they are compared. */
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: CertificateExtensions;
};

/**
 * Parses a certificate and refuses all but X.509 v3, P-384, ECDSA with SHA-384. SPEC.md, step 5.
 * Node's parser (OpenSSL) and the strict DER reader must both take it, so that no byte means two things.
 *
 * @param der exactly one certificate
 * @throws AttestationError `certificate_*`
 */
export function parseCertificate(der: Buffer): Certificate {
  const fields = tbsFields(der);
  const x509 = opensslCertificate(der);
  const [, , algorithm, issuer, , subject, spki, extensions] = fields.tbs;
  if (!ECDSA_SHA384.equals(bytesOf(algorithm)) || !ECDSA_SHA384.equals(bytesOf(fields.algorithm))) {
    throw new AttestationError('certificate_algorithm');
  }
  return {
    der,
    x509,
    subject: bytesOf(subject),
    issuer: bytesOf(issuer),
    publicKey: p384Key(bytesOf(spki), x509),
    extensions: readExtensions(extensions),
  };
}

/** Certificate and TBSCertificate (RFC 5280 section 4.1), version 3, without unique identifiers, with extensions. */
function tbsFields(der: Buffer): { tbs: readonly Asn1Element[]; algorithm: Asn1Element | undefined } {
  try {
    const [tbs, algorithm, signature, ...rest] = childrenOf(parseDer(der), ASN1_TAG.sequence);
    const fields = childrenOf(tbs, ASN1_TAG.sequence);
    const [version] = childrenOf(fields[0], 0xa0);
    contentOf(signature, ASN1_TAG.bitString);
    const timed = childrenOf(fields[4], ASN1_TAG.sequence).every(isTime);
    const complete = fields.length === 8 && rest.length === 0;
    if (readSmallInteger(version) === 2 && complete && timed) return { tbs: fields, algorithm };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
  throw new AttestationError('certificate_malformed');
}

/** The two forms that RFC 5280 section 4.1.2.5 allows: seconds, and Z. OpenSSL reads others too. */
function isTime(element: Asn1Element): boolean {
  const text = element.content.toString('latin1');
  if (element.tag === ASN1_TAG.utcTime) return /^\d{12}Z$/.test(text);
  return element.tag === ASN1_TAG.generalizedTime && /^\d{14}Z$/.test(text);
}

function opensslCertificate(der: Buffer): X509Certificate {
  try {
    const x509 = new X509Certificate(der);
    if (x509.raw.equals(der)) return x509;
  } catch {
    // Whatever OpenSSL says of it: refused below.
  }
  throw new AttestationError('certificate_malformed');
}

function p384Key(spki: Buffer, x509: X509Certificate): KeyObject {
  try {
    if (spki.length === P384_SPKI_BYTES && spki.subarray(0, P384_SPKI.length).equals(P384_SPKI))
      return x509.publicKey;
  } catch {
    // The point is not on the curve.
  }
  throw new AttestationError('certificate_key');
}

function bytesOf(element: Asn1Element | undefined): Buffer {
  if (element === undefined) throw new AttestationError('certificate_malformed');
  return element.bytes;
}

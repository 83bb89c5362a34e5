// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject } from 'node:crypto';
import { type HashName, type SignatureAlgorithm, signatureAlgorithm, UNSIGNED } from './algorithm.ts';
import { derBitString, derSequence } from './der.ts';
import { toPem } from './pem.ts';
import { type CertificateProfile, type Issuer, tbsCertificate } from './tbs.ts';

export type Certificate = { readonly der: Buffer; readonly pem: string };

/**
 * Signs the digest of a TBSCertificate with a key that lies elsewhere.
 * @returns the signature as the certificate has it: for ECDSA, DER Ecdsa-Sig-Value (RFC 5480 appendix A)
 */
export type DigestSigner = (digest: Buffer, algorithm: SignatureAlgorithm) => Promise<Uint8Array>;

/** Puts a signature to what it signs (RFC 5280 section 4.1). */
export function assembleCertificate(tbs: Buffer, algorithm: Buffer, signature: Uint8Array): Certificate {
  const der = derSequence(tbs, algorithm, derBitString(signature));
  return { der, pem: toPem(der) };
}

/**
 * Makes a certificate whose issuer's key is out of reach, in a KMS: only the digest goes there. What comes back is
 * put into the certificate unverified.
 *
 * @param publicKey the subject's
 * @throws PkiError; whatever `sign` throws
 */
export async function certify(
  profile: CertificateProfile,
  publicKey: KeyObject,
  issuer: Issuer,
  sign: DigestSigner,
  hash?: HashName,
): Promise<Certificate> {
  const algorithm = signatureAlgorithm(issuer.publicKey, hash);
  const tbs = tbsCertificate(profile, publicKey, issuer, algorithm.identifier);
  const signature = await sign(createHash(algorithm.hash).update(tbs).digest(), algorithm);
  return assembleCertificate(tbs, algorithm.identifier, signature);
}

/**
 * A certificate without a signature (RFC 9925), for a trust anchor: who is configured to trust it trusts its name and
 * key (RFC 5280 section 6.1.1), and a signature by the key itself would prove nothing. Verifiers take it as an
 * anchor of a partial chain only, never as a link of one. The subject stands as issuer (section 3.2).
 *
 * @throws PkiError
 */
export function unsignedCertificate(profile: CertificateProfile, publicKey: KeyObject): Certificate {
  return assembleCertificate(
    tbsCertificate(profile, publicKey, undefined, UNSIGNED),
    UNSIGNED,
    Buffer.alloc(0),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  assembleCertificate,
  type Certificate,
  type CertificateProfile,
  type HashName,
  PkiError,
  signatureAlgorithm,
  subjectOf,
  tbsCertificate,
} from '@enclave-vault/x509';

/** What a certificate says, and how it is signed. */
export type SignedProfile = CertificateProfile & {
  /** Default sha384 under a P-384 key, sha256 under others. */
  readonly hash?: HashName;
};

export type CertificateRequest = SignedProfile & {
  /** The subject's key, private or public; private where the certificate is self-signed. */
  readonly key: KeyObject;
  /** Left out: self-signed. `certificate` is DER or PEM. */
  readonly issuer?: { readonly certificate: Uint8Array | string; readonly key: KeyObject };
};

export type IssuedCertificate = Certificate;

/**
 * Issues an X.509 v3 certificate (RFC 5280 section 4.1), signed with ECDSA or RSASSA-PKCS1-v1_5 by a key at hand.
 *
 * @throws PkiError
 */
export function issueCertificate(request: CertificateRequest): IssuedCertificate {
  const { key, issuer } = request;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const signingKey = issuer?.key ?? key;
  if (signingKey.type !== 'private') throw new PkiError('issuer_required');
  const { hash, identifier } = signatureAlgorithm(signingKey, request.hash);
  const vouching =
    issuer === undefined
      ? undefined
      : { name: subjectOf(issuer.certificate), publicKey: createPublicKey(issuer.key) };
  const tbs = tbsCertificate(request, publicKey, vouching, identifier);
  return assembleCertificate(tbs, identifier, sign(hash, tbs, signingKey));
}

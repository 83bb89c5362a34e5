// SPDX-License-Identifier: Apache-2.0
export { type HashName, type SignatureAlgorithm, signatureAlgorithm } from './algorithm.ts';
export {
  assembleCertificate,
  type Certificate,
  certify,
  type DigestSigner,
  unsignedCertificate,
} from './certificate.ts';
export * from './der.ts';
export { PkiError, type PkiErrorCode } from './errors.ts';
export {
  type ExtendedKeyUsage,
  type Extension,
  type KeyUsage,
  nameConstraints,
  type SubjectAltNames,
} from './extensions.ts';
export { encodeName, type Name } from './name.ts';
export { toPem } from './pem.ts';
export { type CertificateProfile, type Issuer, subjectOf, tbsCertificate } from './tbs.ts';

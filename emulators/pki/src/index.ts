// SPDX-License-Identifier: Apache-2.0
export {
  type CertificateProfile,
  type CertificateRequest,
  type HashName,
  type IssuedCertificate,
  issueCertificate,
  toPem,
} from './certificate.ts';
export { type EnvelopedDataOptions, envelopedData } from './cms.ts';
export { ES384_HEADER, signCoseSign1 } from './cose.ts';
export * from './der.ts';
export { PkiError, type PkiErrorCode } from './errors.ts';
export type { ExtendedKeyUsage, Extension, KeyUsage, SubjectAltNames } from './extensions.ts';
export { encodeName, type Name } from './name.ts';
export {
  assembleNitroChain,
  buildNitroChain,
  type CertifiedKey,
  createNitroRoot,
  issueChain,
  loadNitroRoot,
  type NitroChain,
  type NitroChainOptions,
} from './nitro-chain.ts';
export {
  type AttestationContents,
  attestationPayload,
  buildAttestationDocument,
  encodeOrderedMap,
  lockedPcrs,
} from './nitro-document.ts';
export {
  DEVELOPMENT_ROOT_NAME,
  type NitroIdentity,
  nitroProfiles,
  nitroRootProfile,
} from './nitro-profiles.ts';

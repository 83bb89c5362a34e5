// SPDX-License-Identifier: Apache-2.0
export {
  berIndefinite,
  type CertificateProfile,
  der,
  derBitString,
  derBoolean,
  derContext,
  derContextPrimitive,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSetOf,
  derTime,
  type ExtendedKeyUsage,
  type Extension,
  encodeName,
  type HashName,
  type KeyUsage,
  type Name,
  PkiError,
  type PkiErrorCode,
  type SubjectAltNames,
  toPem,
} from '@enclave-vault/x509';
export {
  type CertificateRequest,
  type IssuedCertificate,
  issueCertificate,
  type SignedProfile,
} from './certificate.ts';
export { type EnvelopedDataOptions, envelopedData } from './cms.ts';
export { ES384_HEADER, signCoseSign1 } from './cose.ts';
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

// SPDX-License-Identifier: Apache-2.0

/**
 * Messages between API, parent and enclave. SPEC.md beside this folder is normative; this package is the one
 * place that reads or writes them. It refuses what it does not know, and it never sees a record's key.
 */
export type { DecryptAnswer, DecryptResults, NameError } from './answer.ts';
export {
  type AttestationUserData,
  encodeAttestationRequest,
  encodeUserData,
  type KeyPurpose,
  keyId,
  parseAttestationRequest,
  parseUserData,
} from './attestation.ts';
export {
  openAnswer,
  openRequest,
  type RequestKey,
  type RequestTimes,
  sealAnswer,
  sealRequest,
} from './channel.ts';
export {
  type ConfigurationInput,
  configurationDigest,
  DEFAULT_KEY_CACHE,
  DEFAULT_LIMITS,
  DEFAULT_RATE,
  type EnclaveConfiguration,
  type EnclaveLimits,
  type EnclaveRate,
  encodeConfiguration,
  type KeyCacheLimits,
  parseConfiguration,
  pcr16,
} from './configuration.ts';
export { type AnswerEnvelope, type Envelope, parseAnswerEnvelope, parseEnvelope } from './envelope.ts';
export { encodeErrorAnswer, parseErrorAnswer } from './error-answer.ts';
export {
  type DecryptErrorCode,
  type NameErrorCode,
  ProtocolError,
  type ProtocolErrorCode,
  type Refusal,
} from './errors.ts';
export * from './limits.ts';
export {
  encodeParentRequest,
  type ParentCredentials,
  type ParentRequest,
  parseParentRequest,
} from './parent-request.ts';
export type { DecryptRequest, Expression } from './request.ts';

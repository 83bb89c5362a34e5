// SPDX-License-Identifier: Apache-2.0
export { AWS_NITRO_ROOT, AWS_NITRO_ROOT_SHA256 } from './aws-root.ts';
export { type AttestationClaims, type UnverifiedAttestation, unsafeParseAttestation } from './document.ts';
export { AttestationError, type AttestationErrorCode } from './errors.ts';
export type { PcrPolicy } from './pcr-policy.ts';
export { assertProductionRoot } from './root.ts';
export { type VerifiedAttestation, type VerifyOptions, verifyAttestation } from './verify.ts';

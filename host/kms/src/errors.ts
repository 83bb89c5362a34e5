// SPDX-License-Identifier: Apache-2.0
import { KmsError, type KmsErrorCode } from '@enclave-vault/vault';

/** KMS knows who asks and what for, and says no; asking again changes nothing. */
const DENIED: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'DisabledException',
  'KMSInvalidStateException',
  'NotFoundException',
  'InvalidArnException',
  'InvalidKeyUsageException',
  'InvalidGrantTokenException',
  'UnsupportedOperationException',
  'ValidationException',
  // Credentials
  'CredentialsProviderError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotAuthorizedException',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

const INVALID: ReadonlySet<string> = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

const THROTTLED: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/**
 * The port's error for whatever the SDK threw. It has the operation and AWS's name of the error only: the SDK's
 * own error holds the response, and its message may hold more than a log should.
 */
export function toKmsError(operation: string, error: unknown): KmsError {
  if (error instanceof KmsError) return error;
  const name = error instanceof Error ? error.name : 'unknown';
  return new KmsError(codeOf(name), `${operation}: ${/^\w{1,64}$/.test(name) ? name : 'unknown'}`);
}

function codeOf(name: string): KmsErrorCode {
  if (DENIED.has(name)) return 'denied';
  if (INVALID.has(name)) return 'invalid';
  if (THROTTLED.has(name)) return 'throttled';
  return 'unavailable';
}

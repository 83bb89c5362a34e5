// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const UNKNOWN = new Set([
  'AuthFailure',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);
const DENIED = /^(AccessDenied(Exception)?|UnauthorizedOperation|Unauthorized(Exception)?|Forbidden|403)$/;

/**
 * Makes one call, and says what went wrong in this program's words. What AWS says about a refusal names caller, action and resource, and is
 * passed on; credentials are in none of it.
 * @throws {DeployError} `credentials_*`, `access_denied`, `service_failed`
 */
export async function call<T>(operation: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw translated(operation, error);
  }
}

export function translated(operation: string, error: unknown): DeployError {
  if (error instanceof DeployError) return error;
  const name = error instanceof Error ? error.name : 'unknown';
  const message = error instanceof Error ? oneLine(error.message) : '';
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return /expired/i.test(message)
      ? new DeployError('credentials_expired', 'the AWS credentials have expired')
      : new DeployError('credentials_missing', 'there are no AWS credentials here');
  }
  if (EXPIRED.has(name)) return new DeployError('credentials_expired', 'the AWS credentials have expired');
  if (UNKNOWN.has(name)) {
    return new DeployError(
      'credentials_missing',
      `AWS does not know the credentials (${operation}: ${name})`,
    );
  }
  if (DENIED.test(name)) return new DeployError('access_denied', `${operation}: ${message}`);
  return new DeployError('service_failed', `${operation}: ${name}: ${message}`);
}

/** Name of an error of AWS, for those that are an answer. */
export function isCalled(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** EC2 puts kilobytes of an encoded explanation behind a refusal. */
function oneLine(text: string): string {
  const line = text
    .replace(/Encoded authorization failure message: \S+/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}

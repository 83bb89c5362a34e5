// SPDX-License-Identifier: Apache-2.0
import { StoreConflict, StoreError, type StoreErrorCode } from '@enclave-vault/vault';
import { asWord, awsName } from '../aws/error-name.ts';

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  ResourceNotFoundException: 'not_a_vault',
  ValidationException: 'invalid',
  ItemCollectionSizeLimitExceededException: 'invalid',
};

/** Codes of cancellation reasons (API Reference, TransactionCanceledException) that the same transaction may outlive. */
const PASSING: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const REFUSED: ReadonlySet<string> = new Set(['ValidationError', 'ItemCollectionSizeLimitExceeded']);

/**
 * The port's error for whatever the SDK threw: the operation and AWS's name of the error, and nothing else of it. The
 * SDK's own error holds the response, and a message of DynamoDB's may quote a key or a value.
 */
export function asStoreError(operation: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const name = awsName(error);
  return new StoreError(CODES[name] ?? 'unavailable', `${operation}: ${name}`);
}

/** What a cancelled transaction comes to. `again`: none of it was written, and it may be tried again. */
export type Cancellation = { readonly again: string } | { readonly error: StoreError };

/**
 * Reads the reasons of a cancelled transaction, one for each operation.
 * @returns undefined when the error is another one
 */
export function cancellation(error: unknown): Cancellation | undefined {
  if (awsName(error) !== 'TransactionCanceledException') return undefined;
  const codes = reasonsOf(error);
  // A condition that does not hold is the answer, whatever else stood in the way.
  const failed = codes.indexOf('ConditionalCheckFailed');
  if (failed >= 0) return { error: new StoreConflict(failed) };
  const refused = codes.find((code) => REFUSED.has(code));
  if (refused !== undefined) return { error: new StoreError('invalid', `TransactWriteItems: ${refused}`) };
  const reasons = codes.filter((code) => code !== 'None');
  const [first = 'unknown'] = reasons;
  if (reasons.length > 0 && reasons.every((code) => PASSING.has(code))) return { again: first };
  return { error: new StoreError('unavailable', `TransactWriteItems: ${asWord(first)}`) };
}

function reasonsOf(error: unknown): string[] {
  const reasons = (error as { readonly CancellationReasons?: unknown }).CancellationReasons;
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: unknown) => {
    const code = (reason as { readonly Code?: unknown } | null)?.Code;
    return typeof code === 'string' ? code : 'None';
  });
}

/** Requests of a call that may have been carried out although nobody heard so: those before the last one. */
export function hadUnknownOutcome(error: unknown): boolean {
  const metadata = (error as { readonly $metadata?: { readonly attempts?: unknown } } | null)?.$metadata;
  return metadata?.attempts !== 1;
}

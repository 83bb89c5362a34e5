// SPDX-License-Identifier: Apache-2.0

/**
 * Why a message was refused.
 * - `malformed`: not the canonical encoding of this message, or a member is outside its limits
 * - `too_large`: more bytes than the message may have; nothing of it was decoded
 * - `unauthenticated`: the box does not open. Wrong key, wrong direction, wrong request and changed bytes look the same
 */
export type ProtocolErrorCode = 'malformed' | 'too_large' | 'unauthenticated';

/** Every refusal of this package. The message names a member at most, never its value. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = 'ProtocolError';
    this.code = code;
  }
}

/**
 * What an enclave may say outside a sealed answer. Nothing authenticates these: the parent can forge any of
 * them, so a caller may retry or report on their strength, and must not conclude anything else from them.
 */
export const REFUSALS = [
  'malformed',
  'too_large',
  'busy',
  'expired',
  'repeated',
  'unauthenticated',
  'kms_denied',
  'kms_unavailable',
  'timed_out',
  'no_configuration',
  'not_found',
  'internal',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Why a whole request failed once its sender was known: sealed, so the parent cannot forge or read it. */
export const DECRYPT_ERRORS = [
  'malformed',
  'unknown_key',
  'record_unreadable',
  'kms_denied',
  'kms_unavailable',
  'rate_limited',
  'timed_out',
  'too_large',
  'internal',
] as const;
export type DecryptErrorCode = (typeof DECRYPT_ERRORS)[number];

/** Why one field or one expression has no result. */
export const NAME_ERRORS = [
  'field_unreadable',
  'expression_invalid',
  'expression_failed',
  'expression_budget_exceeded',
] as const;
export type NameErrorCode = (typeof NAME_ERRORS)[number];

// SPDX-License-Identifier: Apache-2.0

/**
 * - `unknown_suite`: a suite id that is none of the three.
 * - `invalid_public_key`, `invalid_private_key`: a key of the caller's own that fails RFC 9180 section 7.1.4,
 *   is of another curve, or is not in the one encoding that is accepted.
 * - `open_failed`: whatever kept a message from being opened. One code, so that nobody learns whether the
 *   encapsulated key, the tag, the aad or the length was wrong.
 * - `message_limit_reached`: the context has spent its sequence numbers, or one outside its range was asked for.
 * - `export_too_long`: more than 255 blocks of the hash were asked for (RFC 9180 section 5.3).
 */
export type HpkeErrorCode =
  | 'unknown_suite'
  | 'invalid_public_key'
  | 'invalid_private_key'
  | 'open_failed'
  | 'message_limit_reached'
  | 'export_too_long';

/** The only error this package throws. It has no cause and no detail: OpenSSL's texts stay inside. */
export class HpkeError extends Error {
  override readonly name = 'HpkeError';
  readonly code: HpkeErrorCode;

  constructor(code: HpkeErrorCode) {
    super(code);
    this.code = code;
  }
}

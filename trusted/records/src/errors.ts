// SPDX-License-Identifier: Apache-2.0

/**
 * - `invalid_name`: a tenant, vault id or field name that SPEC.md does not allow.
 * - `invalid_record`: an attribute handed to the MAC that is out of its range.
 * - `invalid_json`: a value to be sealed that is not one well-formed JSON text.
 * - `value_too_large`, `too_many_fields`: over the limits of limits.ts.
 * - `unknown_encoding`: a stored value that announces none of the encodings 1, 2 and 3.
 * - `invalid_public_key`, `invalid_private_key`: the record's key can't be used.
 *
 * What keeps a single field from opening isn't an error: that field's result is `{ ok: false }`.
 */
export type RecordsErrorCode =
  | 'invalid_name'
  | 'invalid_record'
  | 'invalid_json'
  | 'value_too_large'
  | 'too_many_fields'
  | 'unknown_encoding'
  | 'invalid_public_key'
  | 'invalid_private_key';

/** The only error this package throws. It has no cause and no detail, so no value can travel in it. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError';
  readonly code: RecordsErrorCode;

  constructor(code: RecordsErrorCode) {
    super(code);
    this.code = code;
  }
}

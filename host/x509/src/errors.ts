// SPDX-License-Identifier: Apache-2.0

export type PkiErrorCode =
  | 'invalid_oid'
  | 'invalid_time'
  | 'invalid_name'
  | 'invalid_address'
  | 'invalid_issuer'
  | 'invalid_chain'
  | 'unsupported_key'
  | 'issuer_required';

/** A request this package cannot write: always a mistake of the program that asks, since no name or key of strangers gets here. */
export class PkiError extends Error {
  override readonly name = 'PkiError';
  readonly code: PkiErrorCode;

  constructor(code: PkiErrorCode) {
    super(code);
    this.code = code;
  }
}

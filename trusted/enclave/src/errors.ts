// SPDX-License-Identifier: Apache-2.0
import type { DecryptErrorCode, Refusal } from '@enclave-vault/protocol';

/** A call that ends without a sealed answer. `code` is all that the caller learns. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

/** A request whose sender is known and that fails as a whole: the code goes into the sealed answer. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly code: DecryptErrorCode;

  constructor(code: DecryptErrorCode) {
    super(code);
    this.code = code;
  }
}

/**
 * What became of a call to KMS.
 * - `denied`: KMS says that this enclave, or its parent, may not. With a document that KMS no longer likes, too
 * - `invalid`: the ciphertext is not one of this key under this context
 * - `unavailable`: no answer that can be believed: network, TLS, time, throttling, parent's credentials, garbage
 */
export type KmsErrorCode = 'denied' | 'invalid' | 'unavailable';

/** `detail` is for the log: a name of an AWS error or one of our own, letters and underscores only, no value. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  readonly code: KmsErrorCode;
  readonly detail: string;

  constructor(code: KmsErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** The security module did not do what it was asked: nothing can be attested. `detail` as above. */
export class NsmError extends Error {
  override readonly name = 'NsmError';
  readonly detail: string;

  constructor(detail: string) {
    super(detail);
    this.detail = detail;
  }
}

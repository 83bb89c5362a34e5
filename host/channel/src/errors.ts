// SPDX-License-Identifier: Apache-2.0

export type ChannelErrorCode =
  /** What was configured as a root of one side is none: no certificate, of the other side, or not as we write them. */
  | 'root_invalid'
  /** The KMS key that signs is not the key of any configured root. */
  | 'root_mismatch'
  /** KMS says no: role, key policy, key state. Asking again changes nothing. */
  | 'kms_denied'
  /** KMS cannot be reached, is throttling, or did not answer in time. */
  | 'kms_unavailable'
  /** The peer's certificate is below the right root and still not of the right side. */
  | 'wrong_name'
  | 'wrong_purpose'
  | 'wrong_lifetime'
  /** The identity was closed. */
  | 'closed';

/** Why there is no identity, or no connection. Messages have names of operations and errors, never key material. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  readonly code: ChannelErrorCode;

  constructor(code: ChannelErrorCode, message: string = code) {
    super(message);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Something an operator should hear of and a caller should not. Holds names and codes, never a value. */
export interface Report {
  readonly event:
    | 'audit_sink_failed'
    | 'integrity_failed'
    /** Somebody has the id of a live key and not its secret. */
    | 'key_attacked'
    | 'enclave_refused'
    | 'enclave_answer_invalid'
    | 'kms_failed'
    /** Key pairs cannot be made beforehand: records ask KMS themselves. */
    | 'record_keys_failed'
    | 'store_failed'
    | 'program_error';
  /** The stable code of what happened. */
  readonly code: string;
  readonly requestId?: string;
  readonly log?: string;
  /**
   * For a program error: its kind and where it was thrown. Never its message, which may quote what it choked on.
   * For a failed store or sink: what it says of itself, an operation and an error's name.
   */
  readonly where?: string;
}

export type Reporter = (report: Report) => void;

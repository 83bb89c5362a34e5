// SPDX-License-Identifier: Apache-2.0

/** What did not authenticate. For the operator's log and for tests; callers see `integrity_failed` whichever it is. */
export type TamperCode =
  /** The item has not the shape of a record. */
  | 'record_shape'
  /** `_mac` is not that of the record. */
  | 'record_mac'
  /** The record is authentic, and not the newest: its chain ends with another state. */
  | 'record_state'
  /** The chain's head and last entry do not belong together, or were not written by this vault. */
  | 'chain_tail'
  /** The chain ends before an entry that this process has seen or written: the store was set back. */
  | 'chain_set_back'
  /** An entry that was to be shown is not authentic. */
  | 'chain_entry'
  /** The row of an API key is not authentic, or not the newest. */
  | 'key_row'
  /** An idempotency row is not authentic. */
  | 'idempotency_row';

/** Someone else wrote to the store. */
export class Tampered extends Error {
  override readonly name = 'Tampered';
  readonly code: TamperCode;
  /** The record, key or chain it was found on. */
  readonly subject: string;
  constructor(code: TamperCode, subject: string) {
    super(code);
    this.code = code;
    this.subject = subject;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** What is wrong with a chain or with what it is about. Stable codes. */
export const FINDINGS = {
  entry_missing: 'entries were removed',
  entry_changed: 'the entry was edited',
  entry_forged: 'the entry was not written by this vault',
  entry_transplanted: 'the entry belongs to another chain',
  entry_reordered: 'the entry belongs to another place of this chain',
  chain_broken: 'the entry follows another one than the one before it',
  head_missing: 'the head was removed',
  head_behind: 'the head is older than the last entry',
  head_forged: 'the head is not the last entry',
  truncated: 'the sink knows later entries',
  sink_mismatch: 'the sink knows another entry of this number',
  record_missing: 'the log is of a record that is gone',
  record_forged: 'the record does not authenticate',
  record_state: 'the record is in another state than the log leaves it in',
  record_revived: 'the log ends with a deletion, and the record is there',
  log_missing: 'there is a record without a log',
  key_missing: 'the log is of an API key that is gone',
  key_forged: 'the API key does not authenticate',
  key_state: 'the API key is in another state than the log leaves it in',
  key_unlisted: 'the API key is missing in the list of keys',
} as const;
export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  /** Id of the chain. */
  readonly log: string;
  readonly code: FindingCode;
  /** The entry, or the first of those up to `to`; absent when it is not about an entry. */
  readonly n?: number;
  readonly to?: number;
  readonly message: string;
}

export function finding(log: string, code: FindingCode, n?: number, to?: number): Finding {
  return {
    log,
    code,
    ...(n === undefined ? {} : { n }),
    ...(to === undefined || to === n ? {} : { to }),
    message: FINDINGS[code],
  };
}

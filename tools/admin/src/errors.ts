// SPDX-License-Identifier: Apache-2.0

/** The command's words are off; shown with the usage, exit code 2. */
export class UsageError extends Error {
  readonly code = 'usage';
}

export type AdminErrorCode =
  | 'file_unreadable'
  | 'file_unwritable'
  | 'configuration_invalid'
  | 'key_unreadable'
  | 'manifest_exists'
  | 'channel_root_other'
  | 'manifest_mismatch'
  | 'data_in_use'
  | 'data_unreadable'
  | 'process_failed'
  | 'start_timed_out'
  | 'vault_not_running'
  | 'request_failed'
  | 'image_missing'
  | 'schema_unreadable'
  | 'legacy_key_missing'
  | 'pins_unreadable'
  | 'canary_off'
  | 'config_unreadable'
  | 'export_unreadable'
  | 'export_damaged'
  | 'table_unreadable'
  | 'import_state_other'
  | 'import_interrupted'
  | 'key_is_own'
  | 'log_unknown'
  | 'input_unreadable'
  | 'input_changed'
  | 'column_unknown'
  | 'output_exists'
  | 'job_other'
  | 'job_too_late'
  | 'bulk_interrupted'
  | 'credentials_unusable';

/** Something that the user can mend: shown as one line, exit code 1. */
export class AdminError extends Error {
  readonly code: AdminErrorCode;
  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Every reason to refuse an image or a manifest, in the order of SPEC.md. Stable: commands, alarms and tests compare them. */
export type EifErrorCode =
  // the image
  | 'not_an_eif'
  | 'version_unsupported'
  | 'header_invalid'
  | 'section_table_invalid'
  | 'truncated'
  | 'section_type_unknown'
  | 'section_flags_unknown'
  | 'section_order'
  | 'section_repeated'
  | 'section_missing'
  | 'section_too_large'
  | 'section_table_mismatch'
  | 'trailing_bytes'
  | 'crc_mismatch'
  | 'command_line_invalid'
  | 'metadata_invalid'
  | 'signature_malformed'
  | 'certificate_invalid'
  | 'signature_algorithm'
  | 'signature_register'
  | 'signature_other_image'
  | 'signature_invalid'
  // its surroundings
  | 'role_arn_invalid'
  | 'instance_id_invalid'
  // the manifest
  | 'key_invalid'
  | 'manifest_malformed'
  | 'manifest_type'
  | 'manifest_signature_invalid'
  | 'manifest_payload_invalid'
  | 'manifest_incomplete';

/** The only error of this package: what was read is refused, for the first reason found. It never carries a byte of its input. */
export class EifError extends Error {
  override readonly name = 'EifError';
  readonly code: EifErrorCode;

  constructor(code: EifErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

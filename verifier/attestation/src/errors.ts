// SPDX-License-Identifier: Apache-2.0

/** Every reason to refuse a document, in the order of SPEC.md's steps. Stable: callers, alarms and tests compare them. */
export type AttestationErrorCode =
  | 'options_invalid'
  | 'root_invalid'
  | 'root_not_production'
  | 'document_too_large'
  | 'document_malformed'
  | 'header_invalid'
  | 'signature_malformed'
  | 'payload_malformed'
  | 'payload_unknown_key'
  | 'payload_missing_key'
  | 'module_id_invalid'
  | 'digest_unsupported'
  | 'timestamp_invalid'
  | 'pcrs_invalid'
  | 'certificate_invalid'
  | 'cabundle_invalid'
  | 'public_key_invalid'
  | 'user_data_invalid'
  | 'nonce_invalid'
  | 'certificate_malformed'
  | 'certificate_algorithm'
  | 'certificate_key'
  | 'certificate_extension'
  | 'chain_foreign_root'
  | 'chain_not_linked'
  | 'chain_self_issued'
  | 'chain_signature'
  | 'certificate_not_yet_valid'
  | 'certificate_expired'
  | 'issuer_not_ca'
  | 'issuer_key_usage'
  | 'path_length_exceeded'
  | 'leaf_is_ca'
  | 'leaf_key_usage'
  | 'signature_invalid'
  | 'document_from_future'
  | 'document_stale'
  | 'debug_mode'
  | 'pcr_missing'
  | 'pcr_mismatch'
  | 'nonce_mismatch'
  | 'user_data_mismatch'
  | 'public_key_mismatch';

/** The only error of this package: the document is refused, for the first reason found. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
  readonly code: AttestationErrorCode;
  /** For `debug_mode`, `pcr_missing` and `pcr_mismatch`: the registers concerned. */
  readonly pcrs: readonly number[];

  constructor(code: AttestationErrorCode, pcrs: readonly number[] = []) {
    super(pcrs.length === 0 ? code : `${code}: PCR ${pcrs.join(', ')}`);
    this.code = code;
    this.pcrs = pcrs;
  }
}

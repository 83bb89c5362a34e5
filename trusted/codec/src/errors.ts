// SPDX-License-Identifier: Apache-2.0

/** Every reason this package has to refuse an input. Stable: callers and tests compare them. */
export type CodecErrorCode =
  | 'cbor_too_large'
  | 'cbor_too_deep'
  | 'cbor_too_many_items'
  | 'cbor_truncated'
  | 'cbor_trailing_bytes'
  | 'cbor_indefinite_length'
  | 'cbor_reserved'
  | 'cbor_not_shortest'
  | 'cbor_tag'
  | 'cbor_float'
  | 'cbor_simple_value'
  | 'cbor_invalid_utf8'
  | 'cbor_duplicate_key'
  | 'cbor_key_type'
  | 'cbor_key_order'
  | 'cbor_unencodable'
  | 'cose_not_sign1'
  | 'asn1_too_large'
  | 'asn1_too_deep'
  | 'asn1_too_many_items'
  | 'asn1_truncated'
  | 'asn1_trailing_bytes'
  | 'asn1_indefinite_length'
  | 'asn1_length_form'
  | 'asn1_tag_form'
  | 'asn1_end_of_contents'
  | 'asn1_unexpected_tag'
  | 'asn1_invalid_boolean'
  | 'asn1_invalid_integer'
  | 'asn1_invalid_oid'
  | 'asn1_invalid_bit_string'
  | 'asn1_invalid_null'
  | 'cms_structure'
  | 'cms_version'
  | 'cms_content_type'
  | 'cms_recipient'
  | 'cms_key_encryption'
  | 'cms_content_encryption'
  | 'cms_content';

/** The only error the readers and writers of this package throw. It never carries a byte of its input. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;

  constructor(code: CodecErrorCode) {
    super(code);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Every reason to refuse an image or a manifest, in the order of SPEC.md. Codes are stable: commands, alarms and tests compare them. */
const REASONS = {
  not_an_eif: 'this is no enclave image file',
  version_unsupported: 'the image is of another version of the format than 4',
  header_invalid: 'flags or reserved fields of the header have no meaning that is known',
  section_table_invalid: 'the table of sections in the header is no such table',
  truncated: 'the file ends before its last section does',
  section_type_unknown: 'a section is of no known type',
  section_flags_unknown: 'a section has flags, which have no meaning that is known',
  section_order: 'the kernel is not the first section, or the command line not the second',
  section_repeated: 'a section that may stand once stands twice',
  section_missing: 'the command line or the ramdisk is missing',
  section_too_large: 'command line, metadata or signature are longer than they can be',
  section_table_mismatch: 'the sections are not where the table in the header has them',
  trailing_bytes: 'the file goes on after its last section',
  crc_mismatch: 'the checksum is another one: the file was damaged or changed',
  command_line_invalid: 'the command line is no text',
  metadata_invalid: 'the metadata is no JSON object',
  signature_malformed: 'the signature section is no such section',
  certificate_invalid: 'the signing certificate cannot be read',
  signature_algorithm: 'the signature is of an algorithm that is unknown, or not of its certificate',
  signature_register: 'what is signed is another register than PCR0',
  signature_other_image: 'what is signed is another image',
  signature_invalid: 'the signature was not made by the key of its certificate',
  role_arn_invalid: 'this is no ARN of an IAM role (arn:aws:iam::ACCOUNT:role/NAME)',
  instance_id_invalid: 'this is no instance id (i-0123456789abcdef0)',
  key_invalid: 'the key is not on P-384, or not of the kind that is needed here',
  manifest_malformed: 'this is no manifest',
  manifest_type: 'this envelope carries something else than measurements',
  manifest_signature_invalid: 'the manifest was not signed by this key',
  manifest_payload_invalid: 'the measurements in the manifest are not as they must be',
  manifest_incomplete: 'an image of the manifest lacks PCR3, PCR8 or PCR16, which a key policy pins',
} as const;

export type EifErrorCode = keyof typeof REASONS;

/** The only error of this package: what was read is refused, for the first reason found. It never carries a byte of its input. */
export class EifError extends Error {
  override readonly name = 'EifError';
  readonly code: EifErrorCode;

  constructor(code: EifErrorCode, options?: ErrorOptions) {
    super(REASONS[code], options);
    this.code = code;
  }
}

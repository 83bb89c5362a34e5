// SPDX-License-Identifier: Apache-2.0

/** The command's words are off; shown with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type ReleaseToolErrorCode =
  /** The image cannot be read, or is damaged. */
  | 'image_refused'
  /** Nobody signed the image: it has no PCR8, and a key policy has nothing to pin. */
  | 'image_unsigned'
  /** The image is for another architecture than the instances have. */
  | 'image_other_architecture'
  /** Its certificate has ended: nitro-cli would not start it. */
  | 'certificate_expired'
  /** The signing key cannot be read, or is not on P-384. */
  | 'key_unreadable'
  /** KMS did not sign. */
  | 'kms_failed'
  /** The image's bill of materials is none. */
  | 'sbom_refused'
  /** A part could not be built. */
  | 'build_failed'
  /** The folder has something in it. */
  | 'folder_in_use'
  | 'output_unwritable';

/** Something that whoever makes a release can mend. Holds no key and no passphrase. */
export class ReleaseToolError extends Error {
  override readonly name = 'ReleaseToolError';
  readonly code: ReleaseToolErrorCode;

  constructor(code: ReleaseToolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** Every reason to refuse a release. Codes are stable. */
const REASONS = {
  key_invalid: 'the key is not on P-384, or not of the kind that is needed here',
  release_malformed: 'this is no release manifest',
  release_type: 'this envelope carries something else than a release',
  release_signature_invalid: 'the release was not signed by this key',
  release_payload_invalid: 'the contents of the release manifest are not as they must be',
  release_file_other: 'a file of the release is not the one that was signed',
} as const;

export type ReleaseErrorCode = keyof typeof REASONS;

/** The only error of this package. It never carries a byte of its input, but may name a file of the release. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseErrorCode;

  constructor(code: ReleaseErrorCode, options: ErrorOptions & { readonly file?: string } = {}) {
    const { file, ...rest } = options;
    super(file === undefined ? REASONS[code] : `${REASONS[code]}: ${file}`, rest);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

export type ImageErrorCode =
  | 'architecture_unknown'
  | 'mirror_unknown'
  | 'tool_missing'
  | 'input_unavailable'
  | 'input_changed'
  | 'input_malformed'
  | 'input_not_pinned'
  | 'program_incomplete'
  | 'library_missing'
  | 'library_unused'
  | 'wrong_machine'
  | 'entry_invalid'
  | 'entrypoint_differs';

/** The image cannot be assembled from what there is; the message says what to mend. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0

/** The bundle is not one to run. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: 'forbidden' | 'not_one_file' | 'native_changed';
  readonly reasons: readonly string[];

  constructor(code: BuildError['code'], reasons: readonly string[]) {
    super([code, ...reasons].join('\n  '));
    this.code = code;
    this.reasons = reasons;
  }
}

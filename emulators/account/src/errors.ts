// SPDX-License-Identifier: Apache-2.0

/** An error as an AWS service answers it: its own code and words as far as they are documented. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** For refusals: which statement decided, or which kind of policy lacks an Allow, in a few lines. */
  readonly explanation: string | undefined;

  constructor(code: string, message: string, options: { status?: number; explanation?: string } = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? 400;
    this.explanation = options.explanation;
  }
}

/** A type or an intrinsic function that nobody has described here yet: the simulator's own limit, no answer of AWS. */
export class NotModelledError extends Error {
  override readonly name = 'NotModelledError';
}

// SPDX-License-Identifier: Apache-2.0

export type InfraErrorCode =
  /** A stage was built before one whose outputs it needs. */
  | 'output_missing'
  /** What a stack put out is not what was expected of it. */
  | 'output_invalid'
  /** A value that only CloudFormation would know reached a place that must be plain text: a hash, a policy. */
  | 'unresolved_token'
  /** A partition of AWS whose names are not known. */
  | 'unsupported_partition'
  /** A synthesized template has something that no stack of ours may have. */
  | 'template_refused';

export class InfraError extends Error {
  readonly code: InfraErrorCode;
  constructor(code: InfraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InfraError';
    this.code = code;
  }
}

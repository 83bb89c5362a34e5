// SPDX-License-Identifier: Apache-2.0

export type ExpressionErrorCode = 'expression_invalid' | 'expression_failed' | 'expression_budget_exceeded';

/**
 * Why an expression has no result. The message never quotes the expression or a value: what a library says of an
 * error may hold either.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly code: ExpressionErrorCode;
  constructor(code: ExpressionErrorCode) {
    super(code);
    this.code = code;
  }
}

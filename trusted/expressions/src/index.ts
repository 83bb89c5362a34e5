// SPDX-License-Identifier: Apache-2.0
export { ExpressionError, type ExpressionErrorCode } from './errors.ts';
export { type EvaluateRequest, type ExpressionOutcome, evaluate, type NamedExpression } from './evaluate.ts';
export { ExpressionPool, type PoolOptions } from './pool.ts';
export { RESERVED_NAMES, type References, references } from './references.ts';
export { runExpressionWorker } from './worker.ts';

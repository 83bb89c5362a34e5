// SPDX-License-Identifier: Apache-2.0
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { ExpressionError } from './errors.ts';
import { isFunction } from './function-names.ts';
import { LIMITS } from './limits.ts';
import { parseExpression } from './parse.ts';

export { ExpressionError, type ExpressionErrorCode } from './errors.ts';

export interface References {
  /** Free identifiers, and `x` of `record.x`, `record["x"]`, `has(record.x)` and `"x" in record`. */
  readonly fields: ReadonlySet<string>;
  /** `record` is used in another way, which may read any field. */
  readonly wholeRecord: boolean;
}

/** Identifiers that name a type, as in `type(x) == string`. */
const TYPES = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);
const RECORD = 'record';

/** Names that an expression may not have: they mean something else in those after it. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([...TYPES, RECORD]);

/**
 * Which fields an expression may read. It errs to the safe side: a name is listed even where evaluation would never
 * reach it, and what cannot be told apart counts as the whole record. It parses, and evaluates nothing.
 * @throws {ExpressionError} expression_invalid: no CEL, or a function or construct that the vault does not have
 */
export function references(source: string): References {
  const found = { fields: new Set<string>(), wholeRecord: false };
  visit(parseExpression(source), new Set(), found, 0);
  return found;
}

interface Found {
  readonly fields: Set<string>;
  wholeRecord: boolean;
}

/** @param depth levels above: a chain of operators is as deep as it is long, and everything that walks it recurses */
function visit(expr: Expr | undefined, bound: ReadonlySet<string>, found: Found, depth: number): void {
  if (expr === undefined) return;
  if (depth > LIMITS.treeDepth) throw new ExpressionError('expression_invalid');
  const deeper = depth + 1;
  const { case: kind, value } = expr.exprKind;
  const member = recordMember(expr, bound);
  if (member !== undefined) {
    found.fields.add(member);
    return;
  }
  switch (kind) {
    case 'constExpr':
      return;
    case 'identExpr':
      if (value.name === RECORD && !bound.has(RECORD)) found.wholeRecord = true;
      else if (!bound.has(value.name) && !TYPES.has(value.name)) found.fields.add(value.name);
      return;
    case 'selectExpr':
      visit(value.operand, bound, found, deeper);
      return;
    case 'callExpr':
      if (!isFunction(value.function)) throw new ExpressionError('expression_invalid');
      visit(value.target, bound, found, deeper);
      for (const arg of value.args) visit(arg, bound, found, deeper);
      return;
    case 'listExpr':
      for (const element of value.elements) visit(element, bound, found, deeper);
      return;
    case 'structExpr':
      // A named struct is a protobuf message, and the vault has none.
      if (value.messageName !== '') throw new ExpressionError('expression_invalid');
      for (const entry of value.entries) {
        if (entry.keyKind.case === 'mapKey') visit(entry.keyKind.value, bound, found, deeper);
        visit(entry.value, bound, found, deeper);
      }
      return;
    case 'comprehensionExpr': {
      visit(value.iterRange, bound, found, deeper);
      visit(value.accuInit, bound, found, deeper);
      const inner = new Set([...bound, value.iterVar, value.iterVar2, value.accuVar]);
      visit(value.loopCondition, inner, found, deeper);
      visit(value.loopStep, inner, found, deeper);
      visit(value.result, new Set([...bound, value.accuVar]), found, deeper);
      return;
    }
    default:
      throw new ExpressionError('expression_invalid');
  }
}

/** The field that a use of `record` reads, where the text alone says which. */
function recordMember(expr: Expr, bound: ReadonlySet<string>): string | undefined {
  if (bound.has(RECORD)) return undefined;
  const { case: kind, value } = expr.exprKind;
  if (kind === 'selectExpr' && isRecord(value.operand)) return value.field;
  if (kind !== 'callExpr' || value.args.length !== 2) return undefined;
  const [first, second] = value.args;
  if (value.function === '_[_]' && isRecord(first)) return text(second);
  if (value.function === '@in' && isRecord(second)) return text(first);
  return undefined;
}

const isRecord = (expr: Expr | undefined): boolean =>
  expr?.exprKind.case === 'identExpr' && expr.exprKind.value.name === RECORD;

function text(expr: Expr | undefined): string | undefined {
  const constant = expr?.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind : undefined;
  return constant?.case === 'stringValue' ? constant.value : undefined;
}

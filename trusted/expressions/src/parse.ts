// SPDX-License-Identifier: Apache-2.0
import { parse } from '@bufbuild/cel';
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { ExpressionError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { hasMoreTokens } from './tokens.ts';

/** The parser's time grows with the square of a run of white space; no honest expression has such a run. */
const LONG_BLANK = new RegExp(`\\s{${LIMITS.blanks + 1}}`);

/**
 * Parses one expression. The parser recurses, so nesting is bounded before it starts: brackets are counted wherever
 * they stand, in string literals too, which refuses some harmless texts and misses no harmful one.
 * @throws {ExpressionError} expression_invalid
 */
export function parseExpression(source: string): Expr {
  const bounded =
    Buffer.byteLength(source) <= LIMITS.sourceBytes &&
    nesting(source) <= LIMITS.depth &&
    !LONG_BLANK.test(source) &&
    !hasMoreTokens(source, LIMITS.tokens);
  if (!bounded) throw new ExpressionError('expression_invalid');
  try {
    return parse(source).expr;
  } catch {
    throw new ExpressionError('expression_invalid');
  }
}

/** The most brackets open at once, and as deep again a level for each conditional, which nests to its right. */
function nesting(source: string): number {
  let open = 0;
  let most = 0;
  let conditionals = 0;
  for (const c of source) {
    if (c === '(' || c === '[' || c === '{') most = Math.max(most, ++open);
    else if ((c === ')' || c === ']' || c === '}') && open > 0) open--;
    else if (c === '?') conditionals++;
  }
  return Math.max(most, conditionals);
}

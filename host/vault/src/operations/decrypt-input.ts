// SPDX-License-Identifier: Apache-2.0
import { references } from '@enclave-vault/expressions/references';
import { invalid, type MemberError, memberError } from '../errors.ts';
import { isName, isReservedName, pointer } from '../schema/names.ts';
import { DEFAULT_PURPOSE, MAX_EXPRESSION_BYTES } from '../schema/parse-schema.ts';
import { MAX_REQUEST_FIELDS, type RecordSchema } from '../schema/record-schema.ts';
import { fieldNameErrors } from './field-names.ts';

const MAX_EXPRESSIONS = 100;
const MAX_REASON = 256;

/** An expression of the caller's own, or one of the schema's by its name; `name` is what its result is called. */
export type ExpressionInput =
  | { readonly name: string; readonly source: string }
  | { readonly name: string; readonly registered: string };

export interface DecryptInput {
  /** Fields to reveal. */
  readonly fields: readonly string[];
  /** 1 to 256 characters, audited. */
  readonly reason: string;
  /** One of the deployment's purposes. */
  readonly purpose?: string | undefined;
  /** In the order they are to be evaluated: later ones may use earlier results. */
  readonly expressions?: readonly ExpressionInput[] | undefined;
}

export interface CheckedExpression {
  readonly name: string;
  readonly source: string;
  readonly registered: boolean;
  /** Fields of the schema it uses; null: CEL cannot parse it, so it uses none and has no result. */
  readonly uses: ReadonlySet<string> | null;
  /** It may use any field, by names that only its evaluation shows. */
  readonly usesAll: boolean;
}

export interface CheckedDecrypt {
  readonly fields: readonly string[];
  readonly reason: string;
  readonly purpose: string;
  readonly expressions: readonly CheckedExpression[];
}

/**
 * Checks a decrypt request against the schema.
 * @throws {VaultError} `invalid`, with every bad member
 */
export function checkDecryptInput(schema: RecordSchema, input: DecryptInput): CheckedDecrypt {
  const { fields, expressions = [], purpose = DEFAULT_PURPOSE } = input;
  const errors: MemberError[] = fieldNameErrors(fields, schema.fields);
  const reason = checkReason(input.reason, errors);
  if (!schema.purposes.includes(purpose)) {
    errors.push(memberError('/purpose', input.purpose === undefined ? 'required' : 'unknown_purpose'));
  }
  if (!Array.isArray(expressions)) throw invalid(memberError('/expressions', 'type'));
  if (expressions.length > MAX_EXPRESSIONS) throw invalid(memberError('/expressions', 'too_many'));
  const names = new Set<string>();
  const checked: CheckedExpression[] = [];
  for (const expression of expressions as readonly ExpressionInput[]) {
    const result = checkExpression(schema, expression, names);
    if ('code' in result) errors.push(result);
    else checked.push(result);
  }
  if (fields.length === 0 && expressions.length === 0) errors.push(memberError('/fields', 'empty'));
  if (errors.length > 0) throw invalid(...errors);
  // Fewer than all: an expression over the whole record of a large schema is bounded by what the record holds.
  const needed = new Set([...fields, ...checked.flatMap(({ uses }) => [...(uses ?? [])])]);
  if (needed.size > MAX_REQUEST_FIELDS) throw invalid(memberError('/expressions', 'too_many'));
  return { fields: [...fields], reason, purpose, expressions: checked };
}

function checkReason(reason: unknown, errors: MemberError[]): string {
  const path = '/reason';
  if (reason === undefined) errors.push(memberError(path, 'required'));
  else if (typeof reason !== 'string') errors.push(memberError(path, reason === null ? 'null' : 'type'));
  else if ([...reason].length > MAX_REASON) errors.push(memberError(path, 'too_long'));
  else if (!reason.isWellFormed()) errors.push(memberError(path, 'format'));
  else if (reason.trim() === '') errors.push(memberError(path, 'empty'));
  else return reason.trim();
  return '';
}

function checkExpression(
  schema: RecordSchema,
  expression: ExpressionInput,
  names: Set<string>,
): CheckedExpression | MemberError {
  const { name } = expression;
  if (!isName(name)) return memberError('/expressions', 'name');
  const path = pointer('expressions', name);
  if (schema.fields.has(name) || isReservedName(name)) return memberError(path, 'reserved_name');
  if (names.has(name)) return memberError(path, 'repeated');
  names.add(name);
  if ('registered' in expression) {
    const source = schema.expressions.get(expression.registered);
    if (source === undefined) return memberError(path, 'unknown_expression');
    return { name, source, registered: true, ...usesOf(schema, source) };
  }
  const { source } = expression;
  if (typeof source !== 'string') return memberError(path, 'type');
  if (Buffer.byteLength(source) > MAX_EXPRESSION_BYTES) return memberError(path, 'too_long');
  if (!source.isWellFormed()) return memberError(path, 'format');
  return { name, source, registered: false, ...usesOf(schema, source) };
}

function usesOf(schema: RecordSchema, source: string): Pick<CheckedExpression, 'uses' | 'usesAll'> {
  try {
    const { fields, wholeRecord } = references(source);
    return { uses: new Set([...fields].filter((name) => schema.fields.has(name))), usesAll: wholeRecord };
  } catch {
    // The caller gets the same code from the enclave for what only a run can tell.
    return { uses: null, usesAll: false };
  }
}

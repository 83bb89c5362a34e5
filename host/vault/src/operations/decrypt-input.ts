// SPDX-License-Identifier: Apache-2.0
import type { References } from '@enclave-vault/expressions/references';
import { invalid, type MemberError, memberError } from '../errors.ts';
import { isName, isReservedName, pointer } from '../schema/names.ts';
import { DEFAULT_PURPOSE, MAX_EXPRESSION_BYTES } from '../schema/parse-schema.ts';
import { MAX_REQUEST_FIELDS, type RecordSchema } from '../schema/record-schema.ts';
import { type ParseFailure, parseSources } from './expression-uses.ts';
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
  /** KMS is asked for the record's key, whether or not the enclave has it in memory. */
  readonly fresh?: boolean | undefined;
}

export interface CheckedExpression {
  readonly name: string;
  readonly source: string;
  readonly registered: boolean;
}

export interface CheckedDecrypt {
  readonly fields: readonly string[];
  readonly reason: string;
  readonly purpose: string;
  readonly expressions: readonly CheckedExpression[];
  readonly fresh: boolean;
}

/** A request, and what its expressions use. */
export interface ParsedDecrypt extends CheckedDecrypt {
  /** Fields of the schema that expressions compute with; `all`: by names that only their evaluation shows. */
  readonly used: ReadonlySet<string> | 'all';
  /** Expressions that have no result, by name. They are not sent to the enclave. */
  readonly failed: ReadonlyMap<string, ParseFailure>;
}

/**
 * Checks a decrypt request against the schema. What its expressions use is found out later: that takes time.
 * @throws {VaultError} `invalid`, with every bad member
 */
export function checkDecryptInput(schema: RecordSchema, input: DecryptInput): CheckedDecrypt {
  const { fields, expressions = [], purpose = DEFAULT_PURPOSE } = input;
  const errors: MemberError[] = fieldNameErrors(fields, schema.fields);
  const reason = checkReason(input.reason, errors);
  const { fresh = false } = input;
  if (typeof fresh !== 'boolean') errors.push(memberError('/fresh', 'type'));
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
  return { fields: [...fields], reason, purpose, expressions: checked, fresh };
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
    return { name, source, registered: true };
  }
  const { source } = expression;
  if (typeof source !== 'string') return memberError(path, 'type');
  if (Buffer.byteLength(source) > MAX_EXPRESSION_BYTES) return memberError(path, 'too_long');
  if (!source.isWellFormed()) return memberError(path, 'format');
  return { name, source, registered: false };
}

/** @throws {VaultError} `invalid` when it takes more fields than a request may */
export async function parseDecrypt(schema: RecordSchema, ask: CheckedDecrypt): Promise<ParsedDecrypt> {
  const { uses, failed } = await parseSources(ask.expressions.map(({ source }) => source));
  const parsed = [...uses.values()];
  const used = parsed.some(({ wholeRecord }) => wholeRecord) ? 'all' : fieldsOf(schema, parsed);
  // With `all`, what the record holds is counted.
  const needed = used === 'all' ? 0 : new Set([...ask.fields, ...used]).size;
  if (needed > MAX_REQUEST_FIELDS) throw invalid(memberError('/expressions', 'too_many'));
  const failures = ask.expressions.flatMap(({ name, source }) => {
    const code = failed.get(source);
    return code === undefined ? [] : [[name, code] as const];
  });
  return { ...ask, used, failed: new Map(failures) };
}

function fieldsOf(schema: RecordSchema, parsed: readonly References[]): Set<string> {
  return new Set(parsed.flatMap(({ fields }) => [...fields].filter((name) => schema.fields.has(name))));
}

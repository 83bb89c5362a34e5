// SPDX-License-Identifier: Apache-2.0
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { type MemberError, type MemberErrorCode, memberError } from '../errors.ts';

/**
 * Ajv for the shapes of bodies and queries: draft 2020-12, nothing coerced, nothing removed, nothing filled in,
 * and all errors collected, since a caller wants them all (bodies are bounded, and so are their members).
 */
export function createValidator(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
    strict: true,
    // The schemas are this program's own. To hold them against the dialect's own schema, which has to be compiled for it,
    // takes longer than all else of a first request; a test does.
    validateSchema: false,
    meta: false,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: false,
  });
  return ajv;
}

/** At most so many bad members are listed: a body of 100,000 wrong ones is told about a few. */
const MAX_ERRORS = 100;

/** What a keyword of JSON Schema says about a member. */
const CODES: Readonly<Record<string, MemberErrorCode>> = {
  required: 'required',
  dependentRequired: 'required',
  additionalProperties: 'unknown',
  unevaluatedProperties: 'unknown',
  maxLength: 'too_long',
  minLength: 'empty',
  minItems: 'empty',
  minProperties: 'empty',
  maxItems: 'too_many',
  maxProperties: 'too_many',
  uniqueItems: 'repeated',
  pattern: 'format',
  format: 'format',
  minimum: 'range',
  maximum: 'range',
  enum: 'format',
  const: 'format',
};

/** What a value that is none of an enumeration says, by the member (or list) it stands in. */
const ENUMERATIONS: Readonly<Record<string, MemberErrorCode>> = {
  fields: 'unknown_field',
  purpose: 'unknown_purpose',
  purposes: 'unknown_purpose',
  scopes: 'unknown_scope',
  registered: 'unknown_expression',
};

/** Keywords that only say that one inside them failed, or that one of several alternatives did. */
const SUMMARIES: ReadonlySet<string> = new Set(['if', 'propertyNames']);

/**
 * Makes Ajv's errors into ours. Its messages, parameters and data never get out: they may hold what the caller sent.
 */
export function toMemberErrors(errors: readonly ErrorObject[], data: unknown): MemberError[] {
  const found = new Map<string, MemberError>();
  for (const error of errors) {
    if (SUMMARIES.has(error.keyword)) continue;
    const { path, code } = translate(error, data);
    // One error a member is enough: the first keyword that failed.
    if (!found.has(path)) found.set(path, memberError(path, code));
    if (found.size >= MAX_ERRORS) break;
  }
  return [...found.values()];
}

function translate(error: ErrorObject, data: unknown): { path: string; code: MemberErrorCode } {
  const { keyword, instancePath } = error;
  const parts = instancePath.split('/').slice(1).map(unescapePointer);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.propertyName !== undefined) return { path: pointer(parts), code: 'name' };
  if (keyword === 'required')
    return { path: pointer([...parts, String(params.missingProperty)]), code: 'required' };
  if (keyword === 'additionalProperties') {
    return { path: pointer([...parts, String(params.additionalProperty)]), code: 'unknown' };
  }
  if (keyword === 'uniqueItems')
    return {
      path: pointer([...parts, String(Math.max(Number(params.i), Number(params.j)))]),
      code: 'repeated',
    };
  if (keyword === 'type')
    return { path: pointer(parts), code: valueAt(data, parts) === null ? 'null' : 'type' };
  const place = parts.findLast((part) => !/^[0-9]+$/.test(part)) ?? '';
  const enumeration = keyword === 'enum' ? ENUMERATIONS[place] : undefined;
  return { path: pointer(parts), code: enumeration ?? CODES[keyword] ?? 'type' };
}

/**
 * A JSON Pointer (RFC 6901). A name that could not be a member's is not repeated, since it may be a value in the
 * wrong place: the pointer then ends at the object it stands in.
 */
function pointer(parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    if (!/^(?:[A-Za-z_][A-Za-z0-9_]{0,63}|[0-9]{1,6})$/.test(part)) return path;
    path += `/${part}`;
  }
  return path;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function valueAt(data: unknown, parts: readonly string[]): unknown {
  let value = data;
  for (const part of parts) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

// SPDX-License-Identifier: Apache-2.0
import type { MemberErrorCode } from '../errors.ts';

/** What a field holds once it is checked and normalised. Decimals are strings: a double would change them. */
export type FieldValue = string | number | boolean;

/** Options of a field definition; which of them a type takes is in its {@link FieldType.options}. */
export interface FieldOptions {
  readonly length?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export type FieldCheck =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly code: MemberErrorCode };

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One type of field: `check` and `jsonSchema` accept the same values. */
export interface FieldType {
  /** Options it takes; true: must be given. */
  readonly options: Readonly<Partial<Record<keyof FieldOptions, boolean>>>;
  check(value: unknown, options: FieldOptions): FieldCheck;
  jsonSchema(options: FieldOptions): JsonSchema;
}

const DEFAULT_MAX_LENGTH = 1024;
const MAX_EMAIL = 254;
const MAX_DECIMAL = 64;

/** A string that is trimmed, then held against a pattern, then perhaps normalised. Length counts code points, before trimming. */
function pattern(
  expression: string,
  maxLength: number,
  normalise: (text: string) => string | undefined = (text) => text,
  more: JsonSchema = {},
): Pick<FieldType, 'check' | 'jsonSchema'> {
  const whole = new RegExp(`^(?:${expression})$`, 'u');
  return {
    check(value) {
      const checked = text(value, maxLength);
      if (!checked.ok) return checked;
      const normal = whole.test(checked.value) ? normalise(checked.value) : undefined;
      return normal === undefined ? refuse('format') : { ok: true, value: normal };
    },
    jsonSchema: () => ({ type: 'string', maxLength, pattern: `^\\s*(?:${expression})\\s*$`, ...more }),
  };
}

function text(value: unknown, maxLength: number): { ok: true; value: string } | (FieldCheck & { ok: false }) {
  if (typeof value !== 'string') return refuse('type');
  // A code point is one or two UTF-16 units: only in between must they be counted.
  if (value.length > 2 * maxLength) return refuse('too_long');
  if (value.length > maxLength && [...value].length > maxLength) return refuse('too_long');
  if (!value.isWellFormed()) return refuse('format');
  const trimmed = value.trim();
  return trimmed === '' ? refuse('empty') : { ok: true, value: trimmed };
}

function refuse(code: MemberErrorCode): { ok: false; code: MemberErrorCode } {
  return { ok: false, code };
}

/** `YYYY-MM-DD` of the proleptic Gregorian calendar, years 0001 to 9999. */
function realDate(date: string): string | undefined {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days ? date : undefined;
}

function lowerDomain(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";

/** The types that a schema file may name. */
export const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  text: {
    options: { maxLength: false },
    check: (value, { maxLength = DEFAULT_MAX_LENGTH }) => text(value, maxLength),
    jsonSchema: ({ maxLength = DEFAULT_MAX_LENGTH }) => ({
      type: 'string',
      minLength: 1,
      maxLength,
      pattern: '\\S',
    }),
  },
  // A dot-atom local part (RFC 5321 4.1.2, without quoted strings and RFC 6531) and a domain of two labels or more.
  // The local part's case is the mailbox owner's business.
  email: {
    options: {},
    ...pattern(`(?=[^@]{1,64}@)${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}`, MAX_EMAIL, lowerDomain),
  },
  // E.164: a plus sign, and at most 15 digits of which the first is not 0.
  phone: { options: {}, ...pattern('\\+[1-9][0-9]{6,14}', 64) },
  date: {
    options: {},
    ...pattern('[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])', 64, realDate, {
      format: 'date',
    }),
  },
  country: { options: {}, ...pattern('[A-Za-z]{2}', 64, (code) => code.toUpperCase()) },
  decimal: { options: {}, ...pattern('-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?', MAX_DECIMAL) },
  digits: {
    options: { length: true },
    check: (value, options) => digits(options).check(value, options),
    jsonSchema: (options) => digits(options).jsonSchema(options),
  },
  integer: {
    options: { minimum: false, maximum: false },
    check(value, { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }) {
      if (typeof value !== 'number') return refuse('type');
      if (!Number.isInteger(value)) return refuse('format');
      // 0 + value: JSON's -0 would come back as another text than it was stored as.
      return value >= minimum && value <= maximum ? { ok: true, value: 0 + value } : refuse('range');
    },
    jsonSchema: ({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }) => ({
      type: 'integer',
      minimum,
      maximum,
    }),
  },
  boolean: {
    options: {},
    check: (value) => (typeof value === 'boolean' ? { ok: true, value } : refuse('type')),
    jsonSchema: () => ({ type: 'boolean' }),
  },
};

function digits({ length = 1 }: FieldOptions): Pick<FieldType, 'check' | 'jsonSchema'> {
  return pattern(`[0-9]{${length}}`, Math.max(64, length));
}

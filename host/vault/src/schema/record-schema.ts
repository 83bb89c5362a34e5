// SPDX-License-Identifier: Apache-2.0
import { invalid, type MemberError, memberError } from '../errors.ts';
import { FIELD_TYPES, type FieldOptions } from './field-types.ts';
import { pointer } from './names.ts';

/** What the schema says of one field. */
export interface FieldDefinition {
  readonly type: string;
  readonly options: FieldOptions;
  /** Set from the last characters of another field whenever that one is written. */
  readonly derived?: { readonly from: string; readonly last: number };
}

/** Most fields of one request (design, "Limits"). */
export const MAX_REQUEST_FIELDS = 100;
/** The largest value, in bytes of its JSON text (design, "Limits"). */
export const MAX_VALUE_BYTES = 64 * 1024;

/** The record schema of a deployment, checked. Made by parseSchema(). */
export class RecordSchema {
  readonly version: number;
  readonly fields: ReadonlyMap<string, FieldDefinition>;
  /** Registered expressions: name and CEL source. */
  readonly expressions: ReadonlyMap<string, string>;
  readonly purposes: readonly string[];

  constructor(parts: Pick<RecordSchema, 'version' | 'fields' | 'expressions' | 'purposes'>) {
    this.version = parts.version;
    this.fields = parts.fields;
    this.expressions = parts.expressions;
    this.purposes = parts.purposes;
  }

  /**
   * Checks the fields of a create or update: trims, validates, normalises, derives.
   * @param input what JSON.parse returned
   * @returns JSON text of each field, ready to be sealed
   * @throws {VaultError} `invalid`, with every bad member
   */
  parse(input: unknown): Map<string, string> {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw invalid(memberError('', 'type'));
    }
    const members = Object.entries(input);
    if (members.length > MAX_REQUEST_FIELDS) throw invalid(memberError('', 'too_many'));
    const errors: MemberError[] = [];
    const texts = new Map<string, string>();
    for (const [name, value] of members) {
      const checked = this.#check(name, value);
      if (typeof checked === 'string') texts.set(name, checked);
      else errors.push(checked);
    }
    this.#derive(texts, errors);
    if (errors.length > 0) throw invalid(...errors);
    return texts;
  }

  /** @returns the value's JSON text, or what is wrong with it */
  #check(name: string, value: unknown): string | MemberError {
    const field = this.fields.get(name);
    const path = pointer(name);
    if (field === undefined) return memberError(path, 'unknown_field');
    if (value === null) return memberError(path, 'null');
    const result = fieldType(field).check(value, field.options);
    if (!result.ok) return memberError(path, result.code);
    const text = JSON.stringify(result.value);
    return Buffer.byteLength(text) > MAX_VALUE_BYTES ? memberError(path, 'too_long') : text;
  }

  #derive(texts: Map<string, string>, errors: MemberError[]): void {
    for (const [name, { derived }] of this.fields) {
      const source = derived === undefined ? undefined : texts.get(derived.from);
      if (derived === undefined || source === undefined) continue;
      const text = JSON.stringify((JSON.parse(source) as string).slice(-derived.last));
      // A value that says something else is a mistake of the caller, and he should hear of it.
      if ((texts.get(name) ?? text) !== text) errors.push(memberError(pointer(name), 'derived_mismatch'));
      else texts.set(name, text);
    }
  }
}

export function fieldType(field: FieldDefinition): (typeof FIELD_TYPES)[string] & object {
  const type = FIELD_TYPES[field.type];
  if (type === undefined) throw new TypeError('a definition of an unknown type');
  return type;
}

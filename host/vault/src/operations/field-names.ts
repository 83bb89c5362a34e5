// SPDX-License-Identifier: Apache-2.0
import { invalid, type MemberError, memberError } from '../errors.ts';
import { isName } from '../schema/names.ts';
import { MAX_REQUEST_FIELDS } from '../schema/record-schema.ts';

/**
 * Checks a list of field names: names, none twice, at most 100; with `known`, all of the schema.
 * @throws {VaultError} `invalid`, with the place of every bad one
 */
export function checkFieldNames(names: readonly string[], known?: ReadonlyMap<string, unknown>): string[] {
  const errors = fieldNameErrors(names, known);
  if (errors.length > 0) throw invalid(...errors);
  return [...names];
}

export function fieldNameErrors(names: unknown, known?: ReadonlyMap<string, unknown>): MemberError[] {
  if (!Array.isArray(names)) return [memberError('/fields', 'type')];
  if (names.length > MAX_REQUEST_FIELDS) return [memberError('/fields', 'too_many')];
  return names.flatMap((name: unknown, index) => {
    const path = `/fields/${index}`;
    if (!isName(name)) return memberError(path, typeof name === 'string' ? 'unknown_field' : 'type');
    if (known !== undefined && !known.has(name)) return memberError(path, 'unknown_field');
    return names.indexOf(name) < index ? memberError(path, 'repeated') : [];
  });
}

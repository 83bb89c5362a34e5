// SPDX-License-Identifier: Apache-2.0
import { RESERVED_NAMES } from '@enclave-vault/expressions/references';

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const PURPOSE = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * Names that no field and no expression may have: the keys of an item, what means something else in an expression, and
 * what CEL keeps for itself (language definition, "Syntax": RESERVED and the literals).
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...RESERVED_NAMES,
  ...'pk sk true false null in as break const continue else for function if import let loop package'.split(
    ' ',
  ),
  ...'namespace return var void while'.split(' '),
]);

/** A field's or an expression's name (formats, "Names"). */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

export function isReservedName(name: string): boolean {
  return RESERVED.has(name);
}

export function isPurpose(value: unknown): value is string {
  return typeof value === 'string' && PURPOSE.test(value);
}

/**
 * The JSON Pointer (RFC 6901) of a member. A name that could not be a member's is not repeated: it may be a value
 * in the wrong place, so the pointer then names the object it stands in.
 */
export function pointer(...members: readonly (string | number)[]): string {
  let path = '';
  for (const member of members) {
    if (typeof member === 'string' && !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(member)) return path;
    path += `/${member}`;
  }
  return path;
}

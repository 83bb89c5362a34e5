// SPDX-License-Identifier: Apache-2.0
import { ApiError, type MemberErrorCode, memberError, VaultError } from '../errors.ts';
import type { Line } from '../http/lines.ts';
import { parseStrictJson } from '../http/strict-json.ts';

/** A record to be made. */
export interface NewRecord {
  /** Not yet looked at. */
  readonly fields: unknown;
  readonly key: string | undefined;
}

/** Of a stream's item; a key of the header stands before `:` and the index, so that both together are no longer than a key may be. */
const HEADER_KEY = /^[\x21-\x7e]{1,240}$/;

/** A JSON text in a line. @throws {ApiError} @throws {VaultError} */
export function lineValue(line: Line): unknown {
  if (line === 'too_long') throw new ApiError('body_too_large');
  return parseStrictJson(line);
}

/** @throws {VaultError} `invalid` */
export function newRecord(item: unknown): NewRecord {
  const { fields, idempotency_key: key, ...others } = members(item);
  refuseOthers(others);
  if (fields === undefined) throw bad('/fields', 'required');
  if (key !== undefined && typeof key !== 'string')
    throw bad('/idempotency_key', key === null ? 'null' : 'type');
  return { fields, key };
}

/** The id in a line that asks for a record. @throws {VaultError} `invalid` */
export function askedId(item: unknown): string {
  const { id, ...others } = members(item);
  refuseOthers(others);
  if (id === undefined) throw bad('/id', 'required');
  if (typeof id !== 'string') throw bad('/id', id === null ? 'null' : 'type');
  return id;
}

/**
 * Keys of items that have none of their own, made of the header's.
 * @returns the key of an item by its index
 * @throws {VaultError} `invalid`
 */
export function itemKeys(header: string | string[] | undefined): (index: number) => string | undefined {
  if (header === undefined) return () => undefined;
  if (typeof header !== 'string' || !HEADER_KEY.test(header)) throw bad('Idempotency-Key', 'format');
  return (index) => `${header}:${index}`;
}

function members(item: unknown): Record<string, unknown> {
  if (typeof item === 'object' && item !== null && !Array.isArray(item))
    return item as Record<string, unknown>;
  throw bad('', item === null ? 'null' : 'type');
}

/** A name that could be no member's may be a value in the wrong place, and is not repeated. */
function refuseOthers(others: Record<string, unknown>): void {
  const [first] = Object.keys(others);
  if (first === undefined) return;
  throw bad(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(first) ? `/${first}` : '', 'unknown');
}

function bad(path: string, code: MemberErrorCode): VaultError {
  return new VaultError('invalid', { members: [memberError(path, code)] });
}

// SPDX-License-Identifier: Apache-2.0
import { type CborValue, CodecError, decodeCanonicalCbor } from '@enclave-vault/codec';
import { ProtocolError } from './errors.ts';

/** @returns the error for a member that is not what its message says; `what` names the member, never its value. */
export function malformed(what: string): ProtocolError {
  return new ProtocolError('malformed', what);
}

/**
 * Decodes one canonical CBOR item (RFC 8949 section 4.2.1) that must fill the input.
 * The size is checked before a byte is looked at.
 */
export function decode(bytes: Uint8Array, what: string, maxBytes: number, maxItems: number): CborValue {
  if (bytes.byteLength > maxBytes) throw new ProtocolError('too_large', what);
  try {
    return decodeCanonicalCbor(bytes, { maxBytes, maxDepth: 6, maxItems });
  } catch (error) {
    if (error instanceof CodecError) throw malformed(what);
    throw error;
  }
}

/** A map with exactly these members: a missing, an unknown and a numeric key are all refused. */
export function members<K extends string>(
  value: CborValue,
  what: string,
  keys: readonly K[],
): Record<K, CborValue> {
  if (!(value instanceof Map) || value.size !== keys.length) throw malformed(what);
  const result: Partial<Record<K, CborValue>> = {};
  for (const key of keys) {
    const member = value.get(key);
    if (member === undefined) throw malformed(`${what}.${key}`);
    result[key] = member;
  }
  return result as Record<K, CborValue>;
}

/** A byte string of `min` to `max` bytes: a view of the message, so copy what outlives it. */
export function bytes(value: CborValue, what: string, min: number, max: number): Buffer {
  if (!(value instanceof Uint8Array) || value.byteLength < min || value.byteLength > max)
    throw malformed(what);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Text of at most `maxBytes` in UTF-8, that matches the whole of `pattern` when there is one. */
export function text(value: CborValue, what: string, maxBytes: number, pattern?: RegExp): string {
  // A lone surrogate has no UTF-8: only a writer can meet one, and it must not become U+FFFD.
  if (typeof value !== 'string' || !value.isWellFormed()) throw malformed(what);
  if (Buffer.byteLength(value) > maxBytes) throw malformed(what);
  if (pattern !== undefined && !pattern.test(value)) throw malformed(what);
  return value;
}

/** An integer from `min` to `max`, both within ±(2^53-1). */
export function integer(value: CborValue, what: string, min: number, max: number): number {
  if (!Number.isSafeInteger(value)) throw malformed(what);
  const number = value as number;
  if (number < min || number > max) throw malformed(what);
  return number;
}

/** The version of a message: there is one. */
export function version(value: CborValue, what: string): 1 {
  if (value !== 1) throw malformed(`${what}.v`);
  return 1;
}

/** One of a closed list of words. */
export function oneOf<T extends string>(value: CborValue, what: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw malformed(what);
  return word;
}

/** An array of at most `max` members, each read by `each`. */
export function list<T>(value: CborValue, what: string, max: number, each: (item: CborValue) => T): T[] {
  if (!Array.isArray(value) || value.length > max) throw malformed(what);
  return value.map(each);
}

/** The same list, none of whose texts occurs twice. */
export function distinct(values: readonly string[], what: string): readonly string[] {
  if (new Set(values).size !== values.length) throw malformed(what);
  return values;
}

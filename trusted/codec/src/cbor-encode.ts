// SPDX-License-Identifier: Apache-2.0
import type { CborValue } from './cbor-value.ts';
import { CodecError } from './errors.ts';
import { CBOR_LIMITS } from './limits.ts';

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/**
 * Encodes a value as deterministic CBOR (RFC 8949 section 4.2.1): shortest heads, definite lengths, map keys in the bytewise order of their
 * encodings. A bigint and a number of the same value have the same encoding; -0 is 0.
 *
 * @throws CodecError `cbor_unencodable` for what CborValue excludes (fractions, integers beyond 64 bits, unsafe numbers, lone surrogates,
 * plain objects, undefined), `cbor_too_deep` beyond the default depth, so also for a cyclic value
 */
export function encodeCbor(value: CborValue): Buffer {
  const parts: Uint8Array[] = [];
  write(value, 0, parts);
  return Buffer.concat(parts);
}

function write(value: CborValue, depth: number, out: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') writeInteger(value, out);
  else if (typeof value === 'string') writeText(value, out);
  else if (value === null) out.push(Buffer.of(0xf6));
  else if (typeof value === 'boolean') out.push(Buffer.of(value ? 0xf5 : 0xf4));
  else if (value instanceof Uint8Array) out.push(head(2, value.length), value);
  else if (value instanceof Map) writeMap(value, depth + 1, out);
  else if (Array.isArray(value)) writeArray(value, depth + 1, out);
  else throw new CodecError('cbor_unencodable');
}

function writeInteger(value: number | bigint, out: Uint8Array[]): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new CodecError('cbor_unencodable');
  if (value >= 0) out.push(head(0, value));
  else out.push(head(1, -1n - BigInt(value)));
}

function writeText(value: string, out: Uint8Array[]): void {
  // UTF-8 has no encoding for a lone surrogate; Buffer.from would quietly put U+FFFD in its place.
  if (!value.isWellFormed()) throw new CodecError('cbor_unencodable');
  const bytes = Buffer.from(value, 'utf8');
  out.push(head(3, bytes.length), bytes);
}

function writeArray(values: readonly CborValue[], depth: number, out: Uint8Array[]): void {
  checkDepth(depth);
  out.push(head(4, values.length));
  for (const value of values) write(value, depth, out);
}

function writeMap(map: ReadonlyMap<string | number, CborValue>, depth: number, out: Uint8Array[]): void {
  checkDepth(depth);
  const entries = [...map].map(([key, value]) => ({ key: encodeKey(key), value }));
  entries.sort((a, b) => a.key.compare(b.key));
  out.push(head(5, entries.length));
  for (const { key, value } of entries) {
    out.push(key);
    write(value, depth, out);
  }
}

function encodeKey(key: string | number): Buffer {
  if (typeof key !== 'string' && typeof key !== 'number') throw new CodecError('cbor_unencodable');
  return encodeCbor(key);
}

function checkDepth(depth: number): void {
  if (depth > CBOR_LIMITS.maxDepth) throw new CodecError('cbor_too_deep');
}

/** A head (RFC 8949 section 3): major type and the shortest form of its argument. */
function head(major: number, argument: number | bigint): Buffer {
  const initial = major << 5;
  if (argument < 24) return Buffer.of(initial | Number(argument));
  if (argument > MAX_UINT64) throw new CodecError('cbor_unencodable');
  const [info, size] =
    argument <= 0xff ? [24, 1] : argument <= 0xffff ? [25, 2] : argument <= 0xffff_ffff ? [26, 4] : [27, 8];
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = initial | info;
  if (size === 8) bytes.writeBigUInt64BE(BigInt(argument), 1);
  else bytes.writeUIntBE(Number(argument), 1, size);
  return bytes;
}

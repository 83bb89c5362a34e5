// SPDX-License-Identifier: Apache-2.0
import type { DecodedCbor } from './cbor-value.ts';
import { CodecError } from './errors.ts';
import { CBOR_LIMITS, type Limits, MAX_MAP_ENTRIES } from './limits.ts';

/** Major types of RFC 8949 section 3.1. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/** Refuses ill-formed input and keeps a byte order mark, which is text like any other here. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes one CBOR data item (RFC 8949) that fills the input.
 *
 * Accepted: definite lengths and shortest heads only (section 4.2.1), integers, byte and text strings, arrays, maps with text or safe-integer
 * keys, false, true, null. Refused: tags, floats, undefined and other simple values, duplicate keys, ill-formed UTF-8, trailing bytes.
 * Byte strings are views of `bytes`: copy what outlives it.
 *
 * @throws CodecError `cbor_*`
 */
export function decodeCbor(bytes: Uint8Array, limits: Partial<Limits> = {}): DecodedCbor {
  return new Decoder(bytes, limits, false).decode();
}

/**
 * As {@link decodeCbor}, and map keys must stand in the bytewise order of their encodings (RFC 8949 section 4.2.1), so that each value has
 * exactly one encoding: `encodeCbor(decodeCanonicalCbor(x))` is `x`.
 *
 * @throws CodecError `cbor_*`
 */
export function decodeCanonicalCbor(bytes: Uint8Array, limits: Partial<Limits> = {}): DecodedCbor {
  return new Decoder(bytes, limits, true).decode();
}

class Decoder {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #canonical: boolean;
  #itemsLeft: number;
  #at = 0;

  constructor(bytes: Uint8Array, limits: Partial<Limits>, canonical: boolean) {
    const { maxBytes, maxDepth, maxItems } = { ...CBOR_LIMITS, ...limits };
    if (bytes.length > maxBytes) throw new CodecError('cbor_too_large');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = maxDepth;
    this.#itemsLeft = maxItems;
    this.#canonical = canonical;
  }

  decode(): DecodedCbor {
    const value = this.#item(0);
    if (this.#at !== this.#bytes.length) throw new CodecError('cbor_trailing_bytes');
    return value;
  }

  #item(depth: number): DecodedCbor {
    if (this.#itemsLeft === 0) throw new CodecError('cbor_too_many_items');
    this.#itemsLeft -= 1;
    const initial = this.#bytes[this.#at];
    if (initial === undefined) throw new CodecError('cbor_truncated');
    this.#at += 1;
    const major = initial >> 5;
    const info = initial & 0x1f;
    // Tags and major type 7 first: their own refusals say more than a complaint about the argument would.
    if (major === TAG) throw new CodecError('cbor_tag');
    if (major > TAG) return simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case UNSIGNED:
        return argument;
      case NEGATIVE:
        return typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER
          ? -1 - argument
          : -1n - BigInt(argument);
      case BYTES:
        return this.#take(argument);
      case TEXT:
        return this.#text(argument);
      case ARRAY:
        return this.#array(argument, depth + 1);
      default:
        return this.#map(argument, depth + 1);
    }
  }

  /** The argument of a head (section 3): a number while it is a safe integer, a bigint beyond. */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info === 31) throw new CodecError('cbor_indefinite_length');
    if (info > 27) throw new CodecError('cbor_reserved');
    const size = 1 << (info - 24);
    const at = this.#at;
    if (this.#bytes.length - at < size) throw new CodecError('cbor_truncated');
    this.#at += size;
    if (size < 8) {
      const value = this.#bytes.readUIntBE(at, size);
      const shortestAbove = size === 1 ? 23 : size === 2 ? 0xff : 0xffff;
      if (value <= shortestAbove) throw new CodecError('cbor_not_shortest');
      return value;
    }
    const value = this.#bytes.readBigUInt64BE(at);
    if (value <= 0xffff_ffffn) throw new CodecError('cbor_not_shortest');
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  #take(length: number | bigint): Buffer {
    if (length > this.#bytes.length - this.#at) throw new CodecError('cbor_truncated');
    const start = this.#at;
    this.#at += Number(length);
    return this.#bytes.subarray(start, this.#at);
  }

  #text(length: number | bigint): string {
    const bytes = this.#take(length);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new CodecError('cbor_invalid_utf8');
    }
  }

  /** A declared count is believed only as far as bytes and allowance can still satisfy it; nothing is allocated on its word. */
  #count(declared: number | bigint, itemsEach: number, depth: number): number {
    if (depth > this.#maxDepth) throw new CodecError('cbor_too_deep');
    const items = BigInt(declared) * BigInt(itemsEach);
    if (items > this.#bytes.length - this.#at) throw new CodecError('cbor_truncated');
    if (items > this.#itemsLeft) throw new CodecError('cbor_too_many_items');
    return Number(declared);
  }

  #array(declared: number | bigint, depth: number): readonly DecodedCbor[] {
    const count = this.#count(declared, 1, depth);
    const values: DecodedCbor[] = [];
    for (let i = 0; i < count; i += 1) values.push(this.#item(depth));
    return values;
  }

  #map(declared: number | bigint, depth: number): ReadonlyMap<string | number, DecodedCbor> {
    const count = this.#count(declared, 2, depth);
    if (count > MAX_MAP_ENTRIES) throw new CodecError('cbor_too_many_items');
    const entries = new Map<string | number, DecodedCbor>();
    let previousKey: Buffer | null = null;
    for (let i = 0; i < count; i += 1) {
      const start = this.#at;
      const key = this.#key(depth);
      if (entries.has(key)) throw new CodecError('cbor_duplicate_key');
      if (this.#canonical) {
        const encodedKey = this.#bytes.subarray(start, this.#at);
        if (previousKey !== null && previousKey.compare(encodedKey) > 0)
          throw new CodecError('cbor_key_order');
        previousKey = encodedKey;
      }
      entries.set(key, this.#item(depth));
    }
    return entries;
  }

  #key(depth: number): string | number {
    // Looked at before it is read: a container in the place of a key is refused without being built.
    const major = (this.#bytes[this.#at] ?? 0) >> 5;
    if (major === BYTES || major === ARRAY || major === MAP) throw new CodecError('cbor_key_type');
    const key = this.#item(depth);
    if (typeof key !== 'string' && typeof key !== 'number') throw new CodecError('cbor_key_type');
    return key;
  }
}

/** Major type 7 (section 3.3): the three values with a use here, and a code of its own for each family that has none. */
function simple(info: number): boolean | null {
  if (info === 20) return false;
  if (info === 21) return true;
  if (info === 22) return null;
  if (info >= 25 && info <= 27) throw new CodecError('cbor_float');
  if (info >= 28 && info <= 30) throw new CodecError('cbor_reserved');
  if (info === 31) throw new CodecError('cbor_indefinite_length');
  throw new CodecError('cbor_simple_value');
}

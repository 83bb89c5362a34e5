// SPDX-License-Identifier: Apache-2.0
import type { CborValue } from './cbor-value.ts';
import { CodecError } from './errors.ts';
import { CBOR_LIMITS } from './limits.ts';

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/**
 * Encodes a value as deterministic CBOR (RFC 8949 section 4.2.1): shortest heads, definite lengths, map keys in the bytewise order of their
 * encodings. A bigint and a number of the same value have the same encoding; -0 is 0.
 *
 * @returns bytes of their own; nothing of the value was copied elsewhere on the way, so who zeroes them has zeroed the encoding
 * @throws CodecError `cbor_unencodable` for what CborValue excludes (fractions, integers beyond 64 bits, unsafe numbers, lone surrogates,
 * plain objects, undefined), `cbor_too_deep` beyond the default depth, so also for a cyclic value
 */
export function encodeCbor(value: CborValue): Buffer {
  const counter = new Encoder(undefined);
  counter.write(value, 0);
  const bytes = Buffer.allocUnsafe(counter.length);
  const encoder = new Encoder(bytes);
  encoder.write(value, 0);
  // One that is another when it is looked at again would let out what lay in the memory before.
  if (encoder.length !== bytes.length) throw new CodecError('cbor_unencodable');
  return bytes;
}

/** Writes, or only counts where there are no bytes to write to. */
class Encoder {
  length = 0;
  readonly #out: Buffer | undefined;

  constructor(out: Buffer | undefined) {
    this.#out = out;
  }

  write(value: CborValue, depth: number): void {
    if (typeof value === 'number' || typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value === null) this.#byte(0xf6);
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (value instanceof Map) this.#map(value, depth + 1);
    else if (Array.isArray(value)) this.#array(value, depth + 1);
    else throw new CodecError('cbor_unencodable');
  }

  #integer(value: number | bigint): void {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new CodecError('cbor_unencodable');
    if (value >= 0) this.#head(0, value);
    else this.#head(1, typeof value === 'number' ? -1 - value : -1n - value);
  }

  #text(value: string): void {
    // UTF-8 has no encoding for a lone surrogate; a Buffer would quietly put U+FFFD in its place.
    if (!value.isWellFormed()) throw new CodecError('cbor_unencodable');
    const size = Buffer.byteLength(value);
    this.#head(3, size);
    this.#out?.write(value, this.length);
    this.length += size;
  }

  #bytes(value: Uint8Array): void {
    this.#head(2, value.length);
    this.#out?.set(value, this.length);
    this.length += value.length;
  }

  #array(values: readonly CborValue[], depth: number): void {
    checkDepth(depth);
    this.#head(4, values.length);
    for (const value of values) this.write(value, depth);
  }

  #map(map: ReadonlyMap<string | number, CborValue>, depth: number): void {
    checkDepth(depth);
    this.#head(5, map.size);
    const entries = [...map];
    if (this.#out !== undefined) entries.sort(([a], [b]) => byEncoding(a, b));
    for (const [key, value] of entries) {
      if (typeof key !== 'string' && typeof key !== 'number') throw new CodecError('cbor_unencodable');
      this.write(key, depth);
      this.write(value, depth);
    }
  }

  #byte(byte: number): void {
    if (this.#out !== undefined) this.#out[this.length] = byte;
    this.length += 1;
  }

  /** A head (RFC 8949 section 3): major type and the shortest form of its argument. */
  #head(major: number, argument: number | bigint): void {
    const initial = major << 5;
    if (argument < 24) {
      this.#byte(initial | Number(argument));
      return;
    }
    if (argument > MAX_UINT64) throw new CodecError('cbor_unencodable');
    const [info, size] =
      argument <= 0xff ? [24, 1] : argument <= 0xffff ? [25, 2] : argument <= 0xffff_ffff ? [26, 4] : [27, 8];
    this.#byte(initial | info);
    if (size === 8) this.#out?.writeBigUInt64BE(BigInt(argument), this.length);
    else this.#out?.writeUIntBE(Number(argument), this.length, size);
    this.length += size;
  }
}

function checkDepth(depth: number): void {
  if (depth > CBOR_LIMITS.maxDepth) throw new CodecError('cbor_too_deep');
}

/** Bytewise order of the encodings of two keys: numbers from 0, then those below, then texts, which begin with their lengths. */
function byEncoding(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number')
    return a < 0 === b < 0 ? Math.abs(a) - Math.abs(b) : b - a;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? -1 : 1;
  return Buffer.byteLength(a) - Buffer.byteLength(b) || byCodePoints(a, b);
}

/** The order of UTF-8, which is that of code points. UTF-16's own is another: it has the surrogates below U+E000. */
function byCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

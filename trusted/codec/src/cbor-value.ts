// SPDX-License-Identifier: Apache-2.0

/**
 * What CBOR may carry here: integers (bigint beyond ±(2^53-1)), text, bytes, booleans, null, arrays, and maps keyed by text or safe integers.
 * Maps are `Map`s, so a key such as `__proto__` is a key like any other.
 */
export type CborValue =
  | number
  | bigint
  | string
  | Uint8Array
  | boolean
  | null
  | readonly CborValue[]
  | ReadonlyMap<string | number, CborValue>;

/** What decoding yields: the same, with byte strings as Buffer views of the input. */
export type DecodedCbor =
  | number
  | bigint
  | string
  | Buffer
  | boolean
  | null
  | readonly DecodedCbor[]
  | ReadonlyMap<string | number, DecodedCbor>;

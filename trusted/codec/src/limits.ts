// SPDX-License-Identifier: Apache-2.0

/** Bounds of one read. What a reader may allocate follows from them, never from a length that the input declares. */
export type Limits = {
  /** Longest input, in bytes, looked at before anything else is. */
  readonly maxBytes: number;
  /** Deepest nesting of containers; a scalar at the top is depth 0. */
  readonly maxDepth: number;
  /** Most data items (CBOR) or elements (ASN.1) in the whole input, containers, keys and values included. */
  readonly maxItems: number;
};

/**
 * CBOR: 10 MiB is the longest message between parent and enclave (formats.md, Limits). The number of items is what bounds memory, since
 * an empty map is one byte of input and some 200 bytes of heap: 16,384 of them are 4 MB whatever the input's size.
 */
export const CBOR_LIMITS: Limits = { maxBytes: 10 * 1024 * 1024, maxDepth: 16, maxItems: 16_384 };

/** ASN.1: certificates are under 1 KiB and KMS answers under 16 KiB. */
export const ASN1_LIMITS: Limits = { maxBytes: 10 * 1024 * 1024, maxDepth: 16, maxItems: 4_096 };

/**
 * Most entries of one CBOR map, whatever the other bounds are. V8's hash of a small integer is fixed and known, so keys can be chosen
 * that all collide: 8,192 of them took 160 ms to put into one Map, 1,024 take 3.
 */
export const MAX_MAP_ENTRIES = 1_024;

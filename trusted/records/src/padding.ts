// SPDX-License-Identifier: Apache-2.0

/** Padded lengths are multiples of this many bytes. */
export const PAD_BLOCK = 32;

/**
 * Appends 0x80 and zeros up to the next multiple of 32 bytes (ISO/IEC 7816-4), in a buffer of its own that never
 * was a part of a pool: the caller zeroes it.
 */
export function pad(text: string): Buffer {
  const length = Buffer.byteLength(text, 'utf8');
  const padded = Buffer.alloc(length + PAD_BLOCK - (length % PAD_BLOCK));
  padded.write(text, 'utf8');
  padded[length] = 0x80;
  return padded;
}

/** The bytes before the padding, a view; undefined unless the padding is exactly what `pad` writes. */
export function unpad(padded: Buffer): Buffer | undefined {
  if (padded.length === 0 || padded.length % PAD_BLOCK !== 0) return undefined;
  let end = padded.length - 1;
  while (end > padded.length - PAD_BLOCK && padded[end] === 0) end--;
  return padded[end] === 0x80 ? padded.subarray(0, end) : undefined;
}

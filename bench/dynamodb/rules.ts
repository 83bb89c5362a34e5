// SPDX-License-Identifier: Apache-2.0

/** An attribute on the wire: of the types that the vault writes. */
export interface WireValue {
  readonly S?: string;
  readonly N?: string;
  /** Base64. */
  readonly B?: string;
}
export type WireItem = Readonly<Record<string, WireValue>>;

const READ_UNIT = 4096;
const WRITE_UNIT = 1024;
/** A write within a transaction is done twice: prepared and committed. */
const TRANSACTION = 2;

/**
 * Bytes of an item as DynamoDB counts them ("DynamoDB item sizes and formats", Developer Guide): names and text in UTF-8, binary values
 * raw, numbers a byte for two significant digits and one more.
 */
export function wireSize(item: WireItem): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value),
    0,
  );
}

function sizeOf({ S, N, B }: WireValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (B !== undefined) return Buffer.from(B, 'base64').length;
  if (N === undefined) throw new TypeError('an attribute of a type that the vault does not write');
  const digits = N.replace(/^-|\./g, '').replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (N.startsWith('-') ? 1 : 0);
}

/**
 * Units of one strongly consistent GetItem or Query: the items together, in 4 KB, and one for nothing ("Read and write operations",
 * Developer Guide).
 */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT));
}

/**
 * Units of a TransactWriteItems: of each item the larger of what was there and what is put, in KB, twice ("DynamoDB transactions",
 * "capacity management").
 * @param bytes of each item
 */
export function transactionUnits(bytes: readonly number[]): number {
  return bytes.reduce((sum, size) => sum + TRANSACTION * Math.max(1, Math.ceil(size / WRITE_UNIT)), 0);
}

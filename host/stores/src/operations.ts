// SPDX-License-Identifier: Apache-2.0
import {
  type Attribute,
  type Condition,
  type Item,
  type ItemKey,
  itemSize,
  MAX_ITEM_BYTES,
  MAX_OPERATIONS,
  MAX_TRANSACTION_BYTES,
  type Operation,
  StoreError,
} from '@enclave-vault/vault';

/** An operation that every store can take. */
export interface CheckedOperation extends ItemKey {
  readonly condition: Condition | undefined;
  /** undefined: nothing is written; null: the item is removed. */
  readonly item: Item | null | undefined;
}

/** Longest parts of a key and of a name, in bytes. DynamoDB's own, but for names: SQLite's blobs have a byte for it. */
const MAX_PK_BYTES = 2048;
const MAX_SK_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/**
 * Checks a transaction before anything of it is written. All stores have the limits of the narrowest, so that what
 * runs on one runs on all.
 * @throws {StoreError} `invalid`
 */
export function checkOperations(operations: readonly Operation[]): CheckedOperation[] {
  if (operations.length === 0 || operations.length > MAX_OPERATIONS) {
    throw new StoreError('invalid', `a transaction has 1 to ${MAX_OPERATIONS} operations`);
  }
  const seen = new Set<string>();
  let size = 0;
  return operations.map((operation) => {
    const checked = check(operation);
    const key = JSON.stringify([checked.pk, checked.sk]);
    if (seen.has(key)) throw new StoreError('invalid', 'two operations have the same key');
    seen.add(key);
    if (checked.item) size += checkSize(checked.item);
    if (size > MAX_TRANSACTION_BYTES) throw new StoreError('invalid', 'the transaction is too large');
    return checked;
  });
}

function check(operation: Operation): CheckedOperation {
  const { if: condition } = operation;
  if (condition !== undefined && 'equals' in condition) checkAttributes(condition.equals);
  if ('put' in operation) {
    const { put: item } = operation;
    checkAttributes(item);
    if (item._ttl !== undefined && typeof item._ttl !== 'number') {
      throw new StoreError('invalid', 'a time to live is a number');
    }
    return { ...keyOf(item), condition, item };
  }
  if ('remove' in operation) return { ...keyOf(operation.remove), condition, item: null };
  if (condition === undefined) throw new StoreError('invalid', 'a check of nothing');
  return { ...keyOf(operation.check), condition, item: undefined };
}

/** @returns the item's size in bytes */
function checkSize(item: Item): number {
  const size = itemSize(item);
  if (size > MAX_ITEM_BYTES) throw new StoreError('invalid', 'the item is too large');
  return size;
}

function keyOf({ pk, sk }: ItemKey): ItemKey {
  if (!isKeyPart(pk, MAX_PK_BYTES) || !isKeyPart(sk, MAX_SK_BYTES))
    throw new StoreError('invalid', 'not a key');
  return { pk, sk };
}

function isKeyPart(part: unknown, most: number): boolean {
  return typeof part === 'string' && part !== '' && part.isWellFormed() && Buffer.byteLength(part) <= most;
}

function checkAttributes(attributes: Readonly<Record<string, Attribute>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const bytes = Buffer.byteLength(name);
    const good =
      typeof value === 'string'
        ? value.isWellFormed()
        : typeof value === 'number'
          ? Number.isSafeInteger(value)
          : value instanceof Uint8Array;
    if (!good || bytes === 0 || bytes > MAX_NAME_BYTES) {
      throw new StoreError('invalid', 'an attribute that no store can take');
    }
  }
}

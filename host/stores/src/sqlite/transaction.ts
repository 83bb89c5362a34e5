// SPDX-License-Identifier: Apache-2.0
import {
  type Attribute,
  type Condition,
  type Item,
  type ItemKey,
  itemSize,
  MAX_ITEM_BYTES,
  MAX_OPERATIONS,
  type Operation,
  StoreError,
} from '@enclave-vault/vault';
import { encodeBody } from './body.ts';

/** A change, checked and encoded: nothing in it can fail any more but its condition and the disk. */
export interface Change extends ItemKey {
  readonly condition: Condition | undefined;
  /** undefined: nothing is written; null: the item is removed. */
  readonly body: Buffer | null | undefined;
  /** Seconds since the epoch. */
  readonly expires: number | null;
}

/** Longest parts of a key, in bytes, as in DynamoDB. */
const MAX_PK_BYTES = 2048;
const MAX_SK_BYTES = 1024;

/** Checks a transaction before it meets others in a group. @throws {StoreError} `invalid` */
export function prepare(operations: readonly Operation[]): Change[] {
  if (operations.length === 0 || operations.length > MAX_OPERATIONS) throw new StoreError('invalid');
  const seen = new Set<string>();
  return operations.map((operation) => {
    const change = changeOf(operation);
    const key = JSON.stringify([change.pk, change.sk]);
    if (seen.has(key)) throw new StoreError('invalid', 'two operations have the same key');
    seen.add(key);
    return change;
  });
}

function changeOf(operation: Operation): Change {
  if ('put' in operation) {
    const { put: item } = operation;
    const { _ttl } = item;
    const body = encodeBody(item);
    if (itemSize(item) > MAX_ITEM_BYTES) throw new StoreError('invalid', 'the item is too large');
    if (_ttl !== undefined && typeof _ttl !== 'number') throw new StoreError('invalid');
    return { ...keyOf(item), condition: operation.if, body, expires: _ttl ?? null };
  }
  if ('remove' in operation) {
    return { ...keyOf(operation.remove), condition: operation.if, body: null, expires: null };
  }
  return { ...keyOf(operation.check), condition: operation.if, body: undefined, expires: null };
}

function keyOf({ pk, sk }: ItemKey): ItemKey {
  const good = [
    [pk, MAX_PK_BYTES],
    [sk, MAX_SK_BYTES],
  ].every(([part, most]) => {
    return (
      typeof part === 'string' &&
      part !== '' &&
      part.isWellFormed() &&
      Buffer.byteLength(part) <= Number(most)
    );
  });
  if (!good) throw new StoreError('invalid', 'not a key');
  return { pk, sk };
}

/** Whether a condition holds of what is stored. */
export function holds(condition: Condition | undefined, item: Item | undefined): boolean {
  if (condition === undefined) return true;
  if ('absent' in condition) return item === undefined;
  if (item === undefined) return false;
  return Object.entries(condition.equals).every(([name, value]) => same(value, item[name]));
}

function same(a: Attribute, b: Attribute | undefined): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return a === b;
}

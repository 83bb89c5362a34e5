// SPDX-License-Identifier: Apache-2.0
import type { Attribute, Condition, Item, ItemKey, Operation } from '@enclave-vault/vault';
import { checkOperations } from '../operations.ts';
import { encodeBody } from './body.ts';

/** A change, checked and encoded: nothing in it can fail any more but its condition and the disk. */
export interface Change extends ItemKey {
  readonly condition: Condition | undefined;
  /** undefined: nothing is written; null: the item is removed. */
  readonly body: Buffer | null | undefined;
  /** Seconds since the epoch. */
  readonly expires: number | null;
}

/** Checks a transaction before it meets others in a group. @throws {StoreError} `invalid` */
export function prepare(operations: readonly Operation[]): Change[] {
  return checkOperations(operations).map(({ pk, sk, condition, item }) => ({
    pk,
    sk,
    condition,
    body: item ? encodeBody(item) : item,
    expires: typeof item?._ttl === 'number' ? item._ttl : null,
  }));
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

// SPDX-License-Identifier: Apache-2.0
import type { Item } from './store.ts';

/** What a number may take (DynamoDB: up to 21 bytes). */
const NUMBER_BYTES = 21;

/** Size of an item in bytes as DynamoDB counts it, from above: names and values. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) {
    size += Buffer.byteLength(name) + (typeof value === 'number' ? NUMBER_BYTES : Buffer.byteLength(value));
  }
  return size;
}

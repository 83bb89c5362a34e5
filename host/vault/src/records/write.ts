// SPDX-License-Identifier: Apache-2.0
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import { itemSize } from '../ports/item-size.ts';
import { MAX_ITEM_BYTES, type Operation } from '../ports/store.ts';
import { type RecordBody, recordItem, type StoredRecord } from './record-item.ts';

/**
 * The operation that stores a record, conditional on what it replaces, and the state it leaves.
 * @param before null for a new record
 * @param now microseconds since the epoch
 * @throws {VaultError} `too_large`
 */
export function putRecord(
  core: Core,
  body: RecordBody,
  before: StoredRecord | null,
  now: number,
): { operation: Operation; state: Buffer } {
  const times = { created: before?.created ?? now, modified: now };
  const { item, mac } = recordItem(core.keys.record, body, times);
  if (itemSize(item) > MAX_ITEM_BYTES) throw new VaultError('too_large');
  const condition = before === null ? ({ absent: true } as const) : replaces(before);
  return { operation: { put: item, if: condition }, state: mac };
}

/** Holds while the stored record is the one that was read. */
export function replaces(record: StoredRecord): { equals: { _rev: number; _mac: Uint8Array } } {
  return { equals: { _rev: record.rev, _mac: record.mac } };
}

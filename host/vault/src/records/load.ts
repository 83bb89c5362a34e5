// SPDX-License-Identifier: Apache-2.0
import { isVaultId } from '@enclave-vault/records';
import type { ChainTail } from '../audit/chain.ts';
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import { itemSize } from '../ports/item-size.ts';
import type { Attribute, Item } from '../ports/store.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { isTombstone, readRecordItem, recordKey, type StoredRecord } from './record-item.ts';

/** Records that are kept as they were authenticated: how many, and up to which size of their items. All of it is ciphertext. */
export const KEPT_RECORDS = 1_000;
const MOST_BYTES = 16 * 1024;

export interface KeptRecord {
  readonly item: Item;
  readonly record: StoredRecord;
}

/**
 * Reads and authenticates a tenant's record. An absent id, a deleted one and another tenant's are one answer after
 * one read; a malformed id needs no secret kept and no read.
 * @throws {VaultError} `not_found`
 * @throws {Tampered} `record_shape`, `record_mac`
 */
export async function loadRecord(core: Core, tenant: string, id: string): Promise<StoredRecord> {
  if (!isVaultId(id)) throw new VaultError('not_found');
  const { pk, sk } = recordKey(id);
  const item = await core.store.get(pk, sk);
  if (item === undefined || item._tn !== tenant || isTombstone(item)) throw new VaultError('not_found');
  const known = core.records.get(id);
  // The very bytes of a record that was authentic are so still.
  if (known !== undefined && isSame(known.item, item)) return known.record;
  const record = readRecordItem(core.keys.record, id, item);
  if (itemSize(item) <= MOST_BYTES) core.records.keep(id, { item, record });
  return record;
}

function isSame(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isEqual(a[name], b[name]));
}

function isEqual(a: Attribute | undefined, b: Attribute | undefined): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);
}

/**
 * Whether a record is the one its chain ends with. An older state of the record is authentic too: this is what
 * tells them apart.
 */
export function isCurrent(record: StoredRecord, { entry }: ChainTail): boolean {
  if (entry === undefined || entry.state === null) return false;
  return entry.rev === record.rev && equalBytes(entry.state, record.mac);
}

/**
 * The record that a chain ends with: the one that was read before, where it is that still; else as it is now.
 * @throws {VaultError} `not_found` @throws {Tampered} `record_state`, and as loadRecord
 */
export async function currentRecord(
  core: Core,
  before: StoredRecord,
  tail: ChainTail,
): Promise<StoredRecord> {
  if (isCurrent(before, tail)) return before;
  const record = await loadRecord(core, before.tenant, before.id);
  demandCurrent(record, tail);
  return record;
}

/** @throws {Tampered} `record_state` */
export function demandCurrent(record: StoredRecord, tail: ChainTail): void {
  if (!isCurrent(record, tail)) throw new Tampered('record_state', record.id);
}

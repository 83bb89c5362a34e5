// SPDX-License-Identifier: Apache-2.0
import { isVaultId } from '@enclave-vault/records';
import { keyIndexPartition, keyRowKey, readKeyRow } from '../api-keys/key-row.ts';
import type { IntegrityKeys } from '../keys/integrity-keys.ts';
import { type Item, type ItemKey, type Store, StoreError } from '../ports/store.ts';
import { isTombstone, readRecordItem, recordKey } from '../records/record-item.ts';
import { equalBytes } from '../util/bytes.ts';
import type { AuditEntry } from './entry.ts';
import type { FindingCode } from './findings.ts';

const KEY_LOG = /^key_(.+)$/;

/**
 * Holds what a chain is about against its last entry.
 * @param last undefined: the end of the chain is not known, and was named; null: there is no chain at all
 * @returns what is wrong; undefined when nothing is, or the chain is about nothing stored
 */
export async function verifySubject(
  store: Store,
  keys: IntegrityKeys,
  log: string,
  last: AuditEntry | undefined | null,
): Promise<FindingCode | undefined> {
  if (isVaultId(log)) return await verifyRecord(store, keys, log, last);
  const [, keyId] = KEY_LOG.exec(log) ?? [];
  return keyId === undefined ? undefined : await verifyKey(store, keys, keyId, last);
}

async function verifyRecord(
  store: Store,
  keys: IntegrityKeys,
  id: string,
  last: AuditEntry | undefined | null,
): Promise<FindingCode | undefined> {
  const item = await find(store, recordKey(id));
  if (last === null) return item === undefined ? undefined : 'log_missing';
  const deleted = last?.state === null;
  if (item === undefined) return last === undefined ? undefined : 'record_missing';
  if (isTombstone(item)) return last === undefined || deleted ? undefined : 'record_missing';
  try {
    const { mac } = readRecordItem(keys.record, id, item);
    if (last === undefined) return undefined;
    if (last.state === null) return 'record_revived';
    return equalBytes(last.state, mac) ? undefined : 'record_state';
  } catch {
    return 'record_forged';
  }
}

async function verifyKey(
  store: Store,
  keys: IntegrityKeys,
  id: string,
  last: AuditEntry | undefined | null,
): Promise<FindingCode | undefined> {
  const item = await find(store, keyRowKey(id));
  if (last === null) return item === undefined ? undefined : 'log_missing';
  if (item === undefined) return last === undefined ? undefined : 'key_missing';
  let tenant: string;
  try {
    const { row, mac } = readKeyRow(keys.system, id, item);
    if (last !== undefined && (last.state === null || !equalBytes(last.state, mac))) return 'key_state';
    tenant = row.tenant;
  } catch {
    return 'key_forged';
  }
  const listed = await find(store, { pk: keyIndexPartition(tenant), sk: id });
  return listed === undefined ? 'key_unlisted' : undefined;
}

/** What cannot be read is an item without attributes: a finding, and no reason to stop looking. */
async function find(store: Store, { pk, sk }: ItemKey): Promise<Item | undefined> {
  try {
    return await store.get(pk, sk);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return { pk, sk };
    throw error;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { isVaultId } from '@enclave-vault/records';
import { keyRowKey, readKeyRow } from '../api-keys/key-row.ts';
import type { IntegrityKeys } from '../keys/integrity-keys.ts';
import type { Store } from '../ports/store.ts';
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
  const { pk, sk } = recordKey(id);
  const item = await store.get(pk, sk);
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
  const { pk, sk } = keyRowKey(id);
  const item = await store.get(pk, sk);
  if (last === null) return item === undefined ? undefined : 'log_missing';
  if (item === undefined) return last === undefined ? undefined : 'key_missing';
  try {
    const { mac } = readKeyRow(keys.system, id, item);
    return last === undefined || (last.state !== null && equalBytes(last.state, mac))
      ? undefined
      : 'key_state';
  } catch {
    return 'key_forged';
  }
}

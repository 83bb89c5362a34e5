// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { isFieldName, isTenant, isVaultId, recordMac } from '@enclave-vault/records';
import type { Attribute, Item } from '../ports/store.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';

/** Encoding of newly written fields, `_v`. */
const ENCODING = 3;
const RECORD_SORT_KEY = 'v0';
const RECORD_PREFIX = 'VAULT##';

/** What `_mac` covers. */
export interface RecordBody {
  readonly id: string;
  readonly tenant: string;
  /** Version of the schema at the last write. */
  readonly sv: number;
  /** HPKE suite id, 10 bytes. */
  readonly hs: Uint8Array;
  /** Public key, DER SubjectPublicKeyInfo. */
  readonly pk: Uint8Array;
  /** Private key, wrapped by KMS under the key `kk`. */
  readonly sk: Uint8Array;
  readonly kk: string;
  readonly rev: number;
  /** Sealed values by field name. */
  readonly fields: ReadonlyMap<string, Uint8Array | string>;
}

/** A record as stored, authentic. */
export interface StoredRecord extends RecordBody {
  /** Microseconds since the epoch. */
  readonly created: number;
  readonly modified: number;
  readonly mac: Uint8Array;
}

export function recordKey(id: string): { pk: string; sk: string } {
  return { pk: RECORD_PREFIX + id, sk: RECORD_SORT_KEY };
}

/** All records, for a scan. */
export const RECORD_SCAN_PREFIX = RECORD_PREFIX;

/**
 * @param encoding of `_v`: an imported record keeps its own until something is written to it
 * @returns the item of a record, authenticated
 */
export function recordItem(
  key: KeyObject,
  body: RecordBody,
  times: { readonly created: number; readonly modified: number },
  encoding: number = ENCODING,
): { item: Item; mac: Buffer } {
  const mac = recordMac(key, body);
  const item: Item = {
    ...recordKey(body.id),
    _id: body.id,
    _tn: body.tenant,
    _v: encoding,
    _sv: body.sv,
    _hs: body.hs,
    _pk: body.pk,
    _sk: body.sk,
    _kk: body.kk,
    _ct: times.created,
    _mt: times.modified,
    _rev: body.rev,
    _mac: mac,
    ...Object.fromEntries(body.fields),
  };
  return { item, mac };
}

/** What stays of a deleted vault, so that its id stays taken and its log has an owner. */
export function tombstoneItem(record: StoredRecord, deleted: number): Item {
  return {
    ...recordKey(record.id),
    _id: record.id,
    _tn: record.tenant,
    _ct: record.created,
    _mt: deleted,
    _rev: record.rev + 1,
    _del: 1,
  };
}

export function isTombstone(item: Item): boolean {
  return item._del === 1;
}

/**
 * Reads and authenticates a record's item.
 * @param id the id it was asked for under: an item in another's place does not pass
 * @throws {Tampered} `record_shape`, `record_mac`
 */
export function readRecordItem(key: KeyObject, id: string, item: Item): StoredRecord {
  const record = parse(id, item);
  if (record === undefined) throw new Tampered('record_shape', id);
  if (!equalBytes(recordMac(key, record), record.mac)) throw new Tampered('record_mac', id);
  return record;
}

const OWN = new Set('pk sk _id _tn _v _sv _hs _pk _sk _kk _ct _mt _rev _mac'.split(' '));

function parse(id: string, item: Item): StoredRecord | undefined {
  const { _id, _tn, _sv, _hs, _pk, _sk, _kk, _ct, _mt, _rev, _mac } = item;
  const fields = new Map<string, Uint8Array | string>();
  for (const [name, value] of Object.entries(item)) {
    if (OWN.has(name)) continue;
    if (!isFieldName(name) || typeof value === 'number') return undefined;
    fields.set(name, value);
  }
  if (_id !== id || !isVaultId(_id) || !isTenant(_tn) || !isText(_kk)) return undefined;
  if (!isBytes(_hs) || _hs.length !== 10 || !isBytes(_pk) || !isBytes(_sk) || !isBytes(_mac))
    return undefined;
  if (!isCount(_sv) || !isCount(_ct) || !isCount(_mt) || !isCount(_rev) || _rev < 1) return undefined;
  const times = { created: _ct, modified: _mt };
  return {
    id,
    tenant: _tn,
    sv: _sv,
    hs: _hs,
    pk: _pk,
    sk: _sk,
    kk: _kk,
    rev: _rev,
    fields,
    mac: _mac,
    ...times,
  };
}

function isBytes(value: Attribute | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isText(value: Attribute | undefined): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isCount(value: Attribute | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

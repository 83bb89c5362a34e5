// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { isTenant } from '@enclave-vault/records';
import type { Attribute, Item } from '../ports/store.ts';
import { isScope, type Scope } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes, macOf } from '../util/bytes.ts';

/** What a key grants. */
export interface KeyRights {
  readonly scopes: readonly Scope[];
  /** null: all. */
  readonly fields: readonly string[] | null;
  readonly purposes: readonly string[] | null;
  readonly deriveOnly: boolean;
  /** Microseconds since the epoch; null: never. */
  readonly expires: number | null;
}

/** An API key as stored. Its secret is not: only the SHA-256, which of 256 random bits tells nothing. */
export interface KeyRow extends KeyRights {
  readonly id: string;
  readonly tenant: string;
  readonly secretHash: Uint8Array;
  readonly createdBy: string;
  /** Microseconds since the epoch. */
  readonly created: number;
  readonly revoked: number | null;
  /** 1, and 2 once revoked. */
  readonly rev: number;
}

const SORT_KEY = 'v0';
const PREFIX = 'KEY##';

export function keyRowKey(id: string): { pk: string; sk: string } {
  return { pk: PREFIX + id, sk: SORT_KEY };
}

/** All keys, for a scan. */
export const KEY_SCAN_PREFIX = PREFIX;

/** Partition of a tenant's index of keys: one item a key, `sk` = its id. Says which there are and nothing else. */
export function keyIndexPartition(tenant: string): string {
  return `KEYS##${tenant}`;
}

export function keyMac(key: KeyObject, row: KeyRow): Buffer {
  return macOf(key, [
    'enclave-vault/api-key/1',
    row.id,
    row.tenant,
    row.secretHash,
    row.createdBy,
    row.scopes,
    row.fields,
    row.purposes,
    row.deriveOnly,
    row.created,
    row.expires,
    row.revoked,
    row.rev,
  ]);
}

export function keyRowItem(key: KeyObject, row: KeyRow): { item: Item; mac: Buffer } {
  const mac = keyMac(key, row);
  const item: Item = {
    ...keyRowKey(row.id),
    _id: row.id,
    _tn: row.tenant,
    _kh: row.secretHash,
    _by: row.createdBy,
    _sc: row.scopes.join(' '),
    ...(row.fields === null ? {} : { _fl: row.fields.join(' ') }),
    ...(row.purposes === null ? {} : { _pu: row.purposes.join(' ') }),
    _do: row.deriveOnly ? 1 : 0,
    _ct: row.created,
    ...(row.expires === null ? {} : { _ex: row.expires }),
    ...(row.revoked === null ? {} : { _rv: row.revoked }),
    _rev: row.rev,
    _mac: mac,
  };
  return { item, mac };
}

/** Reads and authenticates a row. @throws {Tampered} `key_row` */
export function readKeyRow(key: KeyObject, id: string, item: Item): { row: KeyRow; mac: Uint8Array } {
  const row = parse(id, item);
  const mac = item._mac;
  if (row === undefined || !(mac instanceof Uint8Array) || !equalBytes(keyMac(key, row), mac)) {
    throw new Tampered('key_row', id);
  }
  return { row, mac };
}

function parse(id: string, item: Item): KeyRow | undefined {
  const { _id, _tn, _kh, _by, _sc, _fl, _pu, _do, _ct, _ex, _rv, _rev } = item;
  const scopes = words(_sc)?.filter(isScope);
  const fields = words(_fl);
  const purposes = words(_pu);
  if (_id !== id || !isTenant(_tn) || !(_kh instanceof Uint8Array) || !isText(_by)) return undefined;
  if (scopes === undefined || fields === undefined || purposes === undefined || scopes === null)
    return undefined;
  if (!isCount(_ct) || !isCount(_rev) || !isCountOrAbsent(_ex) || !isCountOrAbsent(_rv)) return undefined;
  return {
    id,
    tenant: _tn,
    secretHash: _kh,
    createdBy: _by,
    scopes,
    fields,
    purposes,
    deriveOnly: _do !== 0,
    created: _ct,
    expires: _ex ?? null,
    revoked: _rv ?? null,
    rev: _rev,
  };
}

/** null when absent, undefined when it is no text. The empty text is the empty list. */
function words(value: Attribute | undefined): string[] | null | undefined {
  if (value === undefined) return null;
  if (!isText(value)) return undefined;
  return value === '' ? [] : value.split(' ');
}

function isText(value: Attribute | undefined): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isCount(value: Attribute | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCountOrAbsent(value: Attribute | undefined): value is number | undefined {
  return value === undefined || isCount(value);
}

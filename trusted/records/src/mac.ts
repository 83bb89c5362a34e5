// SPDX-License-Identifier: Apache-2.0
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { encodeCbor } from '@enclave-vault/codec';
import { RecordsError } from './errors.ts';
import { isFieldName, isTenant, isVaultId } from './names.ts';

/** What the MAC covers: the record item of formats, attribute names without their underscore. */
export interface MacInput {
  readonly id: string;
  readonly tenant: string;
  /** HPKE suite id, 10 bytes. */
  readonly hs: Uint8Array;
  /** Public key, DER SubjectPublicKeyInfo. */
  readonly pk: Uint8Array;
  /** Private key as KMS wrapped it. */
  readonly sk: Uint8Array;
  /** ARN of the wrapping key. */
  readonly kk: string;
  /** Version of the record schema. */
  readonly sv: number;
  /** Revision, from 1. */
  readonly rev: number;
  /** All sealed values of the record, as they are stored. */
  readonly fields: ReadonlyMap<string, Uint8Array | string>;
}

const LABEL = 'enclave-vault/record/1';
const SUITE_ID_LENGTH = 10;

function sha256(value: Uint8Array | string): Buffer {
  return hash('sha256', value, 'buffer');
}

function isCount(value: number, from: number): boolean {
  return Number.isSafeInteger(value) && value >= from;
}

/**
 * `_mac` of a record: HMAC-SHA-256 over the canonical CBOR of SPEC.md, section "MAC"; 32 bytes. The order of
 * `fields` doesn't matter. Throws `invalid_name` or `invalid_record`.
 */
export function recordMac(key: KeyObject | Uint8Array, input: MacInput): Buffer {
  const { id, tenant, hs, pk, sk, kk, sv, rev } = input;
  const names = [...input.fields.keys()].sort();
  if (!isVaultId(id) || !isTenant(tenant) || !names.every(isFieldName))
    throw new RecordsError('invalid_name');
  if (hs.length !== SUITE_ID_LENGTH || !isCount(sv, 0) || !isCount(rev, 1) || !kk.isWellFormed()) {
    throw new RecordsError('invalid_record');
  }
  // A string is encoding 1 and hashed as its UTF-8 bytes. No bytes value can pass for one: those begin with a hex
  // digit, and bytes with 0x03 or 0x04.
  const fields = names.map((name) => [name, sha256(input.fields.get(name) ?? '')]);
  const message = encodeCbor([LABEL, id, tenant, hs, pk, sha256(sk), kk, sv, rev, fields]);
  const hmacKey = key instanceof Uint8Array ? createSecretKey(key) : key;
  return createHmac('sha256', hmacKey).update(message).digest();
}

/** Whether `mac` is the record's, compared in constant time. Throws as `recordMac` does. */
export function verifyRecordMac(key: KeyObject | Uint8Array, input: MacInput, mac: Uint8Array): boolean {
  const expected = recordMac(key, input);
  return mac.length === expected.length && timingSafeEqual(expected, mac);
}

// SPDX-License-Identifier: Apache-2.0
import { parseSuiteId, type Suite } from '@enclave-vault/hpke';
import { importPublicKey } from '@enclave-vault/hpke/seal';
import { MAX_WRAPPED_KEY_BYTES } from '@enclave-vault/protocol';
import { isUlidVaultId, isVaultId, parseSealed } from '@enclave-vault/records';
import type { RecordBody } from '../records/record-item.ts';
import type { RecordSchema } from '../schema/record-schema.ts';
import { isOnCurve } from './on-curve.ts';
import { type ImportRefusal, refuse } from './refusals.ts';

/** A record of the AWS sample, as its table has it. Nothing in it is trusted. */
export interface ForeignRecord {
  /** `v_` and a KSUID. */
  readonly id: string;
  /** HPKE suite id, 10 bytes; empty where there is none, as the keys are. */
  readonly suite: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** PKCS#8 DER, wrapped by KMS without an encryption context. */
  readonly wrappedKey: Uint8Array;
  /** Microseconds since the epoch; null where it says none. */
  readonly created: number | null;
  readonly modified: number | null;
  /** Sealed values by field name, which is the aad they were sealed with. */
  readonly fields: ReadonlyMap<string, Uint8Array | string>;
}

export interface FieldChoices {
  /** Fields left out of every record. */
  readonly without: ReadonlySet<string>;
  /** Import a record without those of its fields that are no sealed values: they open nowhere. */
  readonly withoutDamaged: boolean;
}

/** What is left to import of a record, and the fields it leaves behind. */
export interface CheckedImport {
  readonly body: RecordBody;
  readonly dropped: readonly string[];
}

/** Types whose values are JSON strings, as everything is that the sample sealed. */
const NOT_TEXT = new Set(['integer', 'boolean']);

/**
 * Holds a foreign record against the formats and the schema, as far as that goes without its private key: that a value
 * opens, only the enclave can tell. A record comes whole or not at all, but for the fields named in `choices`: what is left
 * behind once could not be added later.
 */
export function checkForeign(
  schema: RecordSchema,
  tenant: string,
  keyArn: string,
  record: ForeignRecord,
  choices: FieldChoices,
): CheckedImport | ImportRefusal {
  const { id, publicKey, wrappedKey } = record;
  // A ULID is an id of our own: a record of ours that comes this way would lose its context.
  if (!isVaultId(id) || isUlidVaultId(id)) return refuse('bad_id');
  const suite = suiteOf(record.suite);
  if (suite === undefined) return refuse('unknown_suite');
  if (!isPublicKey(suite, publicKey)) return refuse('bad_public_key');
  if (wrappedKey.length === 0 || wrappedKey.length > MAX_WRAPPED_KEY_BYTES) return refuse('bad_wrapped_key');

  const wanted = [...record.fields].filter(([name]) => !choices.without.has(name));
  const left = record.fields.size - wanted.length;
  const unknown = names(wanted, (name) => !schema.fields.has(name));
  if (unknown.length > 0) return refuse('unknown_field', unknown);
  const retyped = names(wanted, (name) => NOT_TEXT.has(schema.fields.get(name)?.type ?? ''));
  if (retyped.length > 0) return refuse('field_type', retyped);
  const damaged = names(wanted, (_, value) => !isSealed(suite, value));
  if (damaged.length > 0 && !choices.withoutDamaged) return refuse('bad_field', damaged);

  const fields = new Map(wanted.filter(([name]) => !damaged.includes(name)));
  const dropped = left === 0 ? damaged : [...record.fields.keys()].filter((name) => !fields.has(name));
  const keys = { hs: record.suite, pk: publicKey, sk: wrappedKey, kk: keyArn };
  return { body: { id, tenant, sv: schema.version, ...keys, rev: 1, fields }, dropped };
}

type Field = readonly [name: string, value: Uint8Array | string];

function names(fields: readonly Field[], which: (...field: Field) => boolean): string[] {
  return fields.filter((field) => which(...field)).map(([name]) => name);
}

function suiteOf(id: Uint8Array): Suite | undefined {
  try {
    return parseSuiteId(id);
  } catch {
    return undefined;
  }
}

function isPublicKey(suite: Suite, spki: Uint8Array): boolean {
  try {
    importPublicKey(suite, spki);
    return true;
  } catch {
    return false;
  }
}

/** A value of encoding 1 or 2, with an encapsulated key that lies on the curve. */
function isSealed(suite: Suite, value: Uint8Array | string): boolean {
  const parsed = parseSealed(suite, value);
  return parsed !== undefined && parsed.encoding !== 3 && isOnCurve(suite, parsed.enc);
}

/** What `_v` says: the encoding of the record's values, the newest where there are both. */
export function encodingOfRecord(fields: ForeignRecord['fields']): 1 | 2 {
  return [...fields.values()].some((value) => typeof value !== 'string') ? 2 : 1;
}

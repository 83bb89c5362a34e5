// SPDX-License-Identifier: Apache-2.0
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import {
  MAX_EXPRESSION_BYTES,
  MAX_EXPRESSIONS,
  MAX_FIELDS,
  MAX_KNOWN_FIELDS,
  MAX_MESSAGE_BYTES,
  MAX_PUBLIC_KEY_BYTES,
  MAX_RECORD_BYTES,
  MAX_WRAPPED_KEY_BYTES,
} from './limits.ts';
import { fieldName, keyArn, tenant, vaultId } from './names.ts';
import { bytes, decode, distinct, list, malformed, members, text } from './read.ts';

/** An expression and the name its result gets. */
export interface Expression {
  readonly name: string;
  /** CEL source, at most 10 KiB. */
  readonly source: string;
}

/** What the API asks of the enclave: one record, as far as it is needed (SPEC.md, "Decrypt request"). */
export interface DecryptRequest {
  readonly tenant: string;
  readonly vaultId: string;
  /** HPKE suite id of the record, 10 bytes. */
  readonly suite: Uint8Array;
  /** The record's private key as KMS wrapped it, and the ARN of the key that did. */
  readonly wrappedKey: Uint8Array;
  readonly keyArn: string;
  /** The record's public key, DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Sealed values of all fields that are to be revealed or that an expression uses. */
  readonly fields: ReadonlyMap<string, Uint8Array | string>;
  /** All field names of the schema: null to an expression when `fields` has no value for them. */
  readonly known: readonly string[];
  /** Which of `fields` to reveal. */
  readonly reveal: readonly string[];
  readonly expressions: readonly Expression[];
  /** KMS is to be asked for the record's key, whatever the enclave has in memory. */
  readonly fresh?: boolean | undefined;
}

const WHAT = 'request';
const MEMBERS = [
  'tenant',
  'vault_id',
  'suite',
  'wrapped_key',
  'key_arn',
  'public_key',
  'fields',
  'known',
  'reveal',
  'expressions',
] as const;

/** Upper bound of CBOR items: every list of the message full, and some for its own structure. */
const MAX_ITEMS = 2 * MAX_FIELDS + MAX_KNOWN_FIELDS + MAX_FIELDS + 3 * MAX_EXPRESSIONS + 64;

/** @throws ProtocolError `malformed` when the request is not one that would be accepted */
export function encodeDecryptRequest(request: DecryptRequest): Buffer {
  const value: CborValue = new Map<string, CborValue>([
    ['tenant', request.tenant],
    ['vault_id', request.vaultId],
    ['suite', request.suite],
    ['wrapped_key', request.wrappedKey],
    ['key_arn', request.keyArn],
    ['public_key', request.publicKey],
    ['fields', request.fields],
    ['known', request.known],
    ['reveal', request.reveal],
    ['expressions', request.expressions.map(({ name, source }) => [name, source])],
    ...(request.fresh === true ? [['fresh', true] as const] : []),
  ]);
  readDecryptRequest(value);
  return encodeCbor(value);
}

/** @throws ProtocolError `malformed` or `too_large` */
export function parseDecryptRequest(message: Uint8Array): DecryptRequest {
  return readDecryptRequest(decode(message, WHAT, MAX_MESSAGE_BYTES, MAX_ITEMS));
}

function readDecryptRequest(value: CborValue): DecryptRequest {
  const fresh = value instanceof Map && value.has('fresh');
  const member = members(value, WHAT, fresh ? [...MEMBERS, 'fresh' as const] : MEMBERS);
  // Left out is the one way to say no: a message has one encoding.
  if (fresh && member.fresh !== true) throw malformed('request.fresh');
  const name = (item: CborValue): string => fieldName(item, 'request: name');
  const fields = readFields(member.fields);
  const known = distinct(list(member.known, 'request.known', MAX_KNOWN_FIELDS, name), 'request.known');
  const reveal = distinct(list(member.reveal, 'request.reveal', MAX_FIELDS, name), 'request.reveal');
  // A name to reveal without its sealed value is a mistake of the caller, not an empty field.
  if (!reveal.every((field) => fields.has(field))) throw malformed('request.reveal');
  const expressions = list(member.expressions, 'request.expressions', MAX_EXPRESSIONS, readExpression);
  // A result may not pass for a field, whether that field has a value or not.
  const taken = new Set([...fields.keys(), ...known]);
  if (expressions.some((expression) => taken.has(expression.name))) throw malformed('request.expressions');
  distinct(
    expressions.map((expression) => expression.name),
    'request.expressions',
  );
  return {
    tenant: tenant(member.tenant, 'request.tenant'),
    vaultId: vaultId(member.vault_id, 'request.vault_id'),
    suite: bytes(member.suite, 'request.suite', 10, 10),
    wrappedKey: bytes(member.wrapped_key, 'request.wrapped_key', 1, MAX_WRAPPED_KEY_BYTES),
    keyArn: keyArn(member.key_arn, 'request.key_arn'),
    publicKey: bytes(member.public_key, 'request.public_key', 1, MAX_PUBLIC_KEY_BYTES),
    fields,
    known,
    reveal,
    expressions,
    ...(fresh ? { fresh } : {}),
  };
}

function readFields(value: CborValue): Map<string, Uint8Array | string> {
  if (!(value instanceof Map) || value.size > MAX_FIELDS) throw malformed('request.fields');
  const fields = new Map<string, Uint8Array | string>();
  let total = 0;
  for (const [key, sealed] of value as ReadonlyMap<CborValue & (string | number), CborValue>) {
    const name = fieldName(key, 'request.fields: name');
    // Encoding 1 is a string, encodings 2 and 3 are bytes (design, "A sealed field value …").
    const content =
      typeof sealed === 'string'
        ? text(sealed, 'request.fields: value', MAX_RECORD_BYTES)
        : bytes(sealed, 'request.fields: value', 1, MAX_RECORD_BYTES);
    total += name.length + Buffer.byteLength(content);
    fields.set(name, content);
  }
  if (total > MAX_RECORD_BYTES) throw malformed('request.fields');
  return fields;
}

function readExpression(item: CborValue): Expression {
  if (!Array.isArray(item) || item.length !== 2) throw malformed('request.expressions');
  return {
    name: fieldName(item[0], 'request.expressions: name'),
    source: text(item[1], 'request.expressions: source', MAX_EXPRESSION_BYTES),
  };
}

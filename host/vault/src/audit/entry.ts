// SPDX-License-Identifier: Apache-2.0
import { createHmac, type KeyObject } from 'node:crypto';
import { type CborValue, type DecodedCbor, decodeCanonicalCbor, encodeCbor } from '@enclave-vault/codec';

export const AUDIT_EVENTS = [
  'CreateVault',
  'ImportVault',
  'UpdateVault',
  'RemoveFields',
  'DeleteVault',
  'DecryptVault',
  'AccessDenied',
  'KeyCreated',
  'KeyRevoked',
  'KeyTampered',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** `failed` also says that nothing was revealed. */
export const AUDIT_RESULTS = ['ok', 'denied', 'failed'] as const;
export type AuditResult = (typeof AUDIT_RESULTS)[number];

/** What happened, as its author says it. Nothing here holds the value of a field. */
export interface AuditFacts {
  readonly tenant: string;
  /** The record or API key it happened to; null when there was none. */
  readonly subject: string | null;
  readonly event: AuditEvent;
  /** For AccessDenied: the scope of what was attempted. */
  readonly operation: string | null;
  readonly actor: string;
  readonly purpose: string | null;
  readonly reason: string | null;
  /** Fields written, removed or revealed; when denied or failed: asked for. */
  readonly fields: readonly string[];
  /** Fields that expressions used. */
  readonly used: readonly string[];
  /** Name, and a MAC of the CEL source under the audit key. */
  readonly expressions: readonly (readonly [name: string, mac: Uint8Array])[];
  readonly result: AuditResult;
  /** Why it was denied or failed: a code of the vault's errors. */
  readonly code: string | null;
  readonly requestId: string;
  /** Revision and `_mac` of the record (or key row) after this entry; null on a system chain and after a deletion. */
  readonly rev: number | null;
  readonly state: Uint8Array | null;
}

/** An entry of a chain (SPEC.md, "Audit entry"). */
export interface AuditEntry extends AuditFacts {
  readonly log: string;
  readonly n: number;
  /** Microseconds since the epoch. */
  readonly time: number;
  /** Hash of the entry before; 32 zero bytes in entry 1. */
  readonly prev: Uint8Array;
}

/** Length of a hash, of `_mac` and of `state`. */
export const HASH_BYTES = 32;
export const FIRST_PREV: Uint8Array = new Uint8Array(HASH_BYTES);

/** In their canonical order, so that the encoder has nothing to sort (RFC 8949 section 4.2.1). */
const MEMBERS = [
  'n',
  'v',
  'log',
  'rev',
  'code',
  'prev',
  'time',
  'used',
  'actor',
  'event',
  'state',
  'fields',
  'reason',
  'result',
  'tenant',
  'purpose',
  'vault_id',
  'operation',
  'request_id',
  'expressions',
] as const;

/** @returns the entry's canonical CBOR: what is stored, and what is hashed */
export function encodeEntry(entry: AuditEntry): Buffer {
  const { subject, requestId, ...rest } = entry;
  const members: Record<(typeof MEMBERS)[number], CborValue> = {
    v: 1,
    ...rest,
    vault_id: subject,
    request_id: requestId,
  };
  return encodeCbor(new Map(MEMBERS.map((name) => [name, members[name]])));
}

/** @returns the hash of an entry of these bytes, under the audit key */
export function entryHash(key: KeyObject, encoded: Uint8Array): Buffer {
  return createHmac('sha256', key).update(encoded).digest();
}

/** Reads stored bytes; undefined when they are not an entry. Whether they are authentic is for the hash to say. */
export function decodeEntry(encoded: Uint8Array): AuditEntry | undefined {
  try {
    const map = decodeCanonicalCbor(encoded);
    if (!(map instanceof Map) || map.size !== MEMBERS.length || map.get('v') !== 1) return undefined;
    return readEntry((name) => map.get(name));
  } catch {
    return undefined;
  }
}

function readEntry(get: (name: (typeof MEMBERS)[number]) => DecodedCbor | undefined): AuditEntry {
  return {
    log: text(get('log')),
    tenant: text(get('tenant')),
    subject: orNull(get('vault_id'), text),
    n: count(get('n')),
    event: oneOf(AUDIT_EVENTS, get('event')),
    operation: orNull(get('operation'), text),
    actor: text(get('actor')),
    purpose: orNull(get('purpose'), text),
    reason: orNull(get('reason'), text),
    fields: list(get('fields'), text),
    used: list(get('used'), text),
    expressions: list(get('expressions'), (item) => {
      const [name, hash] = list(item, (part) => part);
      return [text(name), bytes(hash)] as const;
    }),
    result: oneOf(AUDIT_RESULTS, get('result')),
    code: orNull(get('code'), text),
    time: count(get('time')),
    requestId: text(get('request_id')),
    rev: orNull(get('rev'), count),
    state: orNull(get('state'), bytes),
    prev: bytes(get('prev')),
  };
}

type Decoded = DecodedCbor | undefined;

function orNull<T>(value: Decoded, read: (value: Decoded) => T): T | null {
  return value === null ? null : read(value);
}

function text(value: Decoded): string {
  if (typeof value !== 'string') throw new TypeError('no text');
  return value;
}

function count(value: Decoded): number {
  if (typeof value !== 'number' || value < 0) throw new TypeError('no count');
  return value;
}

function bytes(value: Decoded): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== HASH_BYTES) throw new TypeError('no hash');
  return value;
}

function list<T>(value: Decoded, read: (value: Decoded) => T): T[] {
  if (!Array.isArray(value)) throw new TypeError('no list');
  return value.map((item: DecodedCbor) => read(item));
}

function oneOf<T extends string>(values: readonly T[], value: Decoded): T {
  const found = values.find((item) => item === value);
  if (found === undefined) throw new TypeError('not one of the known values');
  return found;
}

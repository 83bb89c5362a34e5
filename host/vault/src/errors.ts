// SPDX-License-Identifier: Apache-2.0

/** Every code of the vault: HTTP status, and what it says to the caller. The message never holds a value. */
export const VAULT_ERRORS = {
  malformed: [400, 'The request cannot be read'],
  unauthenticated: [401, 'The credentials are missing, unknown, expired or revoked'],
  scope_missing: [403, 'The credentials lack the scope of this call'],
  field_not_allowed: [403, 'The credentials are narrowed to other fields'],
  purpose_not_allowed: [403, 'The credentials are narrowed to other purposes'],
  derive_only: [403, 'The credentials run registered expressions only'],
  exceeds_own_rights: [403, 'A key grants at most the rights of its creator'],
  not_found: [404, 'There is no such vault'],
  key_not_found: [404, 'There is no such key'],
  conflict: [409, 'The vault was changed meanwhile'],
  precondition_failed: [412, 'The vault has another revision'],
  too_large: [413, 'The record would be larger than 350 KB'],
  invalid: [422, 'Members of the request are invalid'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  integrity_failed: [500, 'What is stored does not authenticate'],
  record_unreadable: [500, 'The enclave cannot open the record'],
  internal: [500, 'The vault failed'],
  audit_busy: [503, 'The audit log is busy'],
  audit_unavailable: [503, 'The audit log cannot be written'],
  store_unavailable: [503, 'The store is out of reach'],
  kms_denied: [503, 'The key service refuses'],
  kms_unavailable: [503, 'The key service is out of reach'],
  enclave_not_trusted: [503, 'The key service does not trust the enclave'],
  enclave_unavailable: [503, 'No enclave answers'],
  busy: [503, 'All enclaves are busy'],
  decryptions_limited: [503, 'The enclaves open no more records for now'],
  timed_out: [503, 'The deadline of the request has passed'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type VaultErrorCode = keyof typeof VAULT_ERRORS;

/** Why one member of a request is invalid; the stable codes of 422. */
export const MEMBER_ERRORS = {
  unknown: 'not a member of this request',
  unknown_field: 'not a field of the record schema',
  unknown_expression: 'not a registered expression',
  unknown_purpose: 'not a purpose of this deployment',
  unknown_scope: 'not a scope',
  required: 'required',
  empty: 'must not be empty',
  null: 'null is not a value',
  type: 'of another type',
  too_long: 'too long',
  too_many: 'too many',
  repeated: 'given twice',
  format: 'not in the format of this field',
  range: 'out of range',
  derived_mismatch: 'contradicts the field it is derived from',
  name: 'not a name',
  reserved_name: 'the name of a field, or reserved',
} as const;
export type MemberErrorCode = keyof typeof MEMBER_ERRORS;

/** A bad member: path as a JSON Pointer (RFC 6901), e.g. `/ssn9` or `/expressions/age`. */
export interface MemberError {
  readonly path: string;
  readonly code: MemberErrorCode;
  readonly message: string;
}

export interface VaultErrorDetails {
  readonly members?: readonly MemberError[];
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** Every error a caller of the vault may see. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: VaultErrorCode;
  readonly status: number;
  readonly members: readonly MemberError[] | undefined;
  /** Seconds; set on every 503. */
  readonly retryAfter: number | undefined;

  constructor(code: VaultErrorCode, details: VaultErrorDetails = {}) {
    const [status, message] = VAULT_ERRORS[code];
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = status;
    this.members = details.members;
    this.retryAfter = details.retryAfter ?? (status === 503 ? 1 : undefined);
  }
}

/** @returns the error for a 422 */
export function invalid(...members: readonly MemberError[]): VaultError {
  return new VaultError('invalid', { members });
}

export function memberError(path: string, code: MemberErrorCode): MemberError {
  return { path, code, message: MEMBER_ERRORS[code] };
}

/** Why a vault does not open. */
export type OpenErrorCode =
  /** The schema file is not a schema. */
  | 'schema_malformed'
  /** The schema differs from the stored one and has the same version, or an older one. */
  | 'schema_version_reused'
  /** The schema would leave stored fields without a definition; `allowOrphans` permits it. */
  | 'schema_orphans_fields'
  /** The stored schema, or a key row, does not authenticate. */
  | 'integrity_failed'
  /** Records are there and the key that authenticates them is not: a new one would hide that. */
  | 'integrity_key_missing'
  /** KMS does not unwrap the stored key: altered, or of another deployment. */
  | 'integrity_key_refused';

export class VaultOpenError extends Error {
  override readonly name = 'VaultOpenError';
  readonly code: OpenErrorCode;
  constructor(code: OpenErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

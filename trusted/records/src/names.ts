// SPDX-License-Identifier: Apache-2.0

// No pattern here has the m flag, so `$` is the end of the string and a trailing newline fails.
const ULID_ID = /^v_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const KSUID_ID = /^v_[0-9A-Za-z]{27}$/;
const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
const FIELD_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** The greatest KSUID: 20 bytes of 0xff in base 62, whose digits are in ASCII order. */
const MAX_KSUID_ID = 'v_aWgEPTl1tmebfsQzFP4bxwgy80V';

/** An id of this vault: `v_` and a ULID in canonical form (upper case, 128 bits). */
export function isUlidVaultId(value: unknown): value is string {
  return typeof value === 'string' && ULID_ID.test(value);
}

/** An id that may be read: one of this vault, or `v_` and a KSUID as the AWS sample wrote them. */
export function isVaultId(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return ULID_ID.test(value) || (KSUID_ID.test(value) && value <= MAX_KSUID_ID);
}

export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && TENANT.test(value);
}

/** A name of a field, never one of our own attributes: those begin with an underscore. */
export function isFieldName(value: unknown): value is string {
  return typeof value === 'string' && FIELD_NAME.test(value);
}

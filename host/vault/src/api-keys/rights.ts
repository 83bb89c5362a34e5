// SPDX-License-Identifier: Apache-2.0
import { invalid, type MemberError, memberError, VaultError } from '../errors.ts';
import { isScope, type Principal, type Scope } from '../principal.ts';
import { pointer } from '../schema/names.ts';
import type { RecordSchema } from '../schema/record-schema.ts';
import type { KeyRights } from './key-row.ts';

/** What a new key is to grant. Absent members are the creator's own. */
export interface KeyRequest {
  readonly scopes: readonly string[];
  readonly fields?: readonly string[] | null | undefined;
  readonly purposes?: readonly string[] | null | undefined;
  readonly deriveOnly?: boolean | undefined;
  /** Microseconds since the epoch. */
  readonly expires?: number | null | undefined;
}

const MAX_LIST = 1000;

/**
 * Checks what a new key is to grant: it makes sense, and its creator has all of it.
 * @param now microseconds since the epoch
 * @throws {VaultError} `invalid`, `exceeds_own_rights`
 */
export function grantedRights(
  schema: RecordSchema,
  creator: Principal,
  request: KeyRequest,
  now: number,
): KeyRights {
  const errors: MemberError[] = [];
  const scopes = distinct(
    request.scopes,
    'scopes',
    (name) => (isScope(name) ? undefined : 'unknown_scope'),
    errors,
  );
  const fields = narrowing(request.fields, 'fields', (name) => schema.fields.has(name), errors);
  const purposes = narrowing(request.purposes, 'purposes', (name) => schema.purposes.includes(name), errors);
  const { deriveOnly = creator.deriveOnly, expires = creator.expires } = request;
  if (scopes.length === 0 && errors.length === 0) errors.push(memberError('/scopes', 'empty'));
  if (typeof deriveOnly !== 'boolean') errors.push(memberError('/derive_only', 'type'));
  if (expires !== null && !(Number.isSafeInteger(expires) && expires > now)) {
    errors.push(memberError('/expires', 'range'));
  }
  if (errors.length > 0) throw invalid(...errors);
  const rights: KeyRights = {
    scopes: scopes.filter(isScope),
    fields: fields === undefined ? listOf(creator.fields) : fields,
    purposes: purposes === undefined ? listOf(creator.purposes) : purposes,
    deriveOnly,
    expires,
  };
  if (!within(creator, rights)) throw new VaultError('exceeds_own_rights');
  return rights;
}

function within(creator: Principal, { scopes, fields, purposes, deriveOnly, expires }: KeyRights): boolean {
  return (
    scopes.every((scope: Scope) => creator.scopes.has(scope)) &&
    subset(fields, creator.fields) &&
    subset(purposes, creator.purposes) &&
    (deriveOnly || !creator.deriveOnly) &&
    (creator.expires === null || (expires !== null && expires <= creator.expires))
  );
}

function subset(names: readonly string[] | null, allowed: ReadonlySet<string> | null): boolean {
  return allowed === null || names?.every((name) => allowed.has(name)) === true;
}

function listOf(names: ReadonlySet<string> | null): readonly string[] | null {
  return names === null ? null : [...names];
}

function narrowing(
  names: readonly string[] | null | undefined,
  member: 'fields' | 'purposes',
  known: (name: string) => boolean,
  errors: MemberError[],
): readonly string[] | null | undefined {
  if (names === null || names === undefined) return names;
  const unknown = member === 'fields' ? 'unknown_field' : 'unknown_purpose';
  return distinct(names, member, (name) => (known(name) ? undefined : unknown), errors);
}

function distinct(
  names: readonly string[],
  member: string,
  problem: (name: string) => MemberError['code'] | undefined,
  errors: MemberError[],
): readonly string[] {
  if (!Array.isArray(names) || names.length > MAX_LIST) {
    errors.push(memberError(pointer(member), Array.isArray(names) ? 'too_many' : 'type'));
    return [];
  }
  names.forEach((name: unknown, index) => {
    const code = typeof name === 'string' ? problem(name) : 'type';
    const repeated = names.indexOf(name) < index;
    if (code !== undefined || repeated) errors.push(memberError(pointer(member, index), code ?? 'repeated'));
  });
  return [...names];
}

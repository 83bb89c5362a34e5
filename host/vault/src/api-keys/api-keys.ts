// SPDX-License-Identifier: Apache-2.0
import { commit } from '../audit/commit.ts';
import type { AuditFacts } from '../audit/entry.ts';
import { keyLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { invalid, memberError, VaultError } from '../errors.ts';
import { callFacts, demand, deny, NO_FACTS } from '../operations/authorize.ts';
import { auditTampering } from '../operations/failures.ts';
import { StoreError } from '../ports/store.ts';
import type { Context } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { ulid } from '../util/ulid.ts';
import {
  type KeyRights,
  type KeyRow,
  keyIndexPartition,
  keyRowItem,
  keyRowKey,
  readKeyRow,
} from './key-row.ts';
import { grantedRights, type KeyRequest } from './rights.ts';
import { formatToken, hashSecret, newSecret } from './token.ts';

const KEY_ID = /^[0-9A-Z]{26}$/;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

export interface CreatedKey {
  readonly id: string;
  /** Shown once. */
  readonly token: string;
}

/** What may be known of a key: everything but its secret's hash. */
export type KeyView = Omit<KeyRow, 'secretHash' | 'rev' | 'tenant'>;

export interface KeyPage {
  /** Newest first. */
  readonly keys: readonly KeyView[];
  /** Ids of those that do not authenticate: someone else wrote to the store. They open nothing, and what they grant is not known. */
  readonly tampered: readonly string[];
  readonly next: string | null;
}

/**
 * Makes a key that grants at most its creator's rights.
 * @throws {VaultError}
 */
export async function createKey(core: Core, context: Context, request: KeyRequest): Promise<CreatedKey> {
  const { principal } = context;
  await demand(core, context, { scope: 'keys:admin' });
  let rights: KeyRights;
  try {
    rights = grantedRights(core.schema, principal, request, core.clock.now());
  } catch (error) {
    const tooMuch = error instanceof VaultError && error.code === 'exceeds_own_rights';
    throw tooMuch ? await deny(core, context, 'keys:admin', error.code, null) : error;
  }
  return await storeKey(core, callFacts(context), rights, context.deadline);
}

/** Stores a new key with whatever rights it is given: for createKey, and for a deployment's first one. */
export async function storeKey(
  core: Core,
  caller: Pick<AuditFacts, 'tenant' | 'actor' | 'requestId'>,
  rights: KeyRights,
  deadline: number,
): Promise<CreatedKey> {
  const { tenant, actor: createdBy } = caller;
  const created = core.clock.now();
  const id = ulid(Math.floor(created / 1000));
  const secret = newSecret();
  const secretHash = hashSecret(secret);
  const row: KeyRow = { ...rights, id, tenant, secretHash, createdBy, created, revoked: null, rev: 1 };
  const { item, mac } = keyRowItem(core.keys.system, row);
  const operations = [
    { put: item, if: { absent: true } as const },
    { put: { pk: keyIndexPartition(tenant), sk: id } },
  ];
  const facts: AuditFacts = {
    ...NO_FACTS,
    ...caller,
    event: 'KeyCreated',
    subject: id,
    fields: rights.fields ?? [],
    result: 'ok',
    rev: 1,
    state: mac,
  };
  const result = { id, token: formatToken(id, secret) };
  return await commit(core, keyLog(id), async () => ({ operations, facts, result }), { deadline });
}

/** The tenant's keys. @throws {VaultError} */
export async function listKeys(
  core: Core,
  context: Context,
  {
    limit = DEFAULT_LIMIT,
    cursor,
  }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<KeyPage> {
  const { tenant } = context.principal;
  await demand(core, context, { scope: 'keys:admin' });
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid(memberError('limit', 'range'));
  if (cursor !== undefined && !KEY_ID.test(cursor)) throw invalid(memberError('cursor', 'format'));
  const index = await core.store.query(keyIndexPartition(tenant), {
    limit: limit + 1,
    reverse: true,
    ...(cursor === undefined ? {} : { before: cursor }),
  });
  const rows = await Promise.all(index.slice(0, limit).map(({ sk }) => findOrTell(core, context, sk)));
  const keys = rows.flatMap((found) => (typeof found === 'object' ? [viewOf(found.row)] : []));
  const tampered = index.slice(0, limit).flatMap(({ sk }, n) => (rows[n] === 'tampered' ? [sk] : []));
  return { keys, tampered, next: index.length > limit ? (index[limit - 1]?.sk ?? null) : null };
}

/**
 * Ends a key, at once in this process and within the cache's time in others. Keys it made stay: revoke them too.
 * To revoke a revoked key is no mistake.
 * @throws {VaultError}
 */
export async function revokeKey(core: Core, context: Context, id: string): Promise<void> {
  const { tenant } = context.principal;
  await demand(core, context, { scope: 'keys:admin' });
  if (!KEY_ID.test(id)) throw new VaultError('key_not_found');
  if ((await findKey(core, tenant, id)) === undefined) throw new VaultError('key_not_found');
  await commit(
    core,
    keyLog(id),
    async ({ entry }) => {
      const found = await findKey(core, tenant, id);
      if (found === undefined) throw new VaultError('key_not_found');
      if (entry?.state == null || !equalBytes(entry.state, found.mac)) throw new Tampered('key_row', id);
      if (found.row.revoked !== null) return { result: undefined };
      const row: KeyRow = { ...found.row, revoked: core.clock.now(), rev: found.row.rev + 1 };
      const { item, mac } = keyRowItem(core.keys.system, row);
      const facts = {
        ...NO_FACTS,
        ...callFacts(context),
        event: 'KeyRevoked' as const,
        subject: id,
        result: 'ok' as const,
        rev: row.rev,
        state: mac,
      };
      const operations = [{ put: item, if: { equals: { _mac: found.mac } } }];
      return { operations, facts, result: undefined };
    },
    { deadline: context.deadline },
  );
}

/** A row that does not authenticate is named to the operator, and must not hide the others from the administrator. */
async function findOrTell(
  core: Core,
  context: Context,
  id: string,
): Promise<{ row: KeyRow } | 'tampered' | undefined> {
  // The index is not authenticated: a text of an attacker's is not handed on.
  if (!KEY_ID.test(id)) return undefined;
  try {
    return await findKey(core, context.principal.tenant, id);
  } catch (error) {
    const corrupt = error instanceof StoreError && error.code === 'corrupt';
    if (!corrupt && !(error instanceof Tampered)) throw error;
    const { requestId } = context;
    core.report({ event: 'integrity_failed', code: 'key_row', requestId, log: keyLog(id) });
    if (core.told.first(keyLog(id), core.clock.now())) {
      await auditTampering(core, context, 'KeyTampered', id);
    }
    return 'tampered';
  }
}

async function findKey(
  core: Core,
  tenant: string,
  id: string,
): Promise<{ row: KeyRow; mac: Uint8Array } | undefined> {
  const { pk, sk } = keyRowKey(id);
  const item = await core.store.get(pk, sk);
  return item === undefined || item._tn !== tenant ? undefined : readKeyRow(core.keys.system, id, item);
}

function viewOf({ id, createdBy, created, revoked, ...row }: KeyRow): KeyView {
  const { scopes, fields, purposes, deriveOnly, expires } = row;
  return { id, scopes, fields, purposes, deriveOnly, expires, createdBy, created, revoked };
}

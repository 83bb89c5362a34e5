// SPDX-License-Identifier: Apache-2.0
import { isVaultId } from '@enclave-vault/records';
import { readEntryItem } from '../audit/chain.ts';
import type { AuditEntry } from '../audit/entry.ts';
import { HEAD, logPartition, recordLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { invalid, memberError, VaultError } from '../errors.ts';
import type { Item } from '../ports/store.ts';
import type { Context, Principal } from '../principal.ts';
import { recordKey } from '../records/record-item.ts';
import { Tampered } from '../tampered.ts';
import { formatTime } from '../util/time.ts';
import { demand } from './authorize.ts';

const DEFAULT_LIMIT = 50;
export const MAX_AUDIT_LIMIT = 500;

export interface AuditPageOptions {
  /** 1 to 500; default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** An entry as callers see it: members named as in the entry, times as RFC 3339, hashes in hex. */
export interface AuditEntryView {
  readonly n: number;
  readonly event: string;
  readonly operation: string | null;
  readonly actor: string;
  readonly purpose: string | null;
  readonly reason: string | null;
  readonly fields: readonly string[];
  readonly used: readonly string[];
  readonly expressions: readonly { readonly name: string; readonly mac: string }[];
  readonly result: string;
  readonly code: string | null;
  readonly time: string;
  readonly request_id: string;
  readonly rev: number | null;
  readonly hash: string;
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntryView[];
  readonly next: string | null;
}

/**
 * A page of a record's log. A deleted record keeps its log, and its tenant may still read it. A principal narrowed to
 * fields sees the names of those alone.
 * @throws {VaultError}
 */
export async function auditLog(
  core: Core,
  context: Context,
  id: string,
  { limit = DEFAULT_LIMIT, cursor }: AuditPageOptions,
): Promise<AuditPage> {
  const { principal } = context;
  const { tenant } = principal;
  await demand(core, context, { scope: 'audit:read' }, id);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_AUDIT_LIMIT) {
    throw invalid(memberError('limit', 'range'));
  }
  if (cursor !== undefined && !/^[0-9]{12}$/.test(cursor)) throw invalid(memberError('cursor', 'format'));
  if (!isVaultId(id)) throw new VaultError('not_found');
  const { pk, sk } = recordKey(id);
  const item = await core.store.get(pk, sk, { attributes: ['_tn'] });
  if (item === undefined || item._tn !== tenant) throw new VaultError('not_found');
  const log = recordLog(id);
  // One more than asked for says whether there is another page.
  const before = cursor ?? HEAD;
  const items = await core.store.query(logPartition(log), { before, limit: limit + 1, reverse: true });
  const entries = items.slice(0, limit).map((entry) => narrowed(principal, viewOf(core, tenant, log, entry)));
  return { entries, next: items.length > limit ? (items[limit - 1]?.sk ?? null) : null };
}

/** Which other fields a record has, or had, is not for who is narrowed away from them: presence() refuses it too. */
function narrowed({ fields: allowed }: Principal, entry: AuditEntryView): AuditEntryView {
  if (allowed === null) return entry;
  const own = (names: readonly string[]): string[] => names.filter((name) => allowed.has(name));
  return { ...entry, fields: own(entry.fields), used: own(entry.used) };
}

function viewOf(core: Core, tenant: string, log: string, item: Item): AuditEntryView {
  const read = readEntryItem(core.keys.audit, log, item);
  // The tombstone of a deleted record is not authenticated; the tenant in each entry is.
  if (read === undefined || read.entry.tenant !== tenant) throw new Tampered('chain_entry', log);
  return entryView(read.entry, read.hash);
}

function entryView(entry: AuditEntry, hash: Uint8Array): AuditEntryView {
  const { n, event, operation, actor, purpose, reason, fields, used, result, code, rev } = entry;
  return {
    n,
    event,
    operation,
    actor,
    purpose,
    reason,
    fields,
    used,
    expressions: entry.expressions.map(([name, mac]) => ({
      name,
      mac: Buffer.from(mac).toString('hex'),
    })),
    result,
    code,
    time: formatTime(entry.time),
    request_id: entry.requestId,
    rev,
    hash: Buffer.from(hash).toString('hex'),
  };
}

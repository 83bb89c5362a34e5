// SPDX-License-Identifier: Apache-2.0
import { isVaultId } from '@enclave-vault/records';
import { commit } from '../audit/commit.ts';
import type { AuditFacts } from '../audit/entry.ts';
import { recordLog, systemLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { VaultError, type VaultErrorCode } from '../errors.ts';
import type { Context, Principal, Scope } from '../principal.ts';
import { isTombstone, recordKey } from '../records/record-item.ts';

/** What a call asks for, as far as a principal may be narrowed. */
export interface Ask {
  readonly scope: Scope;
  /** Fields written, asked about, revealed or computed with; `all` when it concerns every field there is. */
  readonly fields?: Iterable<string> | 'all';
}

/** @returns why the principal may not; undefined when he may */
export function refusal(principal: Principal, { scope, fields = [] }: Ask): VaultErrorCode | undefined {
  if (!principal.scopes.has(scope)) return 'scope_missing';
  const allowed = principal.fields;
  if (allowed === null) return undefined;
  if (fields === 'all' || ![...fields].every((name) => allowed.has(name))) return 'field_not_allowed';
  return undefined;
}

/** Who asks, for the audit. */
export function callFacts({
  principal,
  requestId,
}: Context): Pick<AuditFacts, 'tenant' | 'actor' | 'requestId'> {
  return { tenant: principal.tenant, actor: principal.actor, requestId };
}

/**
 * What an entry says it happened to. A text that is no vault id is the caller's own, and may be a value that he put in the
 * wrong place: it is not kept for ever.
 */
export function subjectOf(id: string | null): string | null {
  return isVaultId(id) ? id : null;
}

/** Members of an entry that most events leave empty. */
export const NO_FACTS = {
  operation: null,
  purpose: null,
  reason: null,
  fields: [],
  used: [],
  expressions: [],
  code: null,
  rev: null,
  state: null,
} as const satisfies Partial<AuditFacts>;

/** What an AccessDenied entry says of the attempt. */
export type Attempt = Partial<Pick<AuditFacts, 'purpose' | 'reason' | 'fields' | 'used' | 'expressions'>>;

/**
 * Audits a denial: on the record's chain when the record is the tenant's own, else on the tenant's system chain.
 * An absent id and another tenant's take the same path.
 * @returns the error to throw, once the entry is durable
 */
export async function deny(
  core: Core,
  context: Context,
  scope: Scope,
  code: VaultErrorCode,
  id: string | null,
  attempt: Attempt = {},
): Promise<VaultError> {
  const { tenant } = context.principal;
  const facts: AuditFacts = {
    ...NO_FACTS,
    ...callFacts(context),
    ...attempt,
    event: 'AccessDenied',
    operation: scope,
    subject: subjectOf(id),
    result: 'denied',
    code,
  };
  const own = id !== null && (await isOwn(core, tenant, id));
  await commit(
    core,
    own ? recordLog(id) : systemLog(tenant),
    // The state of the record stays what it was: nothing was written.
    async ({ entry }) => ({
      operations: [],
      facts: { ...facts, rev: entry?.rev ?? null, state: entry?.state ?? null },
      result: undefined,
    }),
    context,
  );
  return new VaultError(code);
}

async function isOwn(core: Core, tenant: string, id: string): Promise<boolean> {
  const { pk, sk } = recordKey(id);
  const item = await core.store.get(pk, sk, { attributes: ['_tn', '_del'] });
  return item !== undefined && item._tn === tenant && !isTombstone(item);
}

/** Throws the audited denial when the principal may not. @throws {VaultError} 403 */
export async function demand(
  core: Core,
  context: Context,
  ask: Ask,
  id: string | null = null,
): Promise<void> {
  const code = refusal(context.principal, ask);
  if (code === undefined) return;
  const fields = ask.fields === undefined || ask.fields === 'all' ? [] : [...ask.fields];
  throw await deny(core, context, ask.scope, code, id, { fields });
}

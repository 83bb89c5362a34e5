// SPDX-License-Identifier: Apache-2.0
import { commit } from '../audit/commit.ts';
import type { AuditFacts } from '../audit/entry.ts';
import { recordLog, systemLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { VaultError, type VaultErrorCode } from '../errors.ts';
import { KmsError } from '../ports/kms.ts';
import { StoreError } from '../ports/store.ts';
import type { Context, Principal } from '../principal.ts';
import { demandCurrent, loadRecord } from '../records/load.ts';
import type { StoredRecord } from '../records/record-item.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import { patiently } from '../util/patiently.ts';
import type { Waiting } from '../util/shares.ts';
import { type Attempt, callFacts, demand, deny, NO_FACTS, subjectOf } from './authorize.ts';
import { checkDecryptInput, type DecryptInput, type ParsedDecrypt, parseDecrypt } from './decrypt-input.ts';
import { buildRequest, type Decrypted, readResults } from './decrypt-results.ts';
import { decryptFacts, fieldRefusal, requestRefusal } from './decrypt-rights.ts';
import { askEnclave } from './enclave-call.ts';
import { kmsFailure } from './failures.ts';

/** A record that keeps changing between its reading and the audit is asked for again this often. */
const ROUNDS = 3;
/** What is left of a deadline for writing the audit entry, in milliseconds. */
const AUDIT_RESERVE_MS = 500;
/** A failure is audited even when the deadline has passed, within this time, in milliseconds. */
const FAILURE_AUDIT_MS = 2_000;

/** What is known of a request before its end. */
type Facts = Omit<AuditFacts, 'result' | 'code' | 'rev' | 'state'>;

/** An ask that was checked and allowed: good for any number of records of the caller whose ask it is. */
export interface PreparedDecrypt {
  readonly ask: ParsedDecrypt;
  readonly asked: Omit<Facts, 'tenant' | 'actor' | 'requestId' | 'event' | 'subject' | 'operation'>;
  readonly principal: Pick<Principal, 'tenant' | 'actor'>;
}

export interface DecryptOptions {
  /** Waits, within the deadline, while all enclaves are busy: for items of a batch, whose caller asks for no more at once than may be. */
  readonly whenBusy?: 'wait' | 'refuse';
}

/**
 * Decrypts fields and evaluates expressions in the enclave. Nothing is returned before the audit entry is durable, in
 * the store and in the sink; a denial and a failure have an entry of their own.
 * @throws {VaultError}
 */
export async function decrypt(
  core: Core,
  context: Context,
  id: string,
  input: DecryptInput,
): Promise<Decrypted> {
  return await decryptPrepared(core, context, id, await prepareDecrypt(core, context, input, id));
}

/**
 * Checks what is asked, and whether the caller may ask it, before any record is looked at.
 * @param id the one record it is about, on whose chain a denial is then written; null: many, and it is written on the tenant's
 * @throws {VaultError} `invalid`, 403
 */
export async function prepareDecrypt(
  core: Core,
  context: Context,
  input: DecryptInput,
  id: string | null,
): Promise<PreparedDecrypt> {
  await demand(core, context, { scope: 'vaults:decrypt' }, id);
  const checked = checkDecryptInput(core.schema, input);
  const denial = async (code: VaultErrorCode, facts: Attempt): Promise<VaultError> => {
    return await deny(core, context, 'vaults:decrypt', code, id, facts);
  };
  const early = requestRefusal(context.principal, checked);
  if (early !== undefined) throw await denial(early, decryptFacts(core.keys.audit, [], checked));
  const ask = await parseDecrypt(core.schema, checked);
  const asked = decryptFacts(core.keys.audit, core.schema.fields.keys(), ask);
  const refused = fieldRefusal(context.principal, ask);
  if (refused !== undefined) throw await denial(refused, asked);
  const { tenant, actor } = context.principal;
  return { ask, asked: { ...NO_FACTS, ...asked }, principal: { tenant, actor } };
}

/** Decrypts one record as it was asked. @throws {VaultError} */
export async function decryptPrepared(
  core: Core,
  context: Context,
  id: string,
  { ask, asked, principal }: PreparedDecrypt,
  options: DecryptOptions = {},
): Promise<Decrypted> {
  const { tenant, actor } = context.principal;
  // What one caller may ask is no word about another.
  if (principal.tenant !== tenant || principal.actor !== actor)
    throw new TypeError('an ask of another caller');
  const subject = subjectOf(id);
  const facts: Facts = { ...NO_FACTS, ...callFacts(context), ...asked, event: 'DecryptVault', subject };
  const record = await ownRecord(core, context, id, facts);
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const current = round === 1 ? record : await loadRecord(core, tenant, id);
      const results = await decryptOnce(core, context, ask, current, facts, options);
      if (results !== undefined) return results;
    }
    throw new VaultError('conflict');
  } catch (error) {
    const failure = error instanceof KmsError ? kmsFailure(core, error, context.requestId) : error;
    const code = auditedCode(failure);
    if (code !== undefined) await auditFailure(core, recordLog(id), facts, code);
    throw failure;
  }
}

/**
 * What the record's chain says of a failure. Nothing when the chain took no entry before, when the store is out of
 * reach, and when the record is not to be trusted: that is said on the system chain.
 */
function auditedCode(failure: unknown): VaultErrorCode | undefined {
  if (failure instanceof VaultError) return failure.code.startsWith('audit_') ? undefined : failure.code;
  return failure instanceof StoreError || failure instanceof Tampered ? undefined : 'internal';
}

/** Probing for ids leaves a trace, the same for an absent id as for another tenant's. */
async function ownRecord(core: Core, context: Context, id: string, facts: Facts): Promise<StoredRecord> {
  try {
    return await loadRecord(core, context.principal.tenant, id);
  } catch (error) {
    if (error instanceof VaultError && error.code === 'not_found') {
      await auditFailure(core, systemLog(context.principal.tenant), facts, 'not_found');
    }
    throw error;
  }
}

/** @returns undefined when the record was changed before the audit entry could be written */
async function decryptOnce(
  core: Core,
  context: Context,
  ask: ParsedDecrypt,
  record: StoredRecord,
  facts: Facts,
  { whenBusy = 'refuse' }: DecryptOptions,
): Promise<Decrypted | undefined> {
  const request = buildRequest(core.schema, ask, record);
  const idle = request.reveal.length === 0 && request.expressions.length === 0;
  const until = context.deadline - AUDIT_RESERVE_MS;
  const once = () => askEnclave(core, request, until, context.requestId);
  const send = whenBusy === 'wait' ? () => patiently(core.clock, until, once) : once;
  const evaluates = request.expressions.length > 0;
  const sent = evaluates
    ? () => core.evaluations.run(context.principal.actor, send, waitingOf(core, context))
    : send;
  const answer = idle ? { data: [], errors: [] } : await sent();
  const { results, revealed } = readResults(ask, request, answer);
  const done = {
    ...facts,
    fields: revealed,
    used: facts.used.filter((name) => request.fields.has(name)),
    result: 'ok' as const,
    code: null,
    rev: record.rev,
    state: record.mac,
  };
  const { tenant } = context.principal;
  return await commit(
    core,
    recordLog(record.id),
    async (tail) => {
      if (tail.entry?.state === null || !equalBytes(tail.entry?.state ?? new Uint8Array(), record.mac)) {
        const now = await loadRecord(core, tenant, record.id);
        if (!equalBytes(now.mac, record.mac)) return { result: undefined };
        demandCurrent(now, tail);
      }
      return { operations: [], facts: done, result: results };
    },
    { deadline: context.deadline, sinkRequired: true },
  );
}

/** Half of the time that is left: whose turn comes later than that is answered too late as well, and so would be all behind him. */
function waitingOf({ clock }: Core, { deadline, aside }: Context): Waiting {
  const left = Math.max(0, deadline - AUDIT_RESERVE_MS - clock.now() / 1000);
  return { ms: left / 2, ...(aside === undefined ? {} : { aside }) };
}

async function auditFailure(core: Core, log: string, facts: Facts, code: VaultErrorCode): Promise<void> {
  await commit(
    core,
    log,
    async ({ entry }) => ({
      operations: [],
      facts: { ...facts, result: 'failed', code, rev: entry?.rev ?? null, state: entry?.state ?? null },
      result: undefined,
    }),
    { deadline: Math.floor(core.clock.now() / 1000) + FAILURE_AUDIT_MS },
  );
}

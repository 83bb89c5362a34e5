// SPDX-License-Identifier: Apache-2.0
import { parseSuiteId } from '@enclave-vault/hpke';
import { sealFieldsAsync } from '@enclave-vault/records/seal';
import { commit } from '../audit/commit.ts';
import { recordLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { invalid, memberError } from '../errors.ts';
import type { Context } from '../principal.ts';
import { currentRecord, isCurrent, loadRecord } from '../records/load.ts';
import type { RecordBody, StoredRecord } from '../records/record-item.ts';
import { putRecord } from '../records/write.ts';
import { callFacts, demand, NO_FACTS } from './authorize.ts';
import type { WriteOptions } from './create.ts';
import { idempotentRequest } from './idempotency.ts';
import { demandMatch } from './if-match.ts';

export interface UpdateOptions extends WriteOptions {
  /** Revisions the record may have, from parseIfMatch(). */
  readonly ifMatch?: readonly number[] | undefined;
}

export interface Written {
  readonly rev: number;
}

/**
 * Sets fields of a record. The record is authenticated before anything is sealed to its public key.
 * @throws {VaultError}
 */
export async function update(
  core: Core,
  context: Context,
  id: string,
  input: unknown,
  { idempotency, ifMatch }: UpdateOptions,
): Promise<Written> {
  const { principal, deadline } = context;
  const { tenant } = principal;
  await demand(core, context, { scope: 'vaults:update' }, id);
  const texts = core.schema.parse(input);
  if (texts.size === 0) throw invalid(memberError('', 'empty'));
  await demand(core, context, { scope: 'vaults:update', fields: Object.keys(input as object) }, id);

  const request = ['update', id, ifMatch ?? null, texts] as const;
  const repeatable = idempotentRequest(core, principal, idempotency, request);
  const first = await repeatable.find();
  if (first !== undefined) return { rev: first.rev };
  // Before the queue for the record's chain, in which only its own tenant may stand.
  const found = await loadRecord(core, tenant, id);
  return await commit(
    core,
    recordLog(id),
    async (tail) => {
      // Who was first with this key has changed the record: where it is as it was, nobody was.
      const repeated = await (isCurrent(found, tail) ? repeatable.findAgain() : repeatable.find());
      if (repeated !== undefined) return { result: { rev: repeated.rev } };
      const record = await currentRecord(core, found, tail);
      demandMatch(record.rev, ifMatch);
      const body = await withFields(core, record, texts);
      const { operation, state } = putRecord(core, body, record, core.clock.now());
      const result = { rev: body.rev };
      const facts = {
        ...NO_FACTS,
        ...callFacts(context),
        event: 'UpdateVault' as const,
        subject: id,
        fields: [...texts.keys()].sort(),
        result: 'ok' as const,
        rev: body.rev,
        state,
      };
      return { operations: [operation, ...repeatable.keep(result)], facts, result };
    },
    { deadline },
  );
}

/** A new encapsulation for each attempt: a context is never used for a second write (formats). */
async function withFields(
  core: Core,
  record: StoredRecord,
  texts: ReadonlyMap<string, string>,
): Promise<RecordBody> {
  const { tenant, id: vaultId, hs, pk } = record;
  const sealed = await sealFieldsAsync({ tenant, vaultId }, parseSuiteId(hs), pk, texts);
  const fields = new Map([...record.fields, ...sealed]);
  return { ...record, sv: core.schema.version, rev: record.rev + 1, fields };
}

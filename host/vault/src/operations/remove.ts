// SPDX-License-Identifier: Apache-2.0
import { commit } from '../audit/commit.ts';
import { recordLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { invalid, memberError } from '../errors.ts';
import type { Context } from '../principal.ts';
import { currentRecord, loadRecord } from '../records/load.ts';
import { tombstoneItem } from '../records/record-item.ts';
import { putRecord, replaces } from '../records/write.ts';
import { callFacts, demand, NO_FACTS } from './authorize.ts';
import { checkFieldNames } from './field-names.ts';
import { demandMatch } from './if-match.ts';
import type { UpdateOptions, Written } from './update.ts';

/**
 * Removes fields. Those that are not there are no mistake; when none is, nothing is written.
 * Names that the schema no longer has may be removed too, where the record holds them.
 * @throws {VaultError}
 */
export async function removeFields(
  core: Core,
  context: Context,
  id: string,
  names: readonly string[],
  { ifMatch }: Pick<UpdateOptions, 'ifMatch'>,
): Promise<Written> {
  const { tenant } = context.principal;
  const scope = 'vaults:delete';
  await demand(core, context, { scope }, id);
  const distinct = checkFieldNames(names);
  if (distinct.length === 0) throw invalid(memberError('/fields', 'empty'));
  await demand(core, context, { scope, fields: distinct }, id);
  const found = await loadRecord(core, tenant, id);
  const unknown = distinct.findIndex((name) => !core.schema.fields.has(name) && !found.fields.has(name));
  if (unknown >= 0) throw invalid(memberError(`/fields/${unknown}`, 'unknown_field'));
  const written = await commit(
    core,
    recordLog(id),
    async (tail) => {
      const record = await currentRecord(core, found, tail);
      demandMatch(record.rev, ifMatch);
      const removed = distinct.filter((name) => record.fields.has(name));
      if (removed.length === 0) return { result: { rev: record.rev } };
      const fields = new Map([...record.fields].filter(([name]) => !removed.includes(name)));
      const body = { ...record, sv: core.schema.version, rev: record.rev + 1, fields };
      const { operation, state } = putRecord(core, body, record, core.clock.now());
      const facts = {
        ...NO_FACTS,
        ...callFacts(context),
        event: 'RemoveFields' as const,
        subject: id,
        fields: removed,
        result: 'ok' as const,
        rev: body.rev,
        state,
      };
      return { operations: [operation], facts, result: { rev: body.rev }, options: { erase: true } };
    },
    { deadline: context.deadline },
  );
  core.records.forget(id);
  return written;
}

/**
 * Destroys a record's key and ciphertexts. Its log stays, and a tombstone that says whose it was.
 * A principal narrowed to fields may not: it would destroy others.
 * @throws {VaultError}
 */
export async function deleteVault(
  core: Core,
  context: Context,
  id: string,
  { ifMatch }: Pick<UpdateOptions, 'ifMatch'>,
): Promise<void> {
  const { tenant } = context.principal;
  await demand(core, context, { scope: 'vaults:delete', fields: 'all' }, id);
  const found = await loadRecord(core, tenant, id);
  await commit(
    core,
    recordLog(id),
    async (tail) => {
      const record = await currentRecord(core, found, tail);
      demandMatch(record.rev, ifMatch);
      const tombstone = tombstoneItem(record, core.clock.now());
      const facts = {
        ...NO_FACTS,
        ...callFacts(context),
        event: 'DeleteVault' as const,
        subject: id,
        fields: [...record.fields.keys()].sort(),
        result: 'ok' as const,
        rev: record.rev + 1,
      };
      const operations = [{ put: tombstone, if: replaces(record) }];
      return { operations, facts, result: undefined, options: { erase: true } };
    },
    { deadline: context.deadline },
  );
  core.records.forget(id);
}

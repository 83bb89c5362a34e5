// SPDX-License-Identifier: Apache-2.0
import { P384, suiteId } from '@enclave-vault/hpke';
import { sealFieldsAsync } from '@enclave-vault/records/seal';
import { commit } from '../audit/commit.ts';
import { recordLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import type { Context } from '../principal.ts';
import type { NewRecordKey } from '../record-keys/shelf.ts';
import type { RecordBody } from '../records/record-item.ts';
import { putRecord } from '../records/write.ts';
import { callFacts, demand, NO_FACTS } from './authorize.ts';
import { idempotentRequest } from './idempotency.ts';

export interface WriteOptions {
  /** The caller's Idempotency-Key. */
  readonly idempotency?: string | undefined;
}

export interface Created {
  readonly id: string;
  readonly rev: number;
}

/**
 * Makes a record: a key pair of its own, its fields sealed to it, record and audit entry in one transaction.
 * @param input the fields as JSON.parse returned them
 * @throws {VaultError}
 */
export async function create(
  core: Core,
  context: Context,
  input: unknown,
  { idempotency }: WriteOptions,
): Promise<Created> {
  const { principal, deadline } = context;
  await demand(core, context, { scope: 'vaults:create' });
  const texts = core.schema.parse(input);
  // A field derived from one that the principal may write is not one that he wrote.
  await demand(core, context, { scope: 'vaults:create', fields: Object.keys(input as object) });

  const repeatable = idempotentRequest(core, principal, idempotency, ['create', texts]);
  const first = await repeatable.find();
  if (first?.id !== undefined) return { id: first.id, rev: first.rev };

  const key = await core.recordKeys.next(principal.tenant, deadline, principal.actor);
  const { id } = key;
  const body = await sealNew(core, principal.tenant, key, texts);
  return await commit(
    core,
    recordLog(id),
    async () => {
      const repeated = await repeatable.findAgain();
      if (repeated?.id !== undefined) return { result: { id: repeated.id, rev: repeated.rev } };
      const result = { id, rev: body.rev };
      const { operation, state } = putRecord(core, body, null, core.clock.now());
      const facts = {
        ...NO_FACTS,
        ...callFacts(context),
        event: 'CreateVault' as const,
        subject: id,
        fields: [...body.fields.keys()],
        result: 'ok' as const,
        rev: body.rev,
        state,
      };
      return { operations: [operation, ...repeatable.keep(result)], facts, result };
    },
    { deadline },
  );
}

async function sealNew(
  core: Core,
  tenant: string,
  { id, pair }: NewRecordKey,
  texts: ReadonlyMap<string, string>,
): Promise<RecordBody> {
  const { publicKey, wrappedPrivateKey, keyArn } = pair;
  const sealed = await sealFieldsAsync({ tenant, vaultId: id }, P384, publicKey, texts);
  return {
    id,
    tenant,
    sv: core.schema.version,
    hs: suiteId(P384),
    pk: publicKey,
    sk: wrappedPrivateKey,
    kk: keyArn,
    rev: 1,
    fields: sealed,
  };
}

// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { P384 } from '@enclave-vault/hpke';
import { parseErrorAnswer, type RequestKey } from '@enclave-vault/protocol';
import { openFields } from '@enclave-vault/records/open';
import { type Finding, type Item, verifyAudit } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkEntry, readEntryItem } from '../../host/vault/src/audit/chain.ts';
import { FIRST_PREV } from '../../host/vault/src/audit/entry.ts';
import { GlassVault } from '../support/glass-vault.ts';
import { RogueApi } from '../support/rogue-api.ts';
import { requestFor, SealedQuestion } from '../support/stolen-record.ts';

/**
 * Actor: owner of the API
 * Has: the API's process and its role: the store, the keys that authenticate records and log, request data keys, the way to the parent.
 * Wants: values without a trace; what is written to come to him; the log to say what he likes.
 * Cannot: get a record's private key, or one of his own under a record; have the enclave read a record as another's; change what was
 *   logged without contradicting the heads that somebody else kept; put a public key of his under a record unnoticed by who reads it.
 * Remains: he may ask the enclave for every record that he can name, and see what callers write and are told. The enclave's measured
 *   rate bounds it, and KMS's own log has every record that was read, once a minute. A request data key that he kept is good for as long as the request key is.
 */
const VALUES = { first_name: 'Bartholomew', ssn9: '219099999' };
let glass: GlassVault;
let rogue: RogueApi;
let id = '';
let record: Item;

beforeAll(async () => {
  glass = await GlassVault.start();
  id = await glass.create(VALUES);
  record = await glass.record(id);
  expect((await glass.decrypt(id, ['first_name'])).status).toBe(200);
  rogue = await RogueApi.open(glass);
});
afterAll(async () => {
  await rogue?.close();
  await glass.stop();
});

/** Entries of the record's log, as the vault's own API shows them. */
const entries = async (of = id) =>
  (await glass.call('GET', `/v1/vaults/${of}/audit`)).json.entries as unknown as Record<string, unknown>[];

/** KMS's records of keys that the enclave had unwrapped for a record. */
async function unwrapped(vaultId: string): Promise<number> {
  await sleep(100);
  const lines = readFileSync(glass.files.kmsEvents, 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as Record<string, Record<string, unknown> | null>);
  return events.filter(
    ({ eventName, errorCode, requestParameters }) =>
      String(eventName) === 'Decrypt' &&
      errorCode === undefined &&
      (requestParameters?.encryptionContext as Record<string, string> | undefined)?.vault_id === vaultId,
  ).length;
}

async function requestKey(): Promise<RequestKey> {
  const { Plaintext, CiphertextBlob } = await glass.kms('api').send(
    new GenerateDataKeyCommand({
      ...{ KeyId: glass.keys.request, KeySpec: 'AES_256' },
      EncryptionContext: { purpose: 'enclave-request/1' },
    }),
  );
  return { dataKey: Buffer.from(Plaintext ?? []), wrappedKey: Buffer.from(CiphertextBlob ?? []) };
}

const READ = { data: expect.arrayContaining([['ssn9', JSON.stringify(VALUES.ssn9)]]) };

/** Past the API: the record as it is given, by somebody who has a request data key. */
async function ask(key: RequestKey, item: Item) {
  const question = new SealedQuestion(key, requestFor(item));
  const { status, body } = await glass.askParent('/decrypt', question.envelope);
  expect(status).toBe(200);
  return question.open(body);
}

describe('a decryption on his own account', () => {
  it('is answered and in no log of the vault’s; KMS has each, more than the log has entries', async () => {
    const key = await requestKey();
    for (let n = 0; n < 3; n += 1) {
      const one = await glass.create(VALUES);
      expect(await ask(key, await glass.record(one))).toMatchObject(READ);
      // Whoever holds KMS's log against the vault's sees keys that nobody accounted for.
      expect(await unwrapped(one)).toBe(1);
      expect((await entries(one)).filter(({ event }) => event === 'DecryptVault')).toEqual([]);
    }
  });

  it('again and again of one record within a minute stands in KMS’s log once: that it was read, not how often', async () => {
    const one = await glass.create(VALUES);
    const [key, item] = [await requestKey(), await glass.record(one)];
    for (let n = 0; n < 5; n += 1) expect(await ask(key, item)).toMatchObject(READ);
    expect(await unwrapped(one)).toBe(1);
  });

  it('gets nothing out of a key in the enclave’s memory for another tenant, another record, or its blob elsewhere', async () => {
    const [one, other] = [await glass.create(VALUES), await glass.create({ first_name: 'Evangeline' })];
    const [item, its] = [await glass.record(one), await glass.record(other)];
    const key = await requestKey();
    for (const hot of [item, its]) expect(await ask(key, hot)).toMatchObject({ errors: [] });
    for (const forged of [
      { ...item, _tn: 'another' },
      { ...item, _id: its._id ?? '' },
      { ...item, _sk: its._sk ?? '' },
      { ...its, _sk: item._sk ?? '' },
    ])
      expect(await ask(key, forged)).toEqual({ error: 'record_unreadable' });
    expect(await ask(key, item)).toMatchObject(READ);
  });

  it('is of one record: its key opens no field of another, whatever they are put together as', async () => {
    const other = await glass.record(await glass.create({ first_name: 'Evangeline', ssn9: '987654321' }));
    const key = await requestKey();
    const mixed = requestFor({ ...record, first_name: other.first_name ?? '', ssn9: other.ssn9 ?? '' });
    const question = new SealedQuestion(key, mixed);
    const { body } = await glass.askParent('/decrypt', question.envelope);
    const answer = question.open(body);
    expect(answer).toMatchObject({
      errors: expect.arrayContaining([
        { name: 'first_name', code: 'field_unreadable' },
        { name: 'ssn9', code: 'field_unreadable' },
      ]),
    });
    expect(JSON.stringify(answer)).not.toContain('Evangeline');
  });

  it('gets no answer twice from one enclave, nor one that is his to somebody else’s question', async () => {
    const key = await requestKey();
    const [one, two] = [0, 1].map(() => new SealedQuestion(key, requestFor(record)));
    if (one === undefined || two === undefined) throw new Error('unreachable');
    const first = await glass.askParent('/decrypt', one.envelope);
    expect(parseErrorAnswer((await glass.askParent('/decrypt', one.envelope)).body)).toBe('repeated');
    expect(() => two.open(first.body)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
});

describe('a public key of his own, under a record that he has the API make', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });

  it('reads what is sealed to it, and the first who asks for the record is told: nothing opens', async () => {
    const lying = await RogueApi.open(glass, {
      // The true wrapped key, and his public key beside it: KMS lets him wrap none of his own.
      kms: (genuine) => ({
        generateRecordKeyPair: async (context) => ({
          ...(await genuine.generateRecordKeyPair(context)),
          publicKey: spki,
        }),
      }),
    });
    const made = await lying.vault.create(lying.as('key:somebody'), VALUES);
    await lying.close();
    const item = await glass.record(made.id);
    const sealed = [...requestFor(item).fields];
    const identity = { tenant: 'default', vaultId: made.id };
    const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
    // He reads it, as he reads everything that passes the API on its way in.
    expect([...openFields(identity, P384, pkcs8, new Map(sealed)).values()].every(({ ok }) => ok)).toBe(true);

    const answer = await glass.decrypt(made.id, ['first_name', 'ssn9'], { n: 'size(first_name)' });
    expect([answer.status, answer.json.data]).toEqual([200, {}]);
    expect((answer.json.errors as unknown as { code: string }[]).map(({ code }) => code).sort()).toEqual([
      'expression_failed',
      'field_unreadable',
      'field_unreadable',
    ]);
    // Its authentication is his to make, so what verifies the store alone sees nothing.
    const { findings } = await verifyAudit(
      lying.store === undefined ? rogue.store : rogue.store,
      rogue.keys,
      {
        id: made.id,
      },
    );
    expect(findings).toEqual([]);
  });
});

describe('the log, with the key that authenticates it', () => {
  const codes = (findings: readonly Finding[]) =>
    findings.map(({ code, n, to }) => [code, n, to].filter((part) => part !== undefined).join(' '));

  /** Writes a chain anew without one of its entries. @returns the heads that the new chain would have had */
  async function rewritten(log: string, without: number) {
    const items = await rogue.store.query(`LOG##${log}`, { limit: 100 });
    const heads = [];
    let tail = { n: 0, hash: FIRST_PREV, entry: undefined as never };
    const fresh: Item[] = [];
    for (const item of items.filter(({ sk }) => sk !== 'head')) {
      const read = readEntryItem(rogue.keys.audit, log, item);
      if (read === undefined || read.entry.n === without) continue;
      const { log: _, n: __, time, prev: ___, ...facts } = read.entry;
      const { operations, head } = linkEntry(rogue.keys.audit, log, tail, facts, time);
      for (const operation of operations) if ('put' in operation) fresh.push(operation.put);
      heads.push(head);
      tail = { ...tail, n: head.n, hash: head.hash };
    }
    for (const { pk, sk } of items) await rogue.store.transact([{ remove: { pk, sk } }]);
    for (const put of fresh) await rogue.store.transact([{ put }]);
    return heads;
  }

  it('is rewritten without a decryption: whole in itself, and against the heads that were kept it is not', async () => {
    const own = await glass.create(VALUES);
    await glass.decrypt(own, ['ssn9']);
    await glass.decrypt(own, ['first_name']);
    const kept = await rogue.heads();
    const forged = await rewritten(own, 2);
    expect((await entries(own)).map(({ event, fields }) => [event, (fields as string[]).length])).toEqual([
      ['DecryptVault', 1],
      ['CreateVault', 3],
    ]);

    const verify = async (against?: typeof kept) =>
      codes((await verifyAudit(rogue.store, rogue.keys, { id: own, against })).findings);
    expect(await verify()).toEqual([]);
    expect(await verify(kept)).toEqual(['sink_mismatch 2', 'truncated 3']);
    // Heads of his own in the sink as well: what was there before still is, and two heads of one number are one too many.
    expect(await verify([...kept, ...forged])).toEqual(['sink_mismatch 2', 'truncated 3']);
  });

  it('takes entries in the name of somebody who did nothing: they are his to write, and the request is in no log of the API’s', async () => {
    const own = await glass.create(VALUES);
    await rogue.vault.removeFields(rogue.as('key:innocent'), own, ['ssn9']);
    const [forged] = await entries(own);
    expect(forged).toMatchObject({ event: 'RemoveFields', actor: 'key:innocent', request_id: 'req_rogue' });
    expect(glass.log).not.toContain('req_rogue');
    // The head of it is not in the sink until the next one: a verification that asks for every head would miss it.
    expect((await rogue.heads()).filter(({ log }) => log === own).map(({ n }) => n)).toEqual([1]);
  });
});

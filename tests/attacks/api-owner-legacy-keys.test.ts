// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import type { DecryptAnswer, DecryptRequest, RequestKey } from '@enclave-vault/protocol';
import { SqliteStore } from '@enclave-vault/stores';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLine } from '../../tools/admin/src/import/attributes.ts';
import { readSampleItem } from '../../tools/admin/src/import/sample-item.ts';
import { GlassVault } from '../support/glass-vault.ts';
import { importerInto } from '../support/import-into.ts';
import type { Answer } from '../support/local-vault.ts';
import { SampleTable, sampleId } from '../support/sample-table.ts';
import { requestFor, SealedQuestion } from '../support/stolen-record.ts';

/**
 * Actor: owner of the API
 *
 * With a request key of the API's he asks an enclave for records of two kinds: the vault's own, under an encryption context that ties each
 * wrapped key to its record, and those of the AWS sample, without one. Could a record of ours be decrypted as if it were the sample's, that
 * tie were gone; could one of the sample's pass for another record, it were read as that. A writer of the store tries the same.
 */
type Results = Exclude<DecryptAnswer, { error: string }>;
const VALUES = { first_name: 'Bartholomew', city: 'Gänserndorf' };
const folder = mkdtempSync(join(tmpdir(), 'ev-legacy-'));
let glass: GlassVault;
let legacyArn = '';
let ours: Item;
let imported: Item;
let key: RequestKey;

beforeAll(async () => {
  const table = await SampleTable.open(folder);
  legacyArn = table.keyArn;
  const { id, item } = await table.vault(VALUES, 'mixed');
  await table.close();
  const args = ['--legacy-key', legacyArn];
  glass = await GlassVault.start({ args, kmsState: table.stateFile });
  const read = readSampleItem(parseLine(JSON.stringify({ Item: item })) ?? new Map());
  if (read.kind !== 'record') throw new Error('no record');
  const { importer, close } = await importerInto(glass.vault.session(), legacyArn);
  expect(await importer.import(read.record)).toMatchObject({ result: 'imported' });
  await close();
  imported = await glass.record(id);
  ours = await glass.record(await glass.create(VALUES));
  // The most there is to steal: with the API's own request key one may ask an enclave for anything.
  const { Plaintext = new Uint8Array(), CiphertextBlob = new Uint8Array() } = await glass.kms('api').send(
    new GenerateDataKeyCommand({
      ...{ KeyId: glass.keys.request, KeySpec: 'AES_256' },
      EncryptionContext: { purpose: 'enclave-request/1' },
    }),
  );
  key = { dataKey: Buffer.from(Plaintext), wrappedKey: Buffer.from(CiphertextBlob) };
});
afterAll(async () => {
  await glass?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What an enclave answers whoever has the API's request key. */
async function ask(item: Item, changes: Partial<DecryptRequest> = {}): Promise<DecryptAnswer> {
  const question = new SealedQuestion(key, { ...request(item), ...changes });
  const { post } = await glass.enclave();
  const { body } = await post('/v1/decrypt', glass.parentRequest(question.envelope));
  return question.open(body);
}

/** All fields, those of encoding 1 too. */
function request(item: Item): DecryptRequest {
  const fields = new Map(
    Object.entries(item).filter(
      (entry): entry is [string, Uint8Array | string] =>
        /^[a-z]/.test(entry[0]) && !['pk', 'sk'].includes(entry[0]) && typeof entry[1] !== 'number',
    ),
  );
  return { ...requestFor(item), fields, known: [...fields.keys()], reveal: [...fields.keys()] };
}

const idOf = (item: Item) => String(item._id);
const decrypt = (id: string): Promise<Answer> => glass.decrypt(id, Object.keys(VALUES));
const OPENED = {
  data: [
    ['city', '"Gänserndorf"'],
    ['first_name', '"Bartholomew"'],
  ],
  errors: [],
};
const sorted = (answer: DecryptAnswer) =>
  'error' in answer ? answer : { ...answer, data: answer.data.toSorted(([a], [b]) => (a < b ? -1 : 1)) };

interface Trail {
  readonly eventName: string;
  readonly errorCode?: string;
  readonly requestParameters: {
    readonly keyId?: string;
    readonly encryptionContext?: Record<string, string>;
  } | null;
}

/** KMS's own record of the calls about records, once it has `count` of them. */
async function trail(...names: string[]): Promise<Trail[]> {
  // KMS writes it a moment after the answer.
  await sleep(100);
  const text = readFileSync(glass.files.kmsEvents, 'utf8').trim().split('\n');
  return text.map((line) => JSON.parse(line) as Trail).filter(({ eventName }) => names.includes(eventName));
}

describe('KMS is asked', () => {
  it('under vault and tenant for a record of ours, without a context for one of the sample', async () => {
    expect((await decrypt(idOf(ours))).json.data).toEqual(VALUES);
    expect((await decrypt(idOf(imported))).json.data).toEqual(VALUES);
    const context = { vault_id: idOf(ours), tenant_id: 'default' };
    const [made] = await trail('GenerateDataKeyPairWithoutPlaintext');
    expect(made?.requestParameters?.encryptionContext).toEqual(context);
    const decrypts = (await trail('Decrypt')).map(({ requestParameters }) => requestParameters);
    const under = (arn: string) => decrypts.filter((call) => call?.keyId === arn);
    expect(under(glass.keys.vault).map((call) => call?.encryptionContext)).toEqual([context]);
    expect(under(legacyArn).map((call) => call?.encryptionContext)).toEqual([undefined]);
  });
});

describe('with the API’s request key', () => {
  it('both open as what they are: the attempts below fail for their own reason', async () => {
    expect(sorted(await ask(ours))).toEqual(OPENED);
    expect(sorted(await ask(imported))).toEqual(OPENED);
  });

  it('a record of ours does not open without its context: under the sample’s key, or no key of the vault', async () => {
    expect(await ask(ours, { keyArn: legacyArn })).toEqual({ error: 'record_unreadable' });
    for (const keyArn of [
      glass.keys.request,
      glass.keys.integrity,
      legacyArn.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
    ])
      expect(await ask(ours, { keyArn })).toEqual({ error: 'unknown_key' });
    // Every call that named the vault's key carried a context, and no call without one had an answer from it.
    for (const { requestParameters: call, errorCode } of await trail('Decrypt'))
      if (call?.keyId === glass.keys.vault)
        expect(Object.keys(call.encryptionContext ?? {}).sort()).toEqual(['tenant_id', 'vault_id']);
      else if (call?.keyId === legacyArn && errorCode !== undefined)
        expect(call.encryptionContext).toBeUndefined();
  });

  it('a record of ours does not open as another, or for another tenant', async () => {
    for (const changes of [{ vaultId: idOf(imported) }, { vaultId: sampleId() }, { tenant: 'other' }])
      expect(await ask(ours, changes)).toEqual({ error: 'record_unreadable' });
  });

  it('a record of the sample does not open under our key, nor as another', async () => {
    expect(await ask(imported, { keyArn: glass.keys.vault })).toEqual({ error: 'record_unreadable' });
    for (const vaultId of [idOf(ours), sampleId()]) {
      const unreadable = Object.keys(VALUES).map((name) => ({ name, code: 'field_unreadable' }));
      const { data, errors } = (await ask(imported, { vaultId })) as Exclude<
        DecryptAnswer,
        { error: string }
      >;
      expect([data, errors.toSorted((a, b) => (a.name < b.name ? 1 : -1))]).toEqual([[], unreadable]);
    }
  });

  it('no record opens whose public key is another’s: what is written next would be sealed to that one', async () => {
    for (const [item, publicKey] of [
      [ours, imported._pk],
      [imported, ours._pk],
    ] as const) {
      const { data, errors } = (await ask(item, { publicKey: publicKey as Uint8Array })) as Results;
      expect([data, errors.map(({ code }) => code)]).toEqual([[], ['field_unreadable', 'field_unreadable']]);
    }
  });

  it('what the sample sealed is tied to no tenant: here the record’s MAC alone says whose it is', async () => {
    expect(sorted(await ask(imported, { tenant: 'other' }))).toEqual(OPENED);
  });
});

describe('a writer of the store', () => {
  /** Does it, sees what becomes of it, and undoes it. */
  async function put(item: Item, id: string): Promise<Answer> {
    const store = SqliteStore.open(glass.files.database);
    const before = await store.get(item.pk, item.sk);
    try {
      await store.transact([{ put: item }]);
      const answer = await decrypt(id);
      for (const value of Object.values(VALUES)) expect(answer.text).not.toContain(value);
      const undo = before === undefined ? { remove: { pk: item.pk, sk: item.sk } } : { put: before };
      await store.transact([undo]);
      return answer;
    } finally {
      await store.close();
    }
  }
  const moved = (item: Item, id: string): Item => ({ ...item, pk: `VAULT##${id}`, _id: id });

  it('cannot name another key for a record: neither the sample’s for ours, nor ours for the sample’s', async () => {
    for (const [item, _kk] of [
      [ours, legacyArn],
      [imported, glass.keys.vault],
    ] as const)
      expect(await put({ ...item, _kk }, idOf(item))).toMatchObject({
        status: 500,
        json: { code: 'integrity_failed' },
      });
  });

  it('cannot give a record the other’s key, nor its fields', async () => {
    const { _sk = '', _pk = '', _kk = '' } = imported;
    for (const changes of [{ _sk, _pk, _kk }, { city: imported.city ?? '' }])
      expect(await put({ ...ours, ...changes }, idOf(ours))).toMatchObject({
        status: 500,
        json: { code: 'integrity_failed' },
      });
  });

  it('cannot move a record of the sample to another id, free or taken, or to another tenant', async () => {
    for (const id of [sampleId(), idOf(ours)])
      expect(await put(moved(imported, id), id)).toMatchObject({
        status: 500,
        json: { code: 'integrity_failed' },
      });
    expect(await put({ ...imported, _tn: 'other' }, idOf(imported))).toMatchObject({ status: 404 });
  });
});

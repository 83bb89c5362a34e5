// SPDX-License-Identifier: Apache-2.0
import { encodeConfiguration, type KeyCacheLimits, parseConfiguration } from '@enclave-vault/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { KmsError } from '../../src/errors.ts';
import type { Kms, KmsDecrypt } from '../../src/ports.ts';
import { everythingOf, now, Question, type StoredRecord, store, storeLegacy } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, said, testEnclave } from '../support/enclave.ts';

/** What an enclave asks KMS for, and what it answers from memory: the program with real cryptography and a real KMS, whose calls are counted. */
let deployment: TestDeployment;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
let other: StoredRecord;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  deployment = await startDeployment();
  key = await deployment.dataKey();
  record = await store(deployment, { city: 'Bern' });
  other = await store(deployment, { city: 'Basel' });
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

const BERN = { data: [['city', '"Bern"']], errors: [] };
const BASEL = { data: [['city', '"Basel"']], errors: [] };
const question = (of = record, changes = {}, ms = 0): Question => {
  const time = Date.now() + ms;
  return new Question(key, everythingOf(of, changes), now({ time, deadline: time + 30_000 }));
};

/** An enclave; the calls of KMS for records' keys; and a way to stand before KMS. */
async function caching(keyCache?: Partial<KeyCacheLimits>) {
  const configuration = encodeConfiguration({ ...parseConfiguration(deployment.configuration), keyCache });
  await deployment.release(configuration);
  const asked: KmsDecrypt[] = [];
  const plaintexts: Buffer[] = [];
  const kms = { before: async (_: KmsDecrypt): Promise<void> => undefined };
  const wrapKms = (real: Kms): Kms => ({
    decrypt: async (one) => {
      if (one.keyArn === deployment.keys.request) return real.decrypt(one);
      asked.push(one);
      await kms.before(one);
      const plaintext = await real.decrypt(one);
      plaintexts.push(plaintext);
      return plaintext;
    },
  });
  const enclave = testEnclave(deployment, { configuration, wrapKms });
  open.push(enclave);
  expect(await enclave.configure()).toBe('empty');
  const health = async (): Promise<Record<string, number>> =>
    JSON.parse(String(said(await enclave.program.handle(call('GET', '/v1/health')))));
  return { ...enclave, asked, plaintexts, kms, health };
}
type Caching = Awaited<ReturnType<typeof caching>>;

describe('with the program’s own limits', () => {
  let enclave: Caching;
  beforeEach(async () => {
    enclave = await caching();
  });

  test('a hot set asks KMS once for each record: less than one call for twenty decryptions', async () => {
    const records = [
      record,
      other,
      ...(await Promise.all([1, 2].map(() => store(deployment, { city: 'x' })))),
    ];
    for (let round = 0; round < 25; round += 1)
      for (const one of records) expect(await enclave.ask(question(one))).toMatchObject({ errors: [] });
    expect(enclave.asked).toHaveLength(4);
    expect(await enclave.health()).toMatchObject({
      opened: 100,
      record_keys: 4,
      key_hits: 96,
      key_misses: 4,
    });
    expect(enclave.asked.length / 100).toBeLessThan(0.05);
  });

  test('what KMS gave is zeroed before it is used: no bytes of a private key are kept', async () => {
    await enclave.ask(question());
    await enclave.ask(question());
    expect(enclave.plaintexts.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true]);
    expect(enclave.plaintexts[0]?.length).toBeGreaterThan(100);
  });

  test('requests at once for one record make one call', async () => {
    await enclave.ask(question(other));
    const gate = Promise.withResolvers<void>();
    enclave.kms.before = () => gate.promise;
    const all = Array.from({ length: 8 }, () => enclave.ask(question()));
    await new Promise((tick) => setTimeout(tick, 50));
    gate.resolve();
    expect(await Promise.all(all)).toEqual(Array(8).fill(BERN));
    expect(enclave.asked).toHaveLength(2);
  });

  test('when that call fails each asks for itself, with the credentials that came with it', async () => {
    await enclave.ask(question(other));
    const gate = Promise.withResolvers<void>();
    let first = true;
    enclave.kms.before = async () => {
      if (!first) return;
      first = false;
      await gate.promise;
      throw new KmsError('unavailable', 'connection_lost');
    };
    const credentials = deployment.credentialsOf(deployment.principals.instance);
    const without = { ...credentials, secretAccessKey: 'another' };
    const failing = enclave.ask(question());
    const good = enclave.ask(question());
    const bad = enclave.ask(question(), without);
    await new Promise((tick) => setTimeout(tick, 50));
    gate.resolve();
    expect(await failing).toEqual({ error: 'kms_unavailable' });
    expect(await good).toEqual(BERN);
    expect(await bad).toEqual({ error: 'kms_unavailable' });
  });

  test('the age ends it, from KMS’s answer on and not from the last use', async () => {
    expect(await enclave.ask(question())).toEqual(BERN);
    enclave.clock.push(30_000);
    expect(await enclave.ask(question(record, {}, 30_000))).toEqual(BERN);
    enclave.clock.push(20_000);
    expect(await enclave.ask(question(record, {}, 50_000))).toEqual(BERN);
    expect(enclave.asked).toHaveLength(1);
    enclave.clock.push(10_000);
    expect(await enclave.ask(question(record, {}, 60_000))).toEqual(BERN);
    expect(enclave.asked).toHaveLength(2);
  });

  test('when the clock was set, forwards or back, KMS is asked what it thinks of it', async () => {
    expect(await enclave.ask(question())).toEqual(BERN);
    enclave.clock.set(4_000);
    expect(await enclave.ask(question(record, {}, 4_000))).toEqual(BERN);
    expect(enclave.asked).toHaveLength(1);
    for (const by of [10_000, -20_000]) {
      const before = enclave.asked.length;
      enclave.clock.set(by);
      expect(await enclave.ask(question(record, {}, enclave.clock.now() - Date.now()))).toEqual(BERN);
      expect(enclave.asked.length).toBe(before + 1);
    }
  });

  test('a request that wants KMS asked has it asked, and its answer serves the next ones', async () => {
    await enclave.ask(question());
    expect(await enclave.ask(question(record, { fresh: true }))).toEqual(BERN);
    expect(enclave.asked).toHaveLength(2);
    await enclave.ask(question());
    expect(enclave.asked).toHaveLength(2);
  });

  test('the measured rate counts what memory serves like all else', async () => {
    for (let n = 0; n < 3; n += 1) await enclave.ask(question());
    expect(await enclave.health()).toMatchObject({ opened: 3, key_misses: 1 });
  });
});

describe('a key in memory serves its own question and no other', () => {
  let enclave: Caching;
  beforeAll(async () => {
    enclave = await caching();
    expect([await enclave.ask(question()), await enclave.ask(question(other))]).toEqual([BERN, BASEL]);
  });

  test.each<[string, () => object]>([
    ['another tenant', () => ({ tenant: 'other' })],
    ['another vault', () => ({ vaultId: other.vaultId })],
    ['another record’s blob', () => ({ wrappedKey: other.wrappedKey })],
    ['the key of no context', () => ({ keyArn: deployment.keys.legacy })],
    ['a blob with a byte more', () => ({ wrappedKey: Buffer.concat([record.wrappedKey, Buffer.of(0)]) })],
  ])('%s: KMS is asked, and refuses', async (_, changes) => {
    const before = enclave.asked.length;
    expect(await enclave.ask(question(record, changes()))).toEqual({ error: 'record_unreadable' });
    expect(enclave.asked.length).toBe(before + 1);
    expect(await enclave.ask(question())).toEqual(BERN);
    expect(enclave.asked.length).toBe(before + 1);
  });

  test('two records whose blobs are exchanged open neither', async () => {
    const { wrappedKey } = record;
    expect(await enclave.ask(question(record, { wrappedKey: other.wrappedKey }))).toEqual({
      error: 'record_unreadable',
    });
    expect(await enclave.ask(question(other, { wrappedKey }))).toEqual({ error: 'record_unreadable' });
  });

  test('another suite', async () => {
    const suite = Buffer.from('48504b45001000010002', 'hex');
    const before = enclave.asked.length;
    expect(await enclave.ask(question(record, { suite }))).toEqual({ error: 'record_unreadable' });
    expect(enclave.asked.length).toBe(before + 1);
  });

  test('the fields of another record do not open by it', async () => {
    expect(await enclave.ask(question(record, { fields: other.fields }))).toMatchObject({ data: [] });
  });

  test('a key of no context is kept by its ARN and blob', async () => {
    const legacy = storeLegacy(deployment, { city: 'Genf' });
    const before = enclave.asked.length;
    for (let n = 0; n < 3; n += 1)
      expect(await enclave.ask(question(legacy))).toMatchObject({ data: [['city', '"Genf"']] });
    expect(enclave.asked.slice(before).map(({ context }) => context)).toEqual([null]);
  });
});

describe('when KMS refuses', () => {
  const refuse = (enclave: Caching, detail: string, code: 'denied' | 'unavailable' | 'invalid') => {
    enclave.kms.before = () => Promise.reject(new KmsError(code, detail));
  };

  test('a record that was just read is served until its age, and no longer', async () => {
    const enclave = await caching({ ageMs: 30_000 });
    await enclave.ask(question());
    refuse(enclave, 'AccessDeniedException', 'denied');
    expect(await enclave.ask(question())).toEqual(BERN);
    enclave.clock.push(29_999);
    enclave.clock.push(1);
    expect(await enclave.ask(question(record, {}, 30_000))).toEqual({ error: 'kms_denied' });
  });

  test.each<[string, 'denied' | 'unavailable', string]>([
    ['AccessDeniedException', 'denied', 'kms_denied'],
    ['DisabledException', 'unavailable', 'kms_unavailable'],
    ['KMSInvalidStateException', 'unavailable', 'kms_unavailable'],
  ])('%s for one record: no key that it gave before is used any more', async (detail, code, error) => {
    const enclave = await caching();
    await enclave.ask(question());
    await enclave.ask(question(other));
    refuse(enclave, detail, code);
    expect(await enclave.ask(question(other, { fresh: true }))).toEqual({ error });
    expect(await enclave.health()).toMatchObject({ record_keys: 0 });
    expect(await enclave.ask(question())).toEqual({ error });
  });

  test('a key under another KMS key stays', async () => {
    const enclave = await caching();
    const legacy = storeLegacy(deployment, { city: 'Genf' });
    await enclave.ask(question(legacy));
    await enclave.ask(question());
    refuse(enclave, 'AccessDeniedException', 'denied');
    await enclave.ask(question(other));
    expect(await enclave.health()).toMatchObject({ record_keys: 1 });
    expect(await enclave.ask(question(legacy))).toMatchObject({ errors: [] });
  });

  test.each<[string, 'unavailable' | 'invalid']>([
    ['ThrottlingException', 'unavailable'],
    ['connection_lost', 'unavailable'],
    ['InvalidCiphertextException', 'invalid'],
  ])('%s says nothing of the others: they are served on', async (detail, code) => {
    const enclave = await caching();
    await enclave.ask(question());
    refuse(enclave, detail, code);
    await enclave.ask(question(other));
    expect(await enclave.ask(question())).toEqual(BERN);
  });

  test('it is not asked with credentials that a hit has no use for: who may ask shows by the request key', async () => {
    const enclave = await caching();
    await enclave.ask(question());
    const ended = { ...deployment.credentialsOf(deployment.principals.instance), expiration: 1 };
    expect(await enclave.ask(question(), ended)).toEqual(BERN);
    expect(await enclave.ask(question(other), ended)).toEqual({ error: 'kms_unavailable' });
  });
});

describe('limits of the configuration', () => {
  test('no entries: KMS is asked for each request', async () => {
    const enclave = await caching({ entries: 0 });
    for (let n = 0; n < 3; n += 1) expect(await enclave.ask(question())).toEqual(BERN);
    expect(enclave.asked).toHaveLength(3);
    expect(await enclave.health()).toMatchObject({ record_keys: 0, key_hits: 0, key_misses: 3 });
  });

  test('uses: KMS is asked after so many', async () => {
    const enclave = await caching({ uses: 2 });
    for (let n = 0; n < 5; n += 1) await enclave.ask(question());
    expect(enclave.asked).toHaveLength(3);
  });

  test('entries: the oldest makes room', async () => {
    const enclave = await caching({ entries: 1 });
    for (const one of [record, other, other, record]) await enclave.ask(question(one));
    expect(enclave.asked).toHaveLength(3);
  });

  test('the same program with another cache is another enclave to KMS: it opens nothing', async () => {
    await caching();
    const configuration = encodeConfiguration({
      ...parseConfiguration(deployment.configuration),
      keyCache: { ageMs: 300_000 },
    });
    const enclave = testEnclave(deployment, { configuration });
    open.push(enclave);
    await enclave.configure();
    expect(await enclave.ask(question())).toBe('kms_denied');
  });
});

test('the process ends: request keys leave its memory', async () => {
  const enclave = await caching();
  await enclave.ask(question());
  expect(await enclave.health()).toMatchObject({ request_keys: 1 });
  enclave.program.close();
  expect(await enclave.health()).toMatchObject({ request_keys: 0 });
});

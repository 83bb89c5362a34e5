// SPDX-License-Identifier: Apache-2.0
import { encodeConfiguration, parseConfiguration } from '@enclave-vault/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kms } from '../../src/ports.ts';
import { everythingOf, now, Question, type StoredRecord, store } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, said, testEnclave } from '../support/enclave.ts';

/** What a compromised API gets: it has the request key, names any record, and asks as fast as it can. */
let deployment: TestDeployment;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  deployment = await startDeployment();
  key = await deployment.dataKey();
  record = await store(deployment, { city: 'Bern' });
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

const OK = { data: [['city', '"Bern"']], errors: [] };
const LIMITED = { error: 'rate_limited' };
const question = (times = now(), changes = {}): Question =>
  new Question(key, everythingOf(record, changes), times);

/** An enclave that opens two at once and three in an hour; what it asks KMS for; its health. */
async function limited() {
  const configuration = encodeConfiguration({
    ...parseConfiguration(deployment.configuration),
    rate: { burst: 2, perSecond: 1, perHour: 3 },
  });
  await deployment.release(configuration);
  const asked: string[] = [];
  const wrapKms = (kms: Kms): Kms => ({
    decrypt: (one) => {
      asked.push(one.keyArn);
      return kms.decrypt(one);
    },
  });
  const enclave = testEnclave(deployment, { configuration, wrapKms });
  // Time passes where a test says so: on a slow machine it would make room by itself.
  let passed = 0;
  const { push } = enclave.clock;
  Object.assign(enclave.clock, {
    elapsed: () => passed,
    push: (ms: number) => {
      passed += ms;
      push(ms);
    },
  });
  open.push(enclave);
  expect(await enclave.configure()).toBe('empty');
  const health = async (): Promise<unknown> =>
    JSON.parse(String(said(await enclave.program.handle(call('GET', '/v1/health')))));
  return { enclave, asked, health };
}

test('an authentic request beyond the measured rate opens nothing: KMS is not asked for the record’s key', async () => {
  const { enclave, asked, health } = await limited();
  expect([await enclave.ask(question()), await enclave.ask(question())]).toEqual([OK, OK]);
  const before = asked.length;
  expect(await enclave.ask(question())).toEqual(LIMITED);
  expect(asked.length).toBe(before);
  expect(await health()).toMatchObject({ opened: 2, refused: 1 });
  expect(enclave.events).toContainEqual({ event: 'decryptions_limited', per: 'second', refused: 1 });
});

test('time makes room again, setting the clock makes none', async () => {
  const { enclave } = await limited();
  const at = (ahead: number) => now({ time: Date.now() + ahead, deadline: Date.now() + ahead + 30_000 });
  expect([await enclave.ask(question()), await enclave.ask(question())]).toEqual([OK, OK]);
  enclave.clock.set(30_000);
  expect(await enclave.ask(question(at(30_000)))).toEqual(LIMITED);
  enclave.clock.push(2_000);
  expect(await enclave.ask(question(at(32_000)))).toEqual(OK);
  enclave.clock.push(20_000);
  // The hour is spent.
  expect(await enclave.ask(question(at(52_000)))).toEqual(LIMITED);
  expect(enclave.events).toContainEqual({ event: 'decryptions_limited', per: 'hour', refused: 2 });
});

test('what is nobody’s request, or names no key of the deployment, takes nothing from those who may ask', async () => {
  const { enclave, health } = await limited();
  const strange = { ...key, dataKey: Buffer.alloc(32, 1) };
  for (let i = 0; i < 5; i += 1) {
    expect(await enclave.ask(new Question(strange, everythingOf(record)))).toBe('unauthenticated');
    const elsewhere = record.keyArn.replace(/[^/]+$/, 'another');
    expect(await enclave.ask(question(now(), { keyArn: elsewhere }))).toEqual({ error: 'unknown_key' });
  }
  expect(await health()).toMatchObject({ opened: 0, refused: 0 });
  expect(await enclave.ask(question())).toEqual(OK);
});

test('the same program with a higher rate in its configuration is another to KMS: it opens nothing', async () => {
  await limited();
  const raised = encodeConfiguration({
    ...parseConfiguration(deployment.configuration),
    rate: { burst: 1_000_000, perSecond: 100_000, perHour: 360_000_000 },
  });
  for (const configuration of [raised, deployment.configuration]) {
    const enclave = testEnclave(deployment, { configuration });
    open.push(enclave);
    await enclave.configure();
    expect(await enclave.ask(question())).toBe('kms_denied');
  }
});

// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KmsError } from '../../src/errors.ts';
import type { Kms } from '../../src/ports.ts';
import { everythingOf, now, Question, type StoredRecord, store } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, said, testEnclave } from '../support/enclave.ts';

/** Many at once, slow ones and hostile ones: the others must not notice more than they have to. */
let deployment: TestDeployment;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  deployment = await startDeployment({ running: 4, waiting: 2, requestMs: 30_000, expressionMs: 5_000 });
  key = await deployment.dataKey();
  record = await store(deployment, { city: 'Bern' });
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

async function configured(wrapKms?: (kms: Kms) => Kms) {
  const enclave = testEnclave(deployment, wrapKms === undefined ? {} : { wrapKms });
  open.push(enclave);
  expect(await enclave.configure()).toBe('empty');
  return enclave;
}

const OK = { data: [['city', '"Bern"']], errors: [] };
const question = (changes = {}, times = now()): Question =>
  new Question(key, everythingOf(record, changes), times);
const BOMB = [
  {
    name: 'bomb',
    source: `${'[1,2,3,4,5,6,7,8,9].all(a, '.repeat(9)}true${')'.repeat(9)}`.replaceAll('a,', 'a,'),
  },
];

test('more than run and wait are busy at once, and room is made again', async () => {
  let held: (() => void)[] = [];
  let hold = false;
  const enclave = await configured((kms) => ({
    decrypt: async (one) => {
      if (hold && one.keyArn === deployment.keys.vault) await new Promise<void>((go) => held.push(go));
      return kms.decrypt(one);
    },
  }));
  expect(await enclave.ask(question())).toEqual(OK);
  hold = true;
  const asked = Array.from({ length: 6 }, () => enclave.ask(question({ fresh: true })));
  while (held.length < 4) await new Promise((tick) => setTimeout(tick, 5));
  const health = JSON.parse(String(said(await enclave.program.handle(call('GET', '/v1/health')))));
  expect(health).toMatchObject({ phase: 'serving', running: 4, waiting: 2 });
  expect(await enclave.ask(question())).toBe('busy');
  hold = false;
  for (const go of held) go();
  held = [];
  expect(await Promise.all(asked)).toEqual(Array(6).fill(OK));
  expect(await enclave.ask(question())).toEqual(OK);
});

test('expression bombs end by their budget while other requests go on', async () => {
  const enclave = await configured();
  await enclave.ask(question());
  const bombs = [1, 2].map(() => enclave.ask(question({ reveal: ['city'], expressions: BOMB })));
  let over = 0;
  for (const bomb of bombs) void bomb.then(() => over++);
  // Both workers are taken, for five seconds.
  await new Promise((tick) => setTimeout(tick, 50));
  for (let i = 0; i < 3; i++) expect(await enclave.ask(question())).toEqual(OK);
  expect(over).toBe(0);
  for (const answer of await Promise.all(bombs)) {
    expect(answer).toEqual({
      data: [['city', '"Bern"']],
      errors: [{ name: 'bomb', code: 'expression_budget_exceeded' }],
    });
  }
  expect(
    await enclave.ask(question({ reveal: [], expressions: [{ name: 'sum', source: '1 + 1' }] })),
  ).toEqual({
    data: [['sum', '2']],
    errors: [],
  });
});

test('a request ends at its deadline, whatever KMS does', async () => {
  let slow = false;
  const enclave = await configured((kms) => ({
    decrypt: async (one) => {
      if (!slow) return kms.decrypt(one);
      // A timer may come a millisecond early.
      await new Promise((late) => setTimeout(late, one.timeoutMs + 2));
      throw new KmsError('unavailable', 'timed_out');
    },
  }));
  expect(await enclave.ask(question())).toEqual(OK);
  slow = true;
  const time = Date.now();
  const late = question({ fresh: true }, now({ time, deadline: time + 2_000 }));
  expect(await enclave.ask(late)).toEqual({ error: 'timed_out' });
  expect(Date.now() - time).toBeLessThan(20_000);
});

test('a request ends at its deadline while its expressions wait for a worker', async () => {
  const enclave = await configured();
  await enclave.ask(question());
  const bombs = Array.from({ length: 3 }, () => enclave.ask(question({ expressions: BOMB })));
  const time = Date.now();
  const late = question(
    { expressions: [{ name: 'sum', source: '1' }] },
    now({ time, deadline: time + 1_000 }),
  );
  expect(await enclave.ask(late)).toEqual({ error: 'timed_out' });
  await Promise.all(bombs);
});

test('what passed its deadline leaves no work behind', async () => {
  const enclave = await configured();
  await enclave.ask(question());
  const within = (ms: number) => {
    const time = Date.now();
    return now({ time, deadline: time + ms });
  };
  // Two workers take five seconds each; all others would wait for ninety. One that comes late here is expired: it leaves nothing either.
  for (let round = 0; round < 10; round += 1) {
    const bombs = [1, 2, 3, 4].map(() => enclave.ask(question({ expressions: BOMB }, within(200))));
    for (const answer of await Promise.all(bombs)) {
      expect([{ error: 'timed_out' }, 'expired']).toContainEqual(answer);
    }
  }
  const sum = question({ reveal: [], expressions: [{ name: 'sum', source: '1 + 1' }] }, within(20_000));
  expect(await enclave.ask(sum)).toEqual({ data: [['sum', '2']], errors: [] });
});

test('KMS that does not answer is unavailable, and the record is not opened', async () => {
  const enclave = await configured((kms) => ({
    decrypt: async (one) => {
      if (one.keyArn !== deployment.keys.vault) return kms.decrypt(one);
      throw new KmsError('unavailable', 'connection_lost');
    },
  }));
  expect(await enclave.ask(question())).toEqual({ error: 'kms_unavailable' });
});

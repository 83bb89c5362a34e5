// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kms } from '../../src/ports.ts';
import { everythingOf, now, Question, type StoredRecord, store } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { testEnclave } from '../support/enclave.ts';

/**
 * An enclave has no network time: its clock is what the hypervisor gives it. What each kind of wrong clock allows (docs/clock.md), against
 * the real KMS emulator, which refuses signatures of another time as AWS does.
 */
let deployment: TestDeployment;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  deployment = await startDeployment();
  key = await deployment.dataKey();
  record = await store(deployment, { dob: '1990-06-15' });
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

async function configured() {
  const asked: string[] = [];
  const wrapKms = (kms: Kms): Kms => ({
    decrypt: (one) => {
      asked.push(one.keyArn);
      return kms.decrypt(one);
    },
  });
  const enclave = testEnclave(deployment, { wrapKms });
  open.push(enclave);
  expect(await enclave.configure()).toBe('empty');
  return { ...enclave, asked };
}

/** What a request has. */
const TIME = 30 * SECOND;
/** Asked by an API whose clock is `ahead` of the true time. */
const question = (ahead = 0, changes = {}): Question => {
  const time = Date.now() + ahead;
  return new Question(key, everythingOf(record, changes), now({ time, deadline: time + TIME }));
};
const OK = { data: [['dob', '"1990-06-15"']], errors: [] };

describe('against an API whose clock is right', () => {
  test.each([
    ['fast by less than a request has time', 3 * SECOND],
    ['slow by half a minute', -30 * SECOND],
  ])('%s: serves', async (_, by) => {
    const enclave = await configured();
    enclave.clock.set(by);
    expect(await enclave.ask(question())).toEqual(OK);
  });

  test.each([
    ['fast by more than a request has time', TIME + SECOND],
    ['slow by a minute and a bit', -(MINUTE + 5 * SECOND)],
    ['fast by a year', 365 * 24 * 60 * MINUTE],
    ['slow by ten years', -3_650 * 24 * 60 * MINUTE],
  ])('%s: every request is expired, and KMS is asked for nothing', async (_, by) => {
    const enclave = await configured();
    enclave.clock.set(by);
    expect(await enclave.ask(question())).toBe('expired');
    expect(enclave.asked).toEqual([]);
  });

  test('frozen: serves for a minute, with the request key that it has, and then nobody', async () => {
    const enclave = await configured();
    expect(await enclave.ask(question())).toEqual(OK);
    // The API’s time goes on, the enclave’s does not.
    expect(await enclave.ask(question(50 * SECOND))).toEqual(OK);
    expect(await enclave.ask(question(MINUTE + 5 * SECOND))).toBe('expired');
  });

  test('jumping forwards while a request waits for KMS: it is refused after its key was unwrapped, and opens nothing', async () => {
    const enclave = testEnclave(deployment, {
      wrapKms: (kms) => ({
        decrypt: async (one) => {
          const plaintext = await kms.decrypt(one);
          enclave.clock.set(2 * MINUTE);
          return plaintext;
        },
      }),
    });
    open.push(enclave);
    await enclave.configure();
    expect(await enclave.ask(question())).toBe('expired');
  });
});

describe('with an API whose clock is as wrong', () => {
  test.each([
    ['fast', 6 * MINUTE],
    ['slow', -6 * MINUTE],
  ])('%s by six minutes: KMS refuses the signature, the log says that it is the clock', async (_, by) => {
    const enclave = await configured();
    enclave.clock.set(by);
    expect(await enclave.ask(question(by))).toBe('kms_unavailable');
    expect(enclave.events).toContainEqual(expect.objectContaining({ event: 'clock_skew' }));
  });

  test('with the request key in memory: the record’s own key still has to come from KMS, which refuses', async () => {
    const enclave = await configured();
    expect(await enclave.ask(question())).toEqual(OK);
    const before = enclave.asked.length;
    enclave.clock.set(-6 * MINUTE);
    expect(await enclave.ask(question(-6 * MINUTE))).toEqual({ error: 'kms_unavailable' });
    expect(enclave.asked.slice(before)).toEqual([deployment.keys.vault]);
  });
});

describe('ages', () => {
  const DAY = 24 * 60 * MINUTE;
  const AGE = [{ name: 'age', source: 'date(dob).age()' }];
  /** Of somebody who comes of age so many days from today. */
  async function born(days: number): Promise<StoredRecord> {
    const day = new Date(Date.now() + days * DAY);
    day.setUTCFullYear(day.getUTCFullYear() - 18);
    return store(deployment, { dob: day.toISOString().slice(0, 10) });
  }
  const ageOf = (one: StoredRecord, by: number): Question =>
    question(by, { ...everythingOf(one), reveal: [], expressions: AGE });

  // From two days before the birthday: a test at midnight sees the day change.
  test('nobody is of age before his birthday: neither an enclave nor an API that is days ahead gets an answer', async () => {
    const minor = await born(2);
    const enclave = await configured();
    expect(await enclave.ask(ageOf(minor, 0))).toEqual({ data: [['age', '17']], errors: [] });
    expect(await enclave.ask(ageOf(minor, 3 * DAY))).toBe('expired');
    enclave.clock.set(3 * DAY);
    expect(await enclave.ask(ageOf(minor, 0))).toBe('expired');
    // Both: then it is KMS that knows better.
    expect(await enclave.ask(ageOf(minor, 3 * DAY))).toEqual({ error: 'kms_unavailable' });
  });

  test('are those of the enclave’s day, not of the day that the API says', async () => {
    const enclave = await configured();
    const adult = await born(-2);
    expect(await enclave.ask(ageOf(adult, 50 * SECOND))).toEqual({ data: [['age', '18']], errors: [] });
    expect(await enclave.ask(ageOf(adult, -4 * DAY))).toBe('expired');
  });
});

describe('what does not go by the clock that can be set', () => {
  test('a request key leaves the memory after twenty minutes, though the clock stands still', async () => {
    const enclave = await configured();
    expect(await enclave.ask(question())).toEqual(OK);
    expect(await enclave.ask(question())).toEqual(OK);
    expect(enclave.asked.filter((arn) => arn === deployment.keys.request)).toHaveLength(1);
    // Twenty minutes pass, and the clock is set back by as much each time.
    enclave.clock.push(20 * MINUTE);
    enclave.clock.set(-20 * MINUTE);
    expect(await enclave.ask(question())).toEqual(OK);
    expect(enclave.asked.filter((arn) => arn === deployment.keys.request)).toHaveLength(2);
  });

  test('a request that was answered is not answered again, though the clock is set back to its time', async () => {
    const enclave = await configured();
    const captured = question();
    expect(await enclave.ask(captured)).toEqual(OK);
    enclave.clock.set(50 * SECOND);
    enclave.clock.set(-50 * SECOND);
    expect(await enclave.ask(captured)).toBe('repeated');
  });
});

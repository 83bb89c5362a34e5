// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import { RequestKeys } from '../../src/core/request-keys.ts';
import { Unwrapper } from '../../src/core/unwrap.ts';
import { KmsError, type KmsErrorCode, NsmError } from '../../src/errors.ts';
import type { KmsDecrypt } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const START = Date.now();
const clock = systemClock();
const recipient = new KmsRecipient(
  new NsmClient(testModule(createNitroRoot(Date.now()), PCRS).handle),
  // It stands still: a document that grows old is renewed after a refusal, and KMS is asked once more.
  { ...clock, now: () => START },
);
await recipient.renew();

type Answer = Buffer | KmsErrorCode;

/** Two request keys, and what KMS answers for each of them. */
function requestKeys(old: Answer, current: Answer) {
  const asked: KmsDecrypt[] = [];
  const kms = {
    decrypt: async (call: KmsDecrypt) => {
      asked.push(call);
      const answer = call.keyArn === 'old' ? old : current;
      if (typeof answer === 'string') throw new KmsError(answer, 'test');
      return answer;
    },
  };
  const unwrapper = new Unwrapper(kms, recipient, clock);
  const keys = new RequestKeys({ keyArns: ['old', 'current'], unwrapper, clock, log: () => undefined });
  const allowance = (ms = 1_000, expiration: number | null = null) => ({
    credentials: { accessKeyId: 'a', secretAccessKey: 's', sessionToken: null, expiration },
    deadline: clock.now() + ms,
  });
  return { asked, allowance, ask: (of = allowance()) => keys.unwrap(Buffer.from('wrapped'), of) };
}

test('each configured key is tried, under the context of requests', async () => {
  const key = randomBytes(32);
  const { ask, asked } = requestKeys('invalid', Buffer.from(key));
  expect(await ask()).toEqual(key);
  expect(asked.map(({ keyArn, context }) => [keyArn, context])).toEqual([
    ['old', { purpose: 'enclave-request/1' }],
    ['current', { purpose: 'enclave-request/1' }],
  ]);
});

test('the first that fits ends the search', async () => {
  const { ask, asked } = requestKeys(randomBytes(32), randomBytes(32));
  await ask();
  expect(asked).toHaveLength(1);
});

test.each<[string, Answer, Answer, string, number]>([
  ['no key fits', 'invalid', 'invalid', 'unauthenticated', 2],
  ['KMS away is final', 'unavailable', randomBytes(32), 'kms_unavailable', 1],
  ['a data key of another length is none', randomBytes(16), randomBytes(33), 'unauthenticated', 2],
])('%s', async (_, old, current, code, calls) => {
  const { ask, asked } = requestKeys(old, current);
  await expect(ask()).rejects.toMatchObject({ name: 'Refused', code });
  expect(asked).toHaveLength(calls);
});

test('a wrong key that KMS gave is zeroed', async () => {
  const wrong = randomBytes(16);
  await expect(requestKeys(wrong, 'invalid').ask()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(wrong).toEqual(Buffer.alloc(16));
});

test('past the deadline, and with credentials past theirs, KMS is not asked', async () => {
  const { ask, asked, allowance } = requestKeys(randomBytes(32), randomBytes(32));
  await expect(ask(allowance(0))).rejects.toMatchObject({ code: 'timed_out' });
  await expect(ask(allowance(1_000, clock.now() - 1))).rejects.toMatchObject({ code: 'kms_unavailable' });
  expect(asked).toHaveLength(0);
});

const OUT_OF_USE = ['DisabledException', 'KMSInvalidStateException'].map(
  (detail) => new KmsError('unavailable', detail),
);
const THROTTLED = new KmsError('unavailable', 'ThrottlingException');

test.each<Answer | Error>(['denied', ...OUT_OF_USE])(
  'a key that KMS will not have used (%s) keeps nobody from the next, whose answer is kept',
  async (refused) => {
    const key = randomBytes(32);
    const two = alone([refused, Buffer.from(key)], ['old', 'current']);
    expect(await two.ask()).toEqual(key);
    expect(await two.ask()).toEqual(key);
    expect(two.asked.map(({ keyArn }) => keyArn)).toEqual(['old', 'current']);
    expect(two.events).toEqual([]);
  },
);

test.each<[string, (Answer | Error)[], string, string]>([
  ['one is denied, and the next does not fit', ['denied', 'invalid'], 'kms_denied', 'test'],
  ['one does not fit, and the next is denied', ['invalid', 'denied'], 'kms_denied', 'test'],
  ['one is denied, and the next is of another length', ['denied', randomBytes(31)], 'kms_denied', 'test'],
  ...OUT_OF_USE.flatMap((out): [string, (Answer | Error)[], string, string][] => [
    [
      `one is out of use (${out.detail}), the next does not fit`,
      [out, 'invalid'],
      'kms_unavailable',
      out.detail,
    ],
    [
      `one does not fit, the next is out of use (${out.detail})`,
      ['invalid', out],
      'kms_unavailable',
      out.detail,
    ],
    [`one is denied, the next out of use (${out.detail})`, ['denied', out], 'kms_denied', 'test'],
  ]),
  [
    'one is denied, and KMS is busy with the next',
    ['denied', THROTTLED],
    'kms_unavailable',
    THROTTLED.detail,
  ],
])('where none opens the worst is told, once: %s', async (_, answers, code, detail) => {
  const two = alone(answers, ['old', 'current']);
  await expect(two.ask()).rejects.toMatchObject({ name: 'Refused', code });
  expect(two.asked).toHaveLength(2);
  expect(two.events).toEqual([{ event: 'request_key_refused', code, detail }]);
});

test('what may be otherwise in a moment is final: the next key is not asked in its place', async () => {
  const two = alone([THROTTLED], ['old', 'current']);
  await expect(two.ask()).rejects.toMatchObject({ name: 'Refused', code: 'kms_unavailable' });
  expect(two.asked).toHaveLength(1);
});

/** One request key, a clock that stands still, and all that is logged. */
function alone(answers: (Answer | Error)[], keyArns = ['current'], took = 0) {
  let time = START;
  const asked: KmsDecrypt[] = [];
  const events: unknown[] = [];
  const still = { now: () => time, elapsed: () => time, after: () => () => undefined };
  const kms = {
    decrypt: async (call: KmsDecrypt) => {
      asked.push(call);
      time += took;
      const answer = answers[asked.length - 1];
      if (answer instanceof Error) throw answer;
      if (typeof answer === 'string') throw new KmsError(answer, 'test');
      return answer ?? randomBytes(32);
    },
  };
  const keys = new RequestKeys({
    keyArns,
    unwrapper: new Unwrapper(kms, recipient, still),
    clock: still,
    log: (event, details) => void events.push({ event, ...details }),
  });
  const credentials = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: null, expiration: null };
  return {
    keys,
    asked,
    events,
    pass: (ms: number) => {
      time += ms;
    },
    ask: (wrapped = 'wrapped', ms = 1_000) =>
      keys.unwrap(Buffer.from(wrapped), { credentials, deadline: time + ms }),
  };
}

test('a key is kept for twenty minutes from when it was asked for, each by what it is wrapped in', async () => {
  const one = alone([]);
  const first = await one.ask();
  one.pass(20 * 60_000 - 1);
  expect(await one.ask()).toEqual(first);
  expect([one.asked.length, one.keys.size]).toEqual([1, 1]);
  expect(await one.ask('another')).not.toEqual(first);
  one.pass(1);
  expect(await one.ask()).not.toEqual(first);
  expect(one.asked).toHaveLength(3);
});

test('a key that is forgotten is zeroed, and what was lent of it is its borrower’s', async () => {
  const key = randomBytes(32);
  const expected = Buffer.from(key);
  const one = alone([key]);
  const lent = await one.ask();
  one.keys.forget();
  expect([one.keys.size, key, lent]).toEqual([0, Buffer.alloc(32), expected]);
});

test.each<[string, (Answer | Error)[], string, string]>([
  ['KMS denies', ['denied'], 'kms_denied', 'test'],
  ['KMS does not know it', ['invalid'], 'unauthenticated', 'test'],
  ['it is of another length', [randomBytes(31)], 'unauthenticated', 'length'],
  ['KMS is away', ['unavailable'], 'kms_unavailable', 'test'],
  ['nothing attests', [new NsmError('nsm_lost')], 'kms_unavailable', 'nsm_lost'],
])('that %s is told, by a code and a name for the log', async (_, answers, code, detail) => {
  const one = alone(answers);
  await expect(one.ask()).rejects.toMatchObject({ name: 'Refused', code });
  expect(one.events).toEqual([{ event: 'request_key_refused', code, detail }]);
});

test('what KMS is late with at the very deadline is of time', async () => {
  const one = alone([]);
  await expect(one.ask('wrapped', 0)).rejects.toMatchObject({ name: 'Refused', code: 'timed_out' });
  expect(one.events).toEqual([{ event: 'request_key_refused', code: 'timed_out', detail: 'deadline' }]);
});

test('what nothing attests is not of time, however late it is', async () => {
  for (const [error, code] of [
    [new KmsError('unavailable', 'timed_out'), 'timed_out'],
    [new NsmError('nsm_timed_out'), 'kms_unavailable'],
  ] as const)
    await expect(alone([error], ['current'], 1_000).ask()).rejects.toMatchObject({ name: 'Refused', code });
});

test('without any key to ask for nothing is authentic', async () => {
  const one = alone([], []);
  await expect(one.ask()).rejects.toMatchObject({ name: 'Refused', code: 'unauthenticated' });
  expect(one.events).toMatchObject([{ detail: 'no_key' }]);
});

test('what nobody thought of is no refusal of a key', async () => {
  const error = new TypeError('x');
  const one = alone([error]);
  await expect(one.ask()).rejects.toBe(error);
  expect(one.events).toEqual([]);
});

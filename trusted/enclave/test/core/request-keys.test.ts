// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import { RequestKeys } from '../../src/core/request-keys.ts';
import { Unwrapper } from '../../src/core/unwrap.ts';
import { KmsError, type KmsErrorCode } from '../../src/errors.ts';
import type { KmsDecrypt } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const clock = systemClock();
const recipient = new KmsRecipient(
  new NsmClient(testModule(createNitroRoot(Date.now()), PCRS).handle),
  clock,
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
  ['a denial is final', 'denied', randomBytes(32), 'kms_denied', 1],
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

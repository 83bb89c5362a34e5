// SPDX-License-Identifier: Apache-2.0
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { beforeEach, describe, expect, test } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import { Unwrapper } from '../../src/core/unwrap.ts';
import { KmsError, NsmError } from '../../src/errors.ts';
import type { Clock, KmsDecrypt } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const START = Date.now();
const WRAPPED = { ciphertext: Buffer.from('blob'), keyArn: 'key', context: { vault_id: 'v' } };
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: null, expiration: null };
const root = createNitroRoot(START);

let time = START;
const clock: Clock = { now: () => time, elapsed: () => time, after: () => () => undefined };
beforeEach(() => {
  time = START;
});

/** KMS answers one after the other: errors, and then the key. */
async function unwrapper(...errors: readonly Error[]) {
  const module = testModule(root, PCRS);
  const recipient = new KmsRecipient(new NsmClient(module.handle), clock);
  await recipient.renew();
  const asked: KmsDecrypt[] = [];
  const kms = {
    decrypt: async (call: KmsDecrypt) => {
      asked.push(call);
      const error = errors[asked.length - 1];
      if (error !== undefined) throw error;
      return Buffer.from('the key');
    },
  };
  const made = new Unwrapper(kms, recipient, clock);
  const ask = (ms = 1_000, expiration: number | null = null) =>
    made.unwrap(WRAPPED, { credentials: { ...CREDENTIALS, expiration }, deadline: time + ms });
  return { ask, asked, recipient, module };
}

test('KMS is asked for what is wanted, with the parent’s credentials, for this enclave, in the time that is left', async () => {
  const { ask, asked, recipient } = await unwrapper();
  expect(String(await ask(750))).toBe('the key');
  expect(asked).toEqual([
    { ...WRAPPED, credentials: CREDENTIALS, recipient: recipient.current(), timeoutMs: 750 },
  ]);
});

describe('KMS is not asked', () => {
  test('at the deadline or after it, and is a millisecond before', async () => {
    const { ask, asked } = await unwrapper();
    for (const ms of [0, -1]) {
      await expect(ask(ms)).rejects.toEqual(new KmsError('unavailable', 'deadline'));
    }
    expect(asked).toEqual([]);
    await ask(1);
    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([1]);
  });

  test('with credentials that expire now or have, and is with those that have a millisecond', async () => {
    const { ask, asked } = await unwrapper();
    for (const expiration of [START, START - 1, 0]) {
      await expect(ask(1_000, expiration)).rejects.toEqual(
        new KmsError('unavailable', 'credentials_expired'),
      );
    }
    expect(asked).toEqual([]);
    await ask(1_000, START + 1);
    expect(asked).toHaveLength(1);
  });
});

describe('what KMS refuses', () => {
  test.each(['denied', 'invalid'] as const)(
    '(%s) is asked once more with a new document, in the time that is left',
    async (code) => {
      const { ask, asked, recipient } = await unwrapper(new KmsError(code, 'first'));
      const old = recipient.current();
      time += 10_000;
      expect(String(await ask())).toBe('the key');
      expect(asked.map((call) => call.recipient)).toEqual([old, recipient.current()]);
      expect(recipient.current().document).not.toEqual(old.document);
      expect(recipient.current().privateKey).toBe(old.privateKey);
    },
  );

  test('twice is refused', async () => {
    const { ask, asked } = await unwrapper(new KmsError('denied', 'first'), new KmsError('denied', 'second'));
    time += 10_000;
    await expect(ask()).rejects.toEqual(new KmsError('denied', 'second'));
    expect(asked).toHaveLength(2);
  });

  test('with a document that is young is refused', async () => {
    const { ask, asked, module } = await unwrapper(new KmsError('denied', 'first'));
    await expect(ask()).rejects.toEqual(new KmsError('denied', 'first'));
    expect([asked.length, module.state.attested]).toEqual([1, 1]);
  });

  test('and no module attests anew is an error of the module', async () => {
    const { ask, module } = await unwrapper(new KmsError('denied', 'first'));
    time += 10_000;
    module.state.broken = true;
    await expect(ask()).rejects.toEqual(new NsmError('InternalError'));
  });
});

test.each([new KmsError('unavailable', 'relay_down'), new TypeError('x')])(
  'what no document can help is said at once: %s',
  async (error) => {
    const { ask, asked, module } = await unwrapper(error);
    time += 10_000;
    await expect(ask()).rejects.toBe(error);
    expect([asked.length, module.state.attested]).toEqual([1, 1]);
  },
);

test('without a key for KMS’s answers nothing is asked', async () => {
  const recipient = new KmsRecipient(new NsmClient(testModule(root, PCRS).handle), clock);
  const none = { decrypt: () => Promise.reject(new Error('asked')) };
  await expect(
    new Unwrapper(none, recipient, clock).unwrap(WRAPPED, { credentials: CREDENTIALS, deadline: time + 1 }),
  ).rejects.toEqual(new NsmError('no_recipient_key'));
});

// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { encodeCbor } from '@enclave-vault/codec';
import { encodeParentRequest, openAnswer, sealRequest } from '@enclave-vault/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everythingOf, now, Question, type StoredRecord, store } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, said, testEnclave } from '../support/enclave.ts';

/** Requests as an attacker between API and enclave would make them: who may ask, and how often. */
let deployment: TestDeployment;
let enclave: ReturnType<typeof testEnclave>;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;

beforeAll(async () => {
  deployment = await startDeployment();
  enclave = testEnclave(deployment);
  await enclave.configure();
  key = await deployment.dataKey();
  record = await store(deployment, { city: 'Bern' });
});
afterAll(async () => {
  await enclave?.close();
  await deployment?.close();
});

const OK = { data: [['city', '"Bern"']], errors: [] };
const question = (times = now(), under = key): Question => new Question(under, everythingOf(record), times);

describe('who may ask', () => {
  test('a data key of the caller’s own making is nobody’s', async () => {
    const forged = { dataKey: randomBytes(32), wrappedKey: randomBytes(200) };
    expect(await enclave.ask(question(now(), forged))).toBe('unauthenticated');
  });

  test('a real wrapped key without the key in it', async () => {
    const forged = { dataKey: randomBytes(32), wrappedKey: key.wrappedKey };
    expect(await enclave.ask(question(now(), forged))).toBe('unauthenticated');
  });

  test('what another key of the deployment wrapped is no request key', async () => {
    const forged = { dataKey: randomBytes(32), wrappedKey: Buffer.from(record.wrappedKey) };
    expect(await enclave.ask(question(now(), forged))).toBe('unauthenticated');
  });

  test('any changed byte of the envelope is refused before the record’s key is asked for', async () => {
    const { envelope } = question(now({ deadline: Date.now() + 300_000 }));
    const credentials = deployment.credentialsOf(deployment.principals.instance);
    const seen = new Set<string>();
    for (let at = 0; at < envelope.length; at += 13) {
      const changed = Buffer.from(envelope);
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      const message = encodeParentRequest({ credentials, envelope: changed });
      seen.add(String(said(await enclave.program.handle(call('POST', '/v1/decrypt', message)))));
    }
    // `expired` where the changed byte is one of the times.
    expect([...seen].sort()).toEqual(expect.arrayContaining(['malformed', 'unauthenticated']));
    expect([...seen].filter((code) => !['malformed', 'unauthenticated', 'expired'].includes(code))).toEqual(
      [],
    );
  });

  test('what the key’s holder sealed and is no request gets a sealed answer', async () => {
    const { requestId: id, time, deadline } = now();
    const label = 'enclave-vault/request/1';
    // SPEC.md section 3, by hand.
    const derived = Buffer.from(hkdfSync('sha256', key.dataKey, id, label, 32));
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', derived, nonce);
    cipher.setAAD(encodeCbor([label, id, time, deadline, key.wrappedKey]));
    const box = Buffer.concat([
      cipher.update(encodeCbor(['no request'])),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const header = { v: 1, id, time, deadline, key: key.wrappedKey, nonce, box };
    const envelope = encodeCbor(new Map(Object.entries(header)));
    const message = encodeParentRequest({
      credentials: deployment.credentialsOf(deployment.principals.instance),
      envelope,
    });
    const answer = said(await enclave.program.handle(call('POST', '/v1/decrypt', message)));
    expect(openAnswer(key.dataKey, id, answer as Buffer)).toEqual({ error: 'malformed' });
  });
});

describe('how often', () => {
  test('once', async () => {
    const asked = question();
    expect(await enclave.ask(asked)).toEqual(OK);
    expect(await enclave.ask(asked)).toBe('repeated');
  });

  test('once, when asked ten times at the same moment', async () => {
    const asked = question();
    const answers = await Promise.all(Array.from({ length: 10 }, () => enclave.ask(asked)));
    expect(answers.filter((answer) => answer === 'repeated')).toHaveLength(9);
    expect(answers).toContainEqual(OK);
  });

  test('once, also when the API itself uses an id again', async () => {
    const { requestId } = now();
    expect(await enclave.ask(question(now({ requestId })))).toEqual(OK);
    expect(await enclave.ask(question(now({ requestId, time: Date.now() - 1_000 })))).toBe('repeated');
  });

  test('a forgery does not use up an id', async () => {
    const times = now();
    const forged = { dataKey: randomBytes(32), wrappedKey: key.wrappedKey };
    expect(await enclave.ask(question(times, forged))).toBe('unauthenticated');
    expect(await enclave.ask(question(times))).toEqual(OK);
  });
});

describe('when', () => {
  const at = (ms: number, length = 5_000) => {
    const time = Date.now() + ms;
    return now({ time, deadline: Date.now() + length });
  };

  test.each([
    ['61 s old', -61_000],
    ['70 s from the future', 70_000],
  ])('%s: expired', async (_, ms) => {
    expect(await enclave.ask(question(at(ms, 200_000)))).toBe('expired');
  });

  test.each([
    ['50 s old', -50_000],
    ['50 s from the future', 50_000],
  ])('%s: answered', async (_, ms) => {
    expect(await enclave.ask(question(at(ms, 100_000)))).toEqual(OK);
  });

  test('past its deadline', async () => {
    expect(await enclave.ask(question(now({ time: Date.now() - 10, deadline: Date.now() - 1 })))).toBe(
      'expired',
    );
  });

  test('an id is remembered for as long as its envelope is fresh, and then it is expired', async () => {
    const other = testEnclave(deployment);
    await other.configure();
    const asked = new Question(key, everythingOf(record), at(50_000, 300_000));
    expect(await other.ask(asked)).toEqual(OK);
    const answers: unknown[] = [];
    for (let pushed = 0; pushed < 130_000; pushed += 10_000) {
      answers.push(await other.ask(asked));
      other.clock.push(10_000);
    }
    expect(answers.slice(0, 10)).toEqual(Array(10).fill('repeated'));
    expect(answers.at(-1)).toBe('expired');
    expect(answers.filter((answer) => answer !== 'repeated' && answer !== 'expired')).toEqual([]);
    await other.close();
  });
});

test.each([
  ['an empty body', Buffer.alloc(0)],
  ['no CBOR', Buffer.from('GET / HTTP/1.1')],
  [
    'an envelope without a parent’s request',
    sealRequest(
      { dataKey: randomBytes(32), wrappedKey: Buffer.of(1) },
      everythingOf({
        tenant: 'default',
        vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
        suite: Buffer.alloc(10),
        wrappedKey: Buffer.of(1),
        keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1',
        publicKey: Buffer.of(1),
        fields: new Map(),
      }),
      now(),
    ),
  ],
])('%s is malformed', async (_, body) => {
  expect(said(await enclave.program.handle(call('POST', '/v1/decrypt', body)))).toBe('malformed');
});

// SPDX-License-Identifier: Apache-2.0
/** What a decryptor makes of each failure, in this process and without KMS: decrypt.test.ts has a whole deployment. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { P256, P384, suiteId } from '@enclave-vault/hpke';
import {
  type DecryptAnswer,
  encodeConfiguration,
  encodeParentRequest,
  FRESHNESS_MS,
  openAnswer,
  parseConfiguration,
  sealRequest,
} from '@enclave-vault/protocol';
import { sealFields } from '@enclave-vault/records/seal';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { Decryptor } from '../../src/core/decrypt.ts';
import { DecryptionRate } from '../../src/core/rate.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import { RecordKeys } from '../../src/core/record-keys.ts';
import { RequestKeys } from '../../src/core/request-keys.ts';
import { SeenRequests } from '../../src/core/seen.ts';
import { Unwrapper } from '../../src/core/unwrap.ts';
import { KmsError, NsmError } from '../../src/errors.ts';
import type { Clock, Expressions, KmsDecrypt } from '../../src/ports.ts';
import { everythingOf, type StoredRecord, TENANT, vaultId } from '../support/caller.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/';
const [VAULT, LEGACY, REQUEST] = [`${ARN}vault`, `${ARN}legacy`, `${ARN}request`];
const CREDENTIALS = {
  accessKeyId: 'A'.repeat(20),
  secretAccessKey: 's',
  sessionToken: null,
  expiration: null,
};
const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const PRIVATE = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
const PUBLIC = pair.publicKey.export({ type: 'spki', format: 'der' });
const KEY = { dataKey: randomBytes(32), wrappedKey: Buffer.from('a wrapped data key') };

function record(keyArn = VAULT, id = vaultId()): StoredRecord {
  const fields = sealFields({ tenant: TENANT, vaultId: id }, P384, PUBLIC, new Map([['city', '"Bern"']]));
  const wrappedKey = Buffer.from('a wrapped private key');
  return { tenant: TENANT, vaultId: id, suite: suiteId(P384), wrappedKey, keyArn, publicKey: PUBLIC, fields };
}

const START = Date.now();
let time: number;
const system = systemClock();
const clock: Clock = { now: () => time, elapsed: () => time, after: system.after };
const recipient = new KmsRecipient(new NsmClient(testModule(createNitroRoot(START), PCRS).handle), clock);
time = START;
await recipient.renew();

const configuration = parseConfiguration(
  encodeConfiguration({
    region: 'eu-central-1',
    kmsHost: 'kms',
    tlsRoots: [rootCertificates[0] ?? ''],
    vaultKeyArns: [VAULT],
    requestKeyArns: [REQUEST],
    legacyKeyArns: [LEGACY],
  }),
);

interface Changes {
  /** What KMS does about a record's key instead of giving it. */
  readonly kms?: (call: KmsDecrypt) => Promise<Buffer>;
  readonly expressions?: Expressions['evaluate'];
  readonly burst?: number;
}

function decryptor({ kms, expressions = async () => [], burst = 100 }: Changes = {}) {
  const asked: KmsDecrypt[] = [];
  const events: unknown[] = [];
  const log = (event: string, details = {}) => void events.push({ event, ...details });
  const decrypt = async (call: KmsDecrypt): Promise<Buffer> => {
    asked.push(call);
    if (call.keyArn === REQUEST) return Buffer.from(KEY.dataKey);
    return kms === undefined ? Buffer.from(PRIVATE) : kms(call);
  };
  const unwrapper = new Unwrapper({ decrypt }, recipient, clock);
  const requestKeys = new RequestKeys({ keyArns: [REQUEST], unwrapper, clock, log });
  // The copies that requests are lent, to see what is left of them.
  const lent: Buffer[] = [];
  let late = 0;
  const unwrap = requestKeys.unwrap.bind(requestKeys);
  requestKeys.unwrap = async (...args) => {
    const key = await unwrap(...args);
    time += late;
    lent.push(key);
    return key;
  };
  const rate = new DecryptionRate({ burst, perSecond: 1, perHour: 1_000 }, clock, log);
  const seen = new SeenRequests(10);
  const made = new Decryptor({
    configuration,
    rate,
    requestKeys,
    seen,
    recordKeys: new RecordKeys({ limits: { entries: 0, ageMs: 1_000, uses: 1 }, unwrapper, clock }),
    expressions: { evaluate: expressions },
    clock,
    log,
  });
  const comesLate = (ms: number): void => {
    late = ms;
  };
  return { made, asked, events, lent, rate, seen, comesLate };
}

interface Asked {
  readonly changes?: Parameters<typeof everythingOf>[1];
  readonly from?: StoredRecord;
  readonly id?: Buffer;
  /** ms, of the envelope, from now. */
  readonly sent?: number;
  readonly deadline?: number;
  readonly until?: number;
}

/** The answer to one request, opened; throws as answer() does. */
async function ask(
  { made }: ReturnType<typeof decryptor>,
  {
    changes = {},
    from = record(),
    id = randomBytes(16),
    sent = 0,
    deadline = 5_000,
    until = 5_000,
  }: Asked = {},
): Promise<DecryptAnswer> {
  const times = { requestId: id, time: time + sent, deadline: time + deadline };
  const envelope = sealRequest(KEY, everythingOf(from, changes), times);
  const message = encodeParentRequest({ credentials: CREDENTIALS, envelope });
  return openAnswer(KEY.dataKey, id, await made.answer(message, time + until));
}

const BERN = { data: [['city', '"Bern"']], errors: [] };
const zeroed = (keys: readonly Buffer[]): boolean => keys.every((key) => key.every((byte) => byte === 0));
const refused = (code: string) => expect.objectContaining({ name: 'Refused', code });

beforeEach(() => {
  time = START;
});

describe('a request', () => {
  test('has KMS asked twice, within its time, and for the record’s key under what ties it to its record', async () => {
    const one = decryptor();
    const from = record();
    expect(await ask(one, { from, deadline: 4_000 })).toEqual(BERN);
    expect(await ask(one, { from: record(LEGACY), until: 3_000 })).toEqual(BERN);
    expect(one.asked.map(({ keyArn, context, timeoutMs }) => [keyArn, context, timeoutMs])).toEqual([
      [REQUEST, { purpose: 'enclave-request/1' }, 4_000],
      [VAULT, { vault_id: from.vaultId, tenant_id: TENANT }, 4_000],
      [LEGACY, null, 3_000],
    ]);
    expect(one.asked[1]).toMatchObject({ ciphertext: from.wrappedKey, credentials: CREDENTIALS });
    expect(one.events).toEqual([]);
  });

  test('leaves nothing of its data key, whether it was answered or not', async () => {
    const one = decryptor();
    await ask(one);
    await ask(one, { changes: { keyArn: `${ARN}other` } });
    const id = randomBytes(16);
    await ask(one, { id });
    const forged = sealRequest({ ...KEY, dataKey: randomBytes(32) }, everythingOf(record()), {
      requestId: randomBytes(16),
      time,
      deadline: time + 5_000,
    });
    const message = encodeParentRequest({ credentials: CREDENTIALS, envelope: forged });
    await expect(one.made.answer(message, time + 5_000)).rejects.toEqual(refused('unauthenticated'));
    expect(one.lent).toHaveLength(4);
    expect(zeroed(one.lent)).toBe(true);
  });

  test.each([
    ['as old as may be', { sent: -FRESHNESS_MS }],
    ['as far ahead as may be', { sent: FRESHNESS_MS, deadline: FRESHNESS_MS }],
    ['with a millisecond left', { deadline: 1 }],
  ])('%s is answered', async (_, times) => {
    expect(await ask(decryptor(), times)).toEqual(BERN);
  });

  test.each([
    ['a millisecond too old', { sent: -FRESHNESS_MS - 1 }],
    ['a millisecond too far ahead', { sent: FRESHNESS_MS + 1, deadline: FRESHNESS_MS + 1 }],
    ['whose deadline is now', { deadline: 0 }],
  ])('%s is expired, and KMS is not asked', async (_, times) => {
    const one = decryptor();
    await expect(ask(one, times)).rejects.toEqual(refused('expired'));
    expect(one.asked).toEqual([]);
  });

  test('that is too old when its data key has come is expired, and its id is not spent', async () => {
    const one = decryptor();
    one.comesLate(FRESHNESS_MS + 1);
    const id = randomBytes(16);
    await expect(ask(one, { id, deadline: FRESHNESS_MS + 5_000 })).rejects.toEqual(refused('expired'));
    expect([one.seen.has(id), zeroed(one.lent), one.lent.length]).toEqual([false, true, 1]);
  });

  test('comes once: KMS is not asked for another of its id', async () => {
    const one = decryptor();
    const id = randomBytes(16);
    await ask(one, { id });
    expect(one.seen.has(id)).toBe(true);
    await expect(ask(one, { id })).rejects.toEqual(refused('repeated'));
    // Nor for another data key that comes with it.
    const times = { requestId: id, time, deadline: time + 5_000 };
    const other = { dataKey: randomBytes(32), wrappedKey: Buffer.from('another data key') };
    const envelope = sealRequest(other, everythingOf(record()), times);
    const again = one.made.answer(encodeParentRequest({ credentials: CREDENTIALS, envelope }), time + 5_000);
    await expect(again).rejects.toEqual(refused('repeated'));
    expect(one.asked).toHaveLength(2);
  });
});

describe('a failure', () => {
  test.each<[string, unknown, string, string]>([
    ['KMS denies', new KmsError('denied', 'AccessDeniedException'), 'kms_denied', 'AccessDeniedException'],
    [
      'KMS does not know it',
      new KmsError('invalid', 'InvalidCiphertextException'),
      'record_unreadable',
      'InvalidCiphertextException',
    ],
    ['KMS is away', new KmsError('unavailable', 'relay_down'), 'kms_unavailable', 'relay_down'],
    ['there is no document', new NsmError('nsm_lost'), 'kms_unavailable', 'nsm_lost'],
    ['something else is wrong', new TypeError('a value'), 'internal', 'TypeError'],
    ['something is thrown that is no error', 'a value', 'internal', 'unknown'],
  ])('%s: the caller gets a code, and the log the name of what it was', async (_, error, code, detail) => {
    const one = decryptor({ kms: () => Promise.reject(error) });
    expect(await ask(one)).toEqual({ error: code });
    expect(one.events).toEqual([{ event: 'request_failed', code, detail }]);
    expect(JSON.stringify(one.events)).not.toContain('a value');
  });

  test('of KMS’s at the deadline is of time', async () => {
    const one = decryptor({
      kms: () => {
        time += 5_000;
        return Promise.reject(new KmsError('unavailable', 'timed_out'));
      },
    });
    expect(await ask(one)).toEqual({ error: 'timed_out' });
    expect(one.events).toEqual([{ event: 'request_failed', code: 'timed_out', detail: 'timed_out' }]);
  });

  test.each<[string, Parameters<typeof everythingOf>[1], string, string]>([
    ['a key that is not configured', { keyArn: `${ARN}other` }, 'unknown_key', 'unknown_key'],
    ['the request key for a record', { keyArn: REQUEST }, 'unknown_key', 'unknown_key'],
    [
      'a suite that there is not',
      { suite: Buffer.from('48504b45001100020001', 'hex') },
      'malformed',
      'malformed',
    ],
  ])('%s: KMS is not asked', async (_, changes, code, detail) => {
    const one = decryptor();
    expect(await ask(one, { changes })).toEqual({ error: code });
    expect(one.asked.map(({ keyArn }) => keyArn)).toEqual([REQUEST]);
    expect([one.events, one.rate.opened]).toEqual([[{ event: 'request_failed', code, detail }], 0]);
  });

  test('a key of another suite is a record that cannot be read', async () => {
    const one = decryptor();
    expect(await ask(one, { changes: { suite: suiteId(P256) } })).toEqual({ error: 'record_unreadable' });
    expect(one.events).toMatchObject([{ event: 'request_failed', detail: 'invalid_private_key' }]);
  });

  test('the rate is spent before KMS is asked, and beyond it KMS is not', async () => {
    const one = decryptor({ burst: 1 });
    await ask(one);
    expect(await ask(one)).toEqual({ error: 'rate_limited' });
    expect(one.asked).toHaveLength(2);
    expect([one.rate.opened, one.rate.refused]).toEqual([1, 1]);
    expect(one.events).toContainEqual({
      event: 'request_failed',
      code: 'rate_limited',
      detail: 'rate_limited',
    });
  });

  test('results that no message holds are too large, instead of a part of them', async () => {
    const json = JSON.stringify('x'.repeat(11 * 1024 * 1024));
    const one = decryptor({ expressions: async () => [{ name: 'x', ok: true, json }] });
    const expressions = [{ name: 'x', source: '1' }];
    expect(await ask(one, { changes: { expressions } })).toEqual({ error: 'too_large' });
  });

  test('the deadline ends the waiting for expressions, and whoever evaluates them is told', async () => {
    let signal: AbortSignal | undefined;
    const one = decryptor({
      expressions: (_, given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    });
    const expressions = [{ name: 'x', source: '1' }];
    expect(await ask(one, { changes: { expressions }, deadline: 30 })).toEqual({ error: 'timed_out' });
    expect(signal?.aborted).toBe(true);
    expect(one.events).toEqual([{ event: 'request_failed', code: 'timed_out', detail: 'timed_out' }]);
  });
});

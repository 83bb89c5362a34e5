// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { describe, expect, test } from 'vitest';
import { openAnswer, openRequest, parseEnvelope, sealAnswer, sealRequest } from '../src/index.ts';
import { channel, codeOf, NOW, request, SUITE } from './support.ts';

/** SPEC.md sections 3 to 6 written a second time, from its text alone: HKDF from HMAC, maps by hand. */
const map = (entries: Record<string, CborValue>): Map<string, CborValue> => new Map(Object.entries(entries));

/** RFC 5869: one block of output is all that 32 bytes take. */
function hkdf(dataKey: Uint8Array, id: Uint8Array, label: string): Buffer {
  const prk = createHmac('sha256', id).update(dataKey).digest();
  return createHmac('sha256', prk).update(label).update(Buffer.of(1)).digest();
}

function gcmSeal(key: Buffer, nonce: Buffer, aad: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function gcmOpen(key: Buffer, nonce: Buffer, aad: Buffer, box: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(aad);
  decipher.setAuthTag(box.subarray(-16));
  return Buffer.concat([decipher.update(box.subarray(0, -16)), decipher.final()]);
}

const REQUEST = 'enclave-vault/request/1';
const ANSWER = 'enclave-vault/answer/1';

const BODY = {
  tenant: 'default',
  vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
  suite: SUITE,
  wrapped_key: Buffer.alloc(200, 7),
  key_arn: request().keyArn,
  public_key: Buffer.alloc(120, 9),
  fields: map({ city: 'aa#bb', dob: Buffer.from('03000004aabb', 'hex') }),
  known: ['city', 'dob', 'email'],
  reveal: ['city'],
  expressions: [['over_18', 'date(dob).age() >= 18']],
};

function sealed(body: CborValue, label = REQUEST, aadLabel = label) {
  const { key, times } = channel();
  const { requestId: id, time, deadline } = times;
  const nonce = randomBytes(12);
  const aad = encodeCbor([aadLabel, id, time, deadline, key.wrappedKey]);
  const box = gcmSeal(hkdf(key.dataKey, id, label), nonce, aad, encodeCbor(body));
  const bytes = encodeCbor(map({ v: 1, id, time, deadline, key: key.wrappedKey, nonce, box }));
  return { dataKey: key.dataKey, envelope: parseEnvelope(bytes) };
}

describe('from the text alone', () => {
  test('a request that was sealed so opens here', () => {
    const { dataKey, envelope } = sealed(map(BODY));
    const opened = openRequest(dataKey, envelope);
    const { fields, ...rest } = request();
    expect({ ...opened, fields: undefined }).toEqual({ ...rest, fields: undefined });
    expect(Object.fromEntries(opened.fields)).toEqual(Object.fromEntries(fields));
  });

  test('a request that was sealed here opens so', () => {
    const { key, times } = channel();
    const message = decodeCbor(sealRequest(key, request(), times)) as ReadonlyMap<string, CborValue>;
    expect([...message.keys()].sort()).toEqual(['box', 'deadline', 'id', 'key', 'nonce', 'time', 'v']);
    const aad = encodeCbor([REQUEST, times.requestId, times.time, times.deadline, key.wrappedKey]);
    const plaintext = gcmOpen(
      hkdf(key.dataKey, times.requestId, REQUEST),
      message.get('nonce') as Buffer,
      aad,
      message.get('box') as Buffer,
    );
    expect(plaintext).toEqual(encodeCbor(map(BODY)));
  });

  test('answers, both ways', () => {
    const { key, times } = channel();
    const id = times.requestId;
    const results = { data: [['city', '"Bern"']], errors: [['dob', 'field_unreadable']] };
    const nonce = randomBytes(12);
    const answerKey = hkdf(key.dataKey, id, ANSWER);
    const aad = encodeCbor([ANSWER, id, NOW]);
    const box = gcmSeal(answerKey, nonce, aad, encodeCbor(map(results)));
    expect(openAnswer(key.dataKey, id, encodeCbor(map({ v: 1, id, time: NOW, nonce, box })))).toEqual({
      data: [['city', '"Bern"']],
      errors: [{ name: 'dob', code: 'field_unreadable' }],
    });
    const written = sealAnswer(key.dataKey, { id }, { error: 'kms_denied' }, NOW);
    const message = decodeCbor(written) as ReadonlyMap<string, CborValue>;
    const opened = gcmOpen(answerKey, message.get('nonce') as Buffer, aad, message.get('box') as Buffer);
    expect(opened).toEqual(encodeCbor(map({ error: 'kms_denied' })));
  });
});

describe('what departs from the text', () => {
  test.each([
    ['the answer’s label for the key', ANSWER, REQUEST],
    ['the answer’s label in the aad', REQUEST, ANSWER],
    ['the label of a version that does not exist', 'enclave-vault/request/2', 'enclave-vault/request/2'],
  ])('%s: unauthenticated', (_, label, aadLabel) => {
    const { dataKey, envelope } = sealed(map(BODY), label, aadLabel);
    expect(codeOf(() => openRequest(dataKey, envelope))).toBe('unauthenticated');
  });

  test('a tag of which only a part is there: unauthenticated, though the part is right', () => {
    const { key, times } = channel();
    const { requestId: id, time, deadline } = times;
    const aad = encodeCbor([REQUEST, id, time, deadline, key.wrappedKey]);
    const nonce = randomBytes(12);
    // Boxes that parseEnvelope would not let in. Who counts a tag's 16 bytes from the end of so short a box begins before it, and
    // takes these last bytes for the tag: right ones, which GCM accepts unless it is told how many there have to be.
    for (const [length, kept] of [
      [8, 4],
      [0, 8],
      [0, 4],
    ] as const) {
      const whole = gcmSeal(hkdf(key.dataKey, id, REQUEST), nonce, aad, Buffer.alloc(length));
      const box = whole.subarray(0, length + kept);
      const envelope = { v: 1, id, time, deadline, key: key.wrappedKey, nonce, box } as const;
      expect(codeOf(() => openRequest(key.dataKey, envelope))).toBe('unauthenticated');
    }
  });

  const { tenant: _tenant, ...withoutTenant } = BODY;
  test.each<[string, CborValue]>([
    ['a member too many', map({ ...BODY, purpose: 'general' })],
    ['a member too few', map(withoutTenant)],
    ['a list for a map', Object.values(BODY)],
    ['nothing', null],
  ])('%s, by whoever holds the key: malformed', (_, body) => {
    const { dataKey, envelope } = sealed(body);
    expect(codeOf(() => openRequest(dataKey, envelope))).toBe('malformed');
  });
});

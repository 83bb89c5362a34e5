// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { readDecryptAnswer, readErrorAnswer } from '../../../src/adapters/kms/answer.ts';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1';
const GOOD = { KeyId: ARN, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT', CiphertextForRecipient: 'AAEC' };
const refused = (detail: string) =>
  expect.objectContaining({ name: 'KmsError', code: 'unavailable', detail });
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('an answer', () => {
  test('is the ciphertext; members that AWS may add do not matter', () => {
    expect(readDecryptAnswer(json(GOOD), ARN)).toEqual(Buffer.of(0, 1, 2));
    expect(readDecryptAnswer(json({ ...GOOD, KeyMaterialId: 'x', New: {} }), ARN)).toEqual(
      Buffer.of(0, 1, 2),
    );
  });

  test.each([
    ['a plaintext beside it', { ...GOOD, Plaintext: 'AAEC' }, 'plaintext_in_answer'],
    ['a null plaintext', { ...GOOD, Plaintext: null }, 'plaintext_in_answer'],
    ['a plaintext instead', { KeyId: ARN, Plaintext: 'AAEC' }, 'plaintext_in_answer'],
    ['another key', { ...GOOD, KeyId: `${ARN}2` }, 'other_key'],
    ['no key', { ...GOOD, KeyId: undefined }, 'other_key'],
    ['no ciphertext', { KeyId: ARN }, 'no_ciphertext_for_recipient'],
    ['a number', { ...GOOD, CiphertextForRecipient: 1 }, 'no_ciphertext_for_recipient'],
    ['an empty one', { ...GOOD, CiphertextForRecipient: '' }, 'not_base64'],
    ['base64 with a space', { ...GOOD, CiphertextForRecipient: 'AA EC' }, 'not_base64'],
    ['base64 for URLs', { ...GOOD, CiphertextForRecipient: '_-__' }, 'not_base64'],
    ['a list', [GOOD], 'not_json'],
    ['null', null, 'not_json'],
    ['a text', 'AAEC', 'not_json'],
    ['nothing but a number', 5, 'not_json'],
    ['nothing but true', true, 'not_json'],
  ])('with %s is none', (_, value, detail) => {
    expect(() => readDecryptAnswer(json(value), ARN)).toThrow(refused(detail));
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['HTML', Buffer.from('<html>')],
    ['invalid UTF-8', Buffer.from('{"KeyId":"\xff"}', 'latin1')],
    ['half of it', json(GOOD).subarray(0, 20)],
  ])('of %s is none', (_, bytes) => {
    expect(() => readDecryptAnswer(bytes, ARN)).toThrow(refused('not_json'));
  });
});

describe('an error', () => {
  test.each([
    ['AccessDeniedException', 'denied'],
    ['ValidationException', 'denied'],
    ['InvalidCiphertextException', 'invalid'],
    ['IncorrectKeyException', 'invalid'],
    ['InvalidKeyUsageException', 'invalid'],
    ['NotFoundException', 'invalid'],
    ['DisabledException', 'unavailable'],
    ['KMSInvalidStateException', 'unavailable'],
    ['ThrottlingException', 'unavailable'],
    ['ExpiredTokenException', 'unavailable'],
    ['InvalidSignatureException', 'unavailable'],
    ['constructor', 'unavailable'],
  ])('%s is %s, with and without its namespace', (name, code) => {
    for (const type of [name, `com.amazonaws.kms#${name}`]) {
      const error = readErrorAnswer(400, json({ __type: type, message: 'value of a request' }));
      expect(error).toMatchObject({ code, detail: name });
      expect(String(error)).not.toContain('value');
    }
  });

  test.each([
    ['no name', 400, json({}), 'unnamed_error'],
    ['no object', 400, json('AccessDeniedException'), 'unnamed_error'],
    ['a name that is none', 400, json({ __type: 'x\n{"event":"forged"}' }), 'unnamed_error'],
    ['digits behind a name', 400, json({ __type: 'AccessDeniedException1' }), 'unnamed_error'],
    ['digits before a name', 400, json({ __type: '1AccessDeniedException' }), 'unnamed_error'],
    ['an endless name', 400, json({ __type: 'a'.repeat(65) }), 'unnamed_error'],
    ['the longest name', 400, json({ __type: 'a'.repeat(64) }), 'a'.repeat(64)],
    ['a number', 400, json({ __type: 7 }), 'unnamed_error'],
    ['no JSON', 403, Buffer.from('forbidden'), 'unnamed_error'],
    ['a redirect', 302, json({ __type: 'AccessDeniedException' }), 'status'],
    ['the last that is none', 399, json({ __type: 'AccessDeniedException' }), 'status'],
    ['another success', 204, Buffer.alloc(0), 'status'],
    ['a fault of the server', 500, json({ __type: 'AccessDeniedException' }), 'server_error'],
  ])('with %s is unavailable', (_, status, body, detail) => {
    expect(readErrorAnswer(status, body)).toMatchObject({ code: 'unavailable', detail });
  });

  test.each([400, 499])('is what it is called under each status of a refused request: %i', (status) => {
    expect(readErrorAnswer(status, json({ __type: 'AccessDeniedException' })).code).toBe('denied');
  });

  test('says its code and what KMS called it, and is told by its name', () => {
    const error = readErrorAnswer(400, json({ __type: 'a.b#c#ThrottlingException' }));
    expect(String(error)).toBe('KmsError: unavailable: ThrottlingException');
  });
});

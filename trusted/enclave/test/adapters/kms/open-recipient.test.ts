// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { envelopedData } from '@enclave-vault/emulator-pki';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openForRecipient } from '../../../src/adapters/kms/open-recipient.ts';
import { KmsError } from '../../../src/errors.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });

test('what the emulated KMS encrypts opens, in each form and length', () => {
  for (const length of [0, 1, 15, 16, 17, 32, 185, 5_000]) {
    for (const form of ['constructed', 'primitive'] as const) {
      const plaintext = randomBytes(length);
      expect(
        openForRecipient(privateKey, envelopedData(publicKey, plaintext, { form, segment: 100 })),
      ).toEqual(plaintext);
    }
  }
});

describe('one refusal for all that does not open', () => {
  const message = envelopedData(publicKey, randomBytes(32), { form: 'primitive' });
  const refusal = new KmsError('unavailable', 'unreadable_ciphertext_for_recipient');

  test('another key', () => {
    expect(() => openForRecipient(other.privateKey, message)).toThrow(refusal);
  });

  test('real answers of AWS, which are for other enclaves', () => {
    const path = new URL('../../../../../tests/vectors/kms-ciphertext-for-recipient.json', import.meta.url);
    for (const { cms } of JSON.parse(readFileSync(path, 'utf8'))) {
      expect(() => openForRecipient(privateKey, Buffer.from(cms, 'hex'))).toThrow(refusal);
    }
  });

  test('any changed byte: refused so, or another plaintext, as CBC is what KMS uses; never another error', () => {
    for (let at = 0; at < message.length; at += 3) {
      const changed = Buffer.from(message);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      try {
        openForRecipient(privateKey, changed);
      } catch (error) {
        expect(error).toEqual(refusal);
      }
    }
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(() => openForRecipient(privateKey, bytes)).toThrow(refusal);
      }),
      { numRuns: 100 },
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import crypto, {
  constants,
  createCipheriv,
  generateKeyPairSync,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { parseEnvelopedData } from '@enclave-vault/codec';
import { envelopedData } from '@enclave-vault/emulator-pki';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openForRecipient } from '../../../src/adapters/kms/open-recipient.ts';

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
  const refusal = expect.objectContaining({
    name: 'KmsError',
    code: 'unavailable',
    detail: 'unreadable_ciphertext_for_recipient',
  });

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

/** A message of two blocks whose plaintext, padding included, is what is given: by the key that is in it. */
function padded(...ends: readonly number[]): Buffer {
  const message = envelopedData(publicKey, Buffer.alloc(20), { form: 'primitive' });
  const { encryptedKey, iv, ciphertext } = parseEnvelopedData(message);
  const contentKey = privateDecrypt(
    { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    encryptedKey,
  );
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv).setAutoPadding(false);
  const plaintext = Buffer.concat([Buffer.alloc(32 - ends.length, 0x61), Buffer.from(ends)]);
  const at = message.indexOf(ciphertext);
  Buffer.concat([cipher.update(plaintext), cipher.final()]).copy(message, at);
  return message;
}

describe('padding (RFC 5652 section 6.3)', () => {
  test.each([
    ['of one byte', [1], 31],
    ['of a whole block', Array<number>(16).fill(16), 16],
    ['of fifteen', Array<number>(15).fill(15), 17],
  ])('%s is taken off', (_, ends, length) => {
    expect(openForRecipient(privateKey, padded(...ends))).toEqual(Buffer.alloc(length, 0x61));
  });

  test.each([
    ['of no byte', [0]],
    ['of more than a block', Array<number>(17).fill(17)],
    ['of more bytes than there are', [33]],
    ['whose first byte is another', [1, 3, 3]],
    ['whose middle byte is another', [3, 1, 3]],
  ])('%s is none', (_, ends) => {
    expect(() => openForRecipient(privateKey, padded(...ends))).toThrow(
      expect.objectContaining({ detail: 'unreadable_ciphertext_for_recipient' }),
    );
  });
});

describe('what is left behind', () => {
  const { privateDecrypt: decrypt, createDecipheriv } = crypto;
  const made: Uint8Array[] = [];
  afterEach(() => {
    Object.assign(crypto, { privateDecrypt: decrypt, createDecipheriv });
    syncBuiltinESMExports();
  });

  /** node:crypto itself notes the content keys and plaintexts that it hands out. */
  function watch(): void {
    made.length = 0;
    const noted = (bytes: Buffer): Buffer => {
      expect(bytes.some((byte) => byte !== 0)).toBe(true);
      made.push(bytes);
      return bytes;
    };
    Object.assign(crypto, {
      privateDecrypt: (...args: Parameters<typeof decrypt>) => noted(decrypt(...args)),
      createDecipheriv: (...args: Parameters<typeof createDecipheriv>) => {
        const decipher = createDecipheriv(...args);
        const update = decipher.update.bind(decipher) as (bytes: Uint8Array) => Buffer;
        return Object.assign(decipher, { update: (bytes: Uint8Array) => noted(update(bytes)) });
      },
    });
    syncBuiltinESMExports();
  }

  test('is neither content key nor plaintext, whether it opens or not', () => {
    const good = envelopedData(publicKey, Buffer.from('a key'), { form: 'primitive' });
    const bad = padded(1, 2);
    watch();
    expect(String(openForRecipient(privateKey, good))).toBe('a key');
    expect(() => openForRecipient(privateKey, bad)).toThrow();
    expect(made.map(({ length }) => length)).toEqual([32, 16, 32, 32]);
    expect(made.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });
});

// SPDX-License-Identifier: Apache-2.0
/** Plaintext does not outlive its use in a buffer, on either side. Strings are V8's, and cannot be zeroed. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { P384 } from '@enclave-vault/hpke';
import { generateKeyPair } from '@enclave-vault/hpke/seal';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openFields, openFieldsAsync } from '../src/open.ts';
import { sealFields, sealFieldsAsync } from '../src/seal.ts';

const seen = { sealed: [] as Uint8Array[], opened: [] as Uint8Array[] };
const { createCipheriv, createDecipheriv } = crypto;

// node:crypto itself notes what it is given and hands out, for as long as this file runs.
beforeAll(() => {
  Object.assign(crypto, {
    createCipheriv: (...args: Parameters<typeof createCipheriv>) => {
      const cipher = createCipheriv(...args);
      const update = cipher.update.bind(cipher) as (bytes: Uint8Array) => Buffer;
      return Object.assign(cipher, {
        update: (plaintext: Uint8Array) => {
          seen.sealed.push(plaintext);
          return update(plaintext);
        },
      });
    },
    createDecipheriv: (...args: Parameters<typeof createDecipheriv>) => {
      const decipher = createDecipheriv(...args);
      const update = decipher.update.bind(decipher) as (bytes: Uint8Array) => Buffer;
      return Object.assign(decipher, {
        update: (ciphertext: Uint8Array) => {
          const plaintext = update(ciphertext);
          seen.opened.push(plaintext);
          return plaintext;
        },
      });
    },
  });
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(crypto, { createCipheriv, createDecipheriv });
  syncBuiltinESMExports();
});

const identity = { tenant: 'default', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
const { publicKey, privateKey } = generateKeyPair(P384);
const sealWith = <Sealed>(
  form: (...args: Parameters<typeof sealFields>) => Sealed,
  fields: Record<string, string>,
) => form(identity, P384, publicKey.export({ format: 'der', type: 'spki' }), new Map(Object.entries(fields)));
const seal = (fields: Record<string, string>) => sealWith(sealFields, fields);
const open = (sealed: ReadonlyMap<string, Uint8Array>, form: typeof openFields | typeof openFieldsAsync) =>
  form(identity, P384, privateKey.export({ format: 'der', type: 'pkcs8' }), sealed);
const zero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

beforeEach(() => {
  seen.sealed.length = 0;
  seen.opened.length = 0;
});

test('what was sealed is gone from the buffer it was padded in', async () => {
  seal({ a: '"first"', b: '"second"' });
  await sealWith(sealFieldsAsync, { a: '"third"' });
  expect(seen.sealed.map(({ length }) => length)).toEqual([32, 32, 32]);
  expect(seen.sealed.every(zero)).toBe(true);
});

test('what was opened is gone from the buffer it was decrypted into, whether it was a value or not', async () => {
  const sealed = seal({ a: '"first"', b: '"second"' });
  for (const form of [openFields, openFieldsAsync]) {
    expect([...(await open(sealed, form)).values()]).toEqual([
      { ok: true, json: '"first"' },
      { ok: true, json: '"second"' },
    ]);
    // Under another name it does not open.
    const renamed = new Map([['c', sealed.get('a') ?? Buffer.alloc(0)]]);
    expect([...(await open(renamed, form)).values()]).toEqual([{ ok: false }]);
  }
  expect(seen.opened).toHaveLength(6);
  expect(seen.opened.every(zero)).toBe(true);
});

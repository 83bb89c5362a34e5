// SPDX-License-Identifier: Apache-2.0
/** A prepared key, and the thread pool, change what opening and sealing cost and nothing else: costs are counted as ECDHs and imports. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { P256, P384 } from '@enclave-vault/hpke';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OpenedField, openFields, openFieldsAsync, preparePrivateKey } from '../src/open.ts';
import { sealFields, sealFieldsAsync } from '../src/seal.ts';
import { expectCode, FAILED, get, IDENTITY, NAMED, recordKey, sealOld, utf8 } from './support.ts';

const done = { ecdh: 0, privateImports: 0, publicImports: 0 };
const { diffieHellman, createPrivateKey, createPublicKey } = crypto;

beforeAll(() => {
  Object.assign(crypto, {
    diffieHellman: (...args: Parameters<typeof diffieHellman>) => {
      done.ecdh++;
      return diffieHellman(...args);
    },
    createPrivateKey: (...args: Parameters<typeof createPrivateKey>) => {
      done.privateImports++;
      return createPrivateKey(...args);
    },
    createPublicKey: (...args: Parameters<typeof createPublicKey>) => {
      done.publicImports++;
      return createPublicKey(...args);
    },
  });
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(crypto, { diffieHellman, createPrivateKey, createPublicKey });
  syncBuiltinESMExports();
});
beforeEach(() => {
  Object.assign(done, { ecdh: 0, privateImports: 0, publicImports: 0 });
});

const fields = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/), fc.json(), { maxKeys: 6 });
const write = (spki: Uint8Array, value: Record<string, string>, suite = P384) =>
  sealFields(IDENTITY, suite, spki, new Map(Object.entries(value)));

describe.each(NAMED)('%s', (_, suite) => {
  const { spki, pkcs8 } = recordKey(suite);
  const prepared = preparePrivateKey(suite, pkcs8);

  test('fields of any writes and encodings, some of them spoilt, open alike: key as DER or prepared, on this thread or on the pool', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fields, fc.string(), fc.nat(400), async (first, second, text, spoilt) => {
        const sealed = new Map<string, Uint8Array | string>([
          ...write(spki, first, suite),
          ...(await sealFieldsAsync(IDENTITY, suite, spki, new Map(Object.entries(second)))),
          ['old_encoding_1', sealOld(1, suite, spki, IDENTITY.vaultId, 'old_encoding_1', utf8(text))],
          ['old_encoding_2', sealOld(2, suite, spki, IDENTITY.vaultId, 'old_encoding_2', utf8(text))],
        ]);
        const bad = Buffer.from(get(sealed, 'old_encoding_2') as Uint8Array);
        bad[spoilt % bad.length] = (bad[spoilt % bad.length] ?? 0) ^ 0x10;
        sealed.set('spoilt_value', bad);

        const expected = openFields(IDENTITY, suite, pkcs8, sealed, spki);
        expect(expected.get('spoilt_value')).toEqual(FAILED);
        for (const [name, json] of Object.entries({ ...first, ...second })) {
          expect(expected.get(name)).toEqual({ ok: true, json });
        }
        const others: Map<string, OpenedField>[] = [
          openFields(IDENTITY, suite, prepared, sealed, spki),
          openFields(IDENTITY, suite, prepared, sealed, spki),
          await openFieldsAsync(IDENTITY, suite, pkcs8, sealed, spki),
          await openFieldsAsync(IDENTITY, suite, preparePrivateKey(suite, pkcs8), sealed, spki),
          await openFieldsAsync(IDENTITY, suite, prepared, sealed),
        ];
        for (const other of others) expect([...other]).toEqual([...expected]);
      }),
      { numRuns: 6 },
    );
  });

  test('a context that is kept opens nothing for another identity, nor under another public key', () => {
    const sealed = write(spki, { a: '1' }, suite);
    const stranger = recordKey(suite).spki;
    const elsewhere = { ...IDENTITY, tenant: 'other' };
    const key = preparePrivateKey(suite, pkcs8);
    for (let round = 0; round < 2; round++) {
      expect(openFields(IDENTITY, suite, key, sealed, spki).get('a')).toEqual({ ok: true, json: '1' });
      expect(openFields(elsewhere, suite, key, sealed, spki).get('a')).toEqual(FAILED);
      expect(openFields(IDENTITY, suite, key, sealed, stranger).get('a')).toEqual(FAILED);
      expect(openFields(IDENTITY, suite, key, sealed, spki.subarray(-9)).get('a')).toEqual(FAILED);
    }
  });
});

test('a prepared key is read once, costs one ECDH a write, and none for a write that it has opened before', async () => {
  const { spki, pkcs8 } = recordKey(P384);
  const one = write(spki, { a: '1', b: '2', c: '3' });
  const two = write(spki, { d: '4' });
  Object.assign(done, { ecdh: 0, privateImports: 0 });
  const key = preparePrivateKey(P384, pkcs8);
  openFields(IDENTITY, P384, key, one, spki);
  expect(done.ecdh).toBe(1);
  await openFieldsAsync(IDENTITY, P384, key, new Map([...one, ...two]), spki);
  expect(done.ecdh).toBe(2);
  openFields(IDENTITY, P384, key, new Map([...two, ...one]), spki);
  expect([done.ecdh, done.privateImports]).toEqual([2, 1]);
});

test('a prepared key keeps the contexts of 16 writes, however many it opens', () => {
  const { spki, pkcs8 } = recordKey(P384);
  const writes = Array.from({ length: 20 }, (_, i) => write(spki, { [`f${i}`]: '1' }));
  const all = new Map(writes.flatMap((sealed) => [...sealed]));
  const key = preparePrivateKey(P384, pkcs8);
  openFields(IDENTITY, P384, key, all, spki);
  done.ecdh = 0;
  expect([...openFields(IDENTITY, P384, key, all, spki).values()].every(({ ok }) => ok)).toBe(true);
  expect(done.ecdh).toBe(4);
});

test('a context that was refused is tried once a call, and again in the next', () => {
  const { spki, pkcs8 } = recordKey(P384);
  const [value = Buffer.alloc(0)] = write(spki, { a: '1' }).values();
  const spoilt = Buffer.from(value);
  spoilt[10] = (spoilt[10] ?? 0) ^ 1;
  const key = preparePrivateKey(P384, pkcs8);
  const sealed = new Map(['a', 'b', 'c'].map((name) => [name, spoilt] as const));
  for (let round = 1; round <= 2; round++) {
    done.publicImports = 0;
    expect([...openFields(IDENTITY, P384, key, sealed, spki).values()]).toEqual([FAILED, FAILED, FAILED]);
    expect(done.publicImports).toBe(1);
  }
});

test('a prepared key of another suite is refused, and so is what is no key', async () => {
  const { pkcs8 } = recordKey(P256);
  const key = preparePrivateKey(P256, pkcs8);
  expectCode('invalid_private_key', () => openFields(IDENTITY, P384, key, new Map()));
  await expect(openFieldsAsync(IDENTITY, P384, key, new Map())).rejects.toMatchObject({
    code: 'invalid_private_key',
  });
  expectCode('invalid_private_key', () => preparePrivateKey(P384, pkcs8));
  expectCode('invalid_private_key', () => preparePrivateKey(P256, Buffer.alloc(0)));
});

test('a private key may be zeroed as soon as the asynchronous call has returned', async () => {
  const { spki, pkcs8 } = recordKey(P384);
  const sealed = write(spki, { a: '"value"' });
  const opening = openFieldsAsync(IDENTITY, P384, pkcs8, sealed, spki);
  pkcs8.fill(0);
  expect((await opening).get('a')).toEqual({ ok: true, json: '"value"' });
});

test('a public key is imported once while it is among the last 1,024', () => {
  const keys = Array.from({ length: 3 }, () => recordKey(P384).spki);
  const [first = Buffer.alloc(0), second = first] = keys;
  done.publicImports = 0;
  for (let i = 0; i < 3; i++) for (const spki of [first, second]) write(spki, { a: '1' });
  expect(done.publicImports).toBe(2);
});

test('a key that was not used for 1,024 others is imported again, one that was is not', () => {
  const [hot, cold] = [recordKey(P256).spki, recordKey(P256).spki];
  // Nothing is sealed in an empty write: the key is all it reads.
  const read = (spki: Uint8Array) => write(spki, {}, P256);
  read(cold);
  read(hot);
  for (let i = 0; i < 1024; i++) {
    if (i % 512 === 0) read(hot);
    read(recordKey(P256).spki);
  }
  done.publicImports = 0;
  read(hot);
  expect(done.publicImports).toBe(0);
  read(cold);
  expect(done.publicImports).toBe(1);
});

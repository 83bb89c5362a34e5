// SPDX-License-Identifier: Apache-2.0
/** The key of a direction and a message in the clear do not outlive their use. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openAnswer, openRequest, parseEnvelope, sealAnswer, sealRequest } from '../src/index.ts';
import { channel, codeOf, NOW, request } from './support.ts';

const given = { keys: [] as Uint8Array[], plaintexts: [] as Uint8Array[], owned: [] as Uint8Array[] };
const { createCipheriv, createSecretKey, hkdfSync } = crypto;

// node:crypto itself notes what it is given, for as long as this file runs.
beforeAll(() => {
  Object.assign(crypto, {
    createCipheriv: (...args: Parameters<typeof createCipheriv>) => {
      const cipher = createCipheriv(...args);
      const update = cipher.update.bind(cipher) as (bytes: Uint8Array) => Buffer;
      return Object.assign(cipher, {
        update: (bytes: Uint8Array) => {
          given.plaintexts.push(bytes);
          return update(bytes);
        },
      });
    },
    // What HKDF gives is the key of a direction, as bytes; every copy that is made of it is noted where it is used.
    hkdfSync: (...args: Parameters<typeof hkdfSync>) => {
      const derived = hkdfSync(...args);
      given.keys.push(new Uint8Array(derived));
      return derived;
    },
    createSecretKey: (bytes: Uint8Array) => {
      if (!given.owned.includes(bytes)) given.keys.push(bytes);
      return createSecretKey(bytes);
    },
  });
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(crypto, { createCipheriv, createSecretKey, hkdfSync });
  syncBuiltinESMExports();
});
beforeEach(() => {
  for (const list of Object.values(given)) list.length = 0;
});

const left = (list: readonly Uint8Array[]): readonly Uint8Array[] =>
  list.filter((bytes) => bytes.some((byte) => byte !== 0));

test('of what was sealed, neither the key of its direction nor the plaintext is left', () => {
  const { key, times } = channel();
  given.owned.push(key.dataKey);
  sealRequest(key, request(), times);
  sealAnswer(key.dataKey, { id: times.requestId }, { data: [['city', '"Bern"']], errors: [] }, NOW);
  expect([given.keys.length, given.plaintexts.length]).toEqual([4, 2]);
  expect(given.plaintexts.every(({ byteLength }) => byteLength > 20)).toBe(true);
  expect(left([...given.keys, ...given.plaintexts])).toEqual([]);
});

test('of what was opened, and of what did not open, no key is left; the data key stays its owner’s', () => {
  const { key, times } = channel();
  given.owned.push(key.dataKey);
  const envelope = parseEnvelope(sealRequest(key, request(), times));
  const answer = sealAnswer(key.dataKey, envelope, { error: 'internal' }, NOW);
  given.keys.length = 0;
  openRequest(key.dataKey, envelope);
  openAnswer(key.dataKey, times.requestId, answer);
  expect(codeOf(() => openRequest(key.dataKey, { ...envelope, time: NOW - 1 }))).toBe('unauthenticated');
  expect(given.keys).toHaveLength(6);
  expect(left(given.keys)).toEqual([]);
  expect(left([key.dataKey])).toHaveLength(1);
});

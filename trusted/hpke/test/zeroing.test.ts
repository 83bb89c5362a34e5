// SPDX-License-Identifier: Apache-2.0
/** What node:crypto hands out in buffers does not outlive its use: shared secrets, key material, plaintext that is not authentic. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { P384 } from '../src/index.ts';
import type { EcdhKeys } from '../src/kem.ts';
import { importPrivateKey, setupRecipient, setupRecipientAsync } from '../src/open.ts';
import { generateKeyPair, setupSender, setupSenderAsync } from '../src/seal.ts';
import { expectCode, utf8 } from './support.ts';

const handedOut = { secrets: [] as Buffer[], digests: [] as Buffer[], plaintexts: [] as Buffer[] };

function noted<T extends Buffer>(list: Buffer[], bytes: T): T {
  list.push(bytes);
  return bytes;
}

const { diffieHellman, createHmac, createDecipheriv } = crypto;
const whole = Buffer.concat;

// node:crypto itself notes what it hands out, for as long as this file runs.
beforeAll(() => {
  Object.assign(crypto, {
    diffieHellman: (keys: EcdhKeys, callback?: (error: Error | null, secret: Buffer) => void) => {
      if (callback === undefined) return noted(handedOut.secrets, diffieHellman(keys));
      return diffieHellman(keys, (error, secret) => callback(error, noted(handedOut.secrets, secret)));
    },
    createHmac: (...args: Parameters<typeof createHmac>) => {
      const hmac = createHmac(...args);
      const digest = hmac.digest.bind(hmac) as () => Buffer;
      return Object.assign(hmac, { digest: () => noted(handedOut.digests, digest()) });
    },
    createDecipheriv: (...args: Parameters<typeof createDecipheriv>) => {
      const decipher = createDecipheriv(...args);
      const update = decipher.update.bind(decipher) as (bytes: Uint8Array) => Buffer;
      return Object.assign(decipher, {
        update: (bytes: Uint8Array) => noted(handedOut.plaintexts, update(bytes)),
      });
    },
  });
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(crypto, { diffieHellman, createHmac, createDecipheriv });
  syncBuiltinESMExports();
});

const left = (list: readonly Buffer[]): readonly Buffer[] =>
  list.filter((bytes) => bytes.some((byte) => byte !== 0));

const info = utf8('info');
const aad = utf8('aad');
const { publicKey, privateKey } = generateKeyPair(P384);
// What depends on the suite alone is made once, and is no secret.
const sender = setupSender(P384, publicKey, info);
const ciphertext = sender.seal(aad, utf8('a message'));

beforeEach(() => {
  for (const list of Object.values(handedOut)) list.length = 0;
});

test('a context is set up without leaving a secret in a buffer but its nonce', async () => {
  for (const setUp of [
    () => setupSender(P384, publicKey, info),
    () => setupRecipient(P384, sender.enc, privateKey, info),
    () => setupSenderAsync(P384, publicKey, info),
    () => setupRecipientAsync(P384, sender.enc, privateKey, info),
  ]) {
    handedOut.secrets.length = 0;
    handedOut.digests.length = 0;
    await setUp();
    expect(handedOut.secrets).toHaveLength(1);
    expect(left(handedOut.secrets)).toEqual([]);
    // Extracted and expanded: the shared secret (twice), the hash of info, the secret, key and nonce.
    expect(handedOut.digests).toHaveLength(6);
    // The hash of info is public.
    expect(left(handedOut.digests)).toHaveLength(1);
  }
});

test('an export of several blocks leaves the caller’s copy alone', () => {
  const exported = sender.export(utf8('context'), 100);
  expect(exported.every((byte) => byte === 0)).toBe(false);
  // The exporter secret, and three blocks.
  expect(handedOut.digests).toHaveLength(4);
  expect(left(handedOut.digests)).toEqual([]);
});

test('an export that is refused leaves nothing', () => {
  expectCode('export_too_long', () => sender.export(utf8('context'), 255 * 48 + 1));
  expect(left(handedOut.digests)).toEqual([]);
});

test('plaintext that turns out not to be authentic is gone', () => {
  const recipient = setupRecipient(P384, sender.enc, privateKey, info);
  expectCode('open_failed', () => recipient.openAt(0, utf8('other'), ciphertext));
  expect(handedOut.plaintexts.map(({ length }) => length)).toEqual(['a message'.length]);
  expect(left(handedOut.plaintexts)).toEqual([]);
  expect(recipient.openAt(0, aad, ciphertext).toString()).toBe('a message');
});

test('a private key is imported without leaving a copy of its scalar, whether OpenSSL takes it or not', () => {
  const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const offCurve = Buffer.from(der);
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  const copies: Buffer[] = [];
  const concat = vi.spyOn(Buffer, 'concat').mockImplementation((list, length) => {
    const made = whole(list, length);
    return made.includes(scalar) ? noted(copies, made) : made;
  });
  try {
    expect(importPrivateKey(P384, der).equals(privateKey)).toBe(true);
    expectCode('invalid_private_key', () => importPrivateKey(P384, offCurve));
  } finally {
    concat.mockRestore();
  }
  // The body of what OpenSSL reads, and the whole of it: of each key.
  expect(copies).toHaveLength(4);
  expect(left(copies)).toEqual([]);
  expect(left([der])).toHaveLength(1);
});

// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, ECDH, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Suite } from '../src/index.ts';
import { setupRecipient } from '../src/open.ts';
import { isKeyOf, keyToPoint, pointToKey } from '../src/public-key.ts';
import { generateKeyPair, importPublicKey, setupSender } from '../src/seal.ts';
import { expectCode, SUITES, spki, utf8 } from './support.ts';

const PRIMES: Record<Suite['name'], bigint> = {
  'P-256': 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  'P-384': 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  'P-521': 2n ** 521n - 1n,
};

const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}

function goodPoint(suite: Suite): Buffer {
  const raw = keyToPoint(suite, generateKeyPair(suite).publicKey, 'public');
  if (raw === undefined) throw new Error('no point');
  return Buffer.from(raw);
}

/** Everything that RFC 9180 section 7.1.4 and SEC 1 have refused, built from a good point. */
function badPoints(suite: Suite): [string, Buffer][] {
  const good = goodPoint(suite);
  const n = suite.scalarLength;
  const x = good.subarray(1, 1 + n);
  const y = good.subarray(1 + n);
  const p = PRIMES[suite.name];
  const with04 = (...parts: Uint8Array[]): Buffer => Buffer.concat([Buffer.from([4]), ...parts]);
  const flipped = Buffer.from(good);
  flipped[2 * n] = (flipped[2 * n] ?? 0) ^ 1;
  const other = goodPoint(suite);
  return [
    ['off the curve: a bit of y', flipped],
    ['off the curve: x of one, y of another', with04(x, other.subarray(1 + n))],
    ['off the curve: (0, 0)', with04(Buffer.alloc(2 * n))],
    ['off the curve: all ones', with04(Buffer.alloc(2 * n, 0xff))],
    ['off the curve: swapped', with04(y, x)],
    ['x not reduced: p', with04(bytesOf(p, n), y)],
    ['y not reduced: p', with04(x, bytesOf(p, n))],
    ['infinity, one byte', Buffer.from([0])],
    ['infinity, padded', Buffer.alloc(suite.encLength)],
    ['compressed', ECDH.convertKey(good, suite.curve, undefined, undefined, 'compressed') as Buffer],
    ['compressed, padded', Buffer.concat([Buffer.from([2]), x, Buffer.alloc(n)])],
    ['hybrid', ECDH.convertKey(good, suite.curve, undefined, undefined, 'hybrid') as Buffer],
    ['the twin of another first byte', Buffer.concat([Buffer.from([5]), x, y])],
    ['truncated', good.subarray(0, -1)],
    ['one byte more', Buffer.concat([good, Buffer.from([0])])],
    ['no first byte', good.subarray(1)],
    ['empty', Buffer.alloc(0)],
  ];
}

describe.each(SUITES.map((suite) => [suite.name, suite] as const))('%s', (_, suite) => {
  test('a good point passes and comes back the same', () => {
    const good = goodPoint(suite);
    const key = importPublicKey(suite, spki(suite, good));
    expect(keyToPoint(suite, key, 'public')).toEqual(good);
    expect(key.export({ format: 'der', type: 'spki' })).toEqual(spki(suite, good));
    // p - y is as good a point as y.
    const twin = Buffer.from(good);
    bytesOf(PRIMES[suite.name] - number(good.subarray(1 + suite.scalarLength)), suite.scalarLength).copy(
      twin,
      1 + suite.scalarLength,
    );
    expect(pointToKey(suite, twin)).toBeDefined();
  });

  test('what is kept of a key holds its own bytes and no more memory', () => {
    const good = goodPoint(suite);
    const kept = keyToPoint(suite, importPublicKey(suite, spki(suite, good)), 'public');
    expect(kept?.buffer.byteLength).toBe(suite.encLength);
  });

  test.each(badPoints(suite))('refused as recipient key and as enc: %s', (_name, point) => {
    expect(pointToKey(suite, point)).toBeUndefined();
    expectCode('invalid_public_key', () => importPublicKey(suite, spki(suite, point)));
    const { privateKey } = generateKeyPair(suite);
    expectCode('open_failed', () => setupRecipient(suite, point, privateKey, utf8('info')));
  });

  test('SubjectPublicKeyInfo of any other form is refused', () => {
    const der = spki(suite, goodPoint(suite));
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: suite.curve, paramEncoding: 'explicit' });
    const explicit = publicKey.export({ format: 'der', type: 'spki' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      format: 'der',
      type: 'spki',
    });
    const cases = [explicit, rsa, Buffer.alloc(0), der.subarray(0, 20), der.subarray(0, -1)];
    cases.push(Buffer.concat([der, Buffer.from([0])]), Buffer.from(der.toString('base64')));
    for (const bytes of cases) expectCode('invalid_public_key', () => importPublicKey(suite, bytes));
    for (let at = 0; at < der.length - 2 * suite.scalarLength; at++) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expectCode('invalid_public_key', () => importPublicKey(suite, changed));
    }
  });

  test('a key of another curve or kind is refused by the sender', () => {
    for (const other of SUITES) {
      const { publicKey, privateKey } = generateKeyPair(other);
      if (other === suite) {
        expect(setupSender(suite, publicKey, utf8('')).enc.length).toBe(suite.encLength);
        expectCode('invalid_public_key', () => setupSender(suite, privateKey, utf8('')));
      } else {
        expectCode('invalid_public_key', () => setupSender(suite, publicKey, utf8('')));
        const imported = importPublicKey(other, publicKey.export({ format: 'der', type: 'spki' }));
        expectCode('invalid_public_key', () => setupSender(suite, imported, utf8('')));
        // What was noted of a key is its own suite's: OpenSSL would refuse the pair too, but by an error of its own.
        expect(keyToPoint(suite, imported, 'public')).toBeUndefined();
        expect(isKeyOf(suite, imported, 'public')).toBe(false);
        expect(keyToPoint(other, imported, 'public')).toBeDefined();
      }
    }
    const ed = generateKeyPairSync('ed25519').publicKey;
    expectCode('invalid_public_key', () => setupSender(suite, ed, utf8('')));
  });
});

test('a point is noted with its key, and a copy of the bytes is', () => {
  const [suite] = SUITES;
  if (suite === undefined) throw new Error('no suite');
  const der = spki(suite, goodPoint(suite));
  const key = importPublicKey(suite, der);
  const before = Buffer.from(keyToPoint(suite, key, 'public') ?? []);
  der.fill(0);
  expect(keyToPoint(suite, key, 'public')).toEqual(before);
  const jwk = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
  expect(keyToPoint(suite, jwk, 'public')).toEqual(before);
});

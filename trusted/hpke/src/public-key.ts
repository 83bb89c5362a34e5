// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, KeyObject } from 'node:crypto';
import { curveOf } from './curves.ts';
import { HpkeError } from './errors.ts';
import type { Suite } from './suites.ts';

interface Known {
  readonly suite: Suite;
  readonly raw: Buffer;
}

// Public points of keys that came through this package, so that they aren't exported again for each context.
const KNOWN = new WeakMap<KeyObject, Known>();

/** Notes the uncompressed point that belongs to a key, public or private. */
export function rememberPoint(suite: Suite, key: KeyObject, raw: Uint8Array): void {
  // Not by Buffer.from: as long as the key is kept, its point would keep the 64 KiB that Node shares out among short-lived buffers.
  const own = Buffer.alloc(raw.length);
  own.set(raw);
  KNOWN.set(key, { suite, raw: own });
}

/**
 * DeserializePublicKey for the NIST curves (RFC 9180 sections 7.1.1 and 7.1.4): the uncompressed form of
 * SEC 1 section 2.3.3 and nothing else. Infinity, compressed and hybrid points fail by length or first byte;
 * OpenSSL refuses coordinates at or above p and points off the curve. That is full validation, since the
 * cofactor is 1. Undefined when the point is refused.
 */
export function pointToKey(suite: Suite, raw: Uint8Array): KeyObject | undefined {
  if (raw.length !== suite.encLength || raw[0] !== 0x04) return undefined;
  const base64 = Buffer.concat([curveOf(suite).spkiPrefix, raw]).toString('base64');
  try {
    // PEM, since a string is the one form that Node 24 does not look over for key objects by way of exceptions that it
    // throws and catches: 19 µs, where DER takes 38 and JWK 43. Only for what is public: nobody can zero a string.
    return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----`);
  } catch {
    return undefined;
  }
}

/** Whether a KeyObject is an EC key of the suite's curve and of the given half. */
export function isKeyOf(suite: Suite, key: KeyObject, type: 'public' | 'private'): boolean {
  if (!(key instanceof KeyObject) || key.type !== type) return false;
  const known = KNOWN.get(key);
  if (known !== undefined) return known.suite === suite;
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === suite.curve;
}

/**
 * SerializePublicKey (RFC 9180 section 7.1.1): the uncompressed point of a public key, or of the public half of a
 * private key; undefined when it isn't one of the suite's curve.
 */
export function keyToPoint(suite: Suite, key: KeyObject, type: 'public' | 'private'): Buffer | undefined {
  if (!isKeyOf(suite, key, type)) return undefined;
  const known = KNOWN.get(key);
  if (known !== undefined) return known.raw;
  // JWK is the cheapest export of a point by far, and of fixed length (RFC 7518 section 6.2.1.2).
  const jwk = (type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  const raw = Buffer.alloc(suite.encLength);
  raw[0] = 0x04;
  raw.write(jwk.x ?? '', 1, 'base64url');
  raw.write(jwk.y ?? '', 1 + suite.scalarLength, 'base64url');
  rememberPoint(suite, key, raw);
  return raw;
}

/**
 * A recipient's public key from DER SubjectPublicKeyInfo: named curve of the suite, uncompressed point, nothing
 * after it. There is one such encoding, so it is compared and not parsed. Throws `invalid_public_key`.
 */
export function importPublicKey(suite: Suite, spkiDer: Uint8Array): KeyObject {
  const { spkiPrefix } = curveOf(suite);
  const raw = spkiDer.subarray(spkiPrefix.length);
  const key = spkiPrefix.equals(spkiDer.subarray(0, spkiPrefix.length)) ? pointToKey(suite, raw) : undefined;
  if (key === undefined) throw new HpkeError('invalid_public_key');
  rememberPoint(suite, key, raw);
  return key;
}

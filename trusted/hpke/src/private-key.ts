// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Asn1Element, parseDer } from '@enclave-vault/codec';
import { type Curve, curveOf } from './curves.ts';
import { HpkeError } from './errors.ts';
import { rememberPoint } from './public-key.ts';
import type { Suite } from './suites.ts';

const VERSION_0 = Buffer.from([0x02, 0x01, 0x00]);
const VERSION_1 = Buffer.from([0x02, 0x01, 0x01]);
const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const PARAMETERS = 0xa0;
const PUBLIC_KEY = 0xa1;

/** A P-521 key with parameters and point is 250 bytes and 12 elements. */
const LIMITS = { maxBytes: 512, maxDepth: 4, maxItems: 16 };

/** 0 < scalar < order, without a branch on the scalar's bytes (RFC 9180 section 7.1.2; SEC 1 section 3.2.1). */
function inRange(scalar: Buffer, order: Buffer): boolean {
  let any = 0;
  let borrow = 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const byte = scalar[i] ?? 0;
    any |= byte;
    borrow = ((byte - (order[i] ?? 0) - borrow) >> 8) & 1;
  }
  return any !== 0 && borrow === 1;
}

function childrenOfSequence(bytes: Uint8Array): readonly Asn1Element[] | null {
  const element = parseDer(bytes, LIMITS);
  return element.tag === SEQUENCE ? element.children : null;
}

/** The point inside publicKey [1] BIT STRING; undefined unless it is an uncompressed one of this suite. */
function pointIn(suite: Suite, element: Asn1Element): Buffer | undefined {
  const [bits, ...more] = element.children ?? [];
  if (element.tag !== PUBLIC_KEY || bits?.tag !== BIT_STRING || more.length > 0) return undefined;
  const { content } = bits;
  const whole = content.length === suite.encLength + 1 && content[0] === 0 && content[1] === 0x04;
  return whole ? content.subarray(1) : undefined;
}

/** What a key consists of: views of the bytes that it came in. */
interface Parts {
  readonly scalar: Asn1Element;
  /** publicKey [1], where there is one, and the point in it. */
  readonly publicKey?: Asn1Element;
  readonly point?: Buffer;
}

/** An ECPrivateKey of RFC 5915 that keeps to the rules. */
function readEcPrivateKey(suite: Suite, curve: Curve, bytes: Buffer): Parts | undefined {
  const [version, scalar, ...optional] = childrenOfSequence(bytes) ?? [];
  if (version === undefined || !version.bytes.equals(VERSION_1)) return undefined;
  if (scalar?.tag !== OCTET_STRING || scalar.content.length !== suite.scalarLength) return undefined;
  if (!inRange(scalar.content, curve.order)) return undefined;
  if (optional[0]?.tag === PARAMETERS && optional.shift()?.content.equals(curve.oid) !== true) {
    return undefined;
  }
  const [publicKey, ...more] = optional;
  if (publicKey === undefined) return { scalar };
  const point = pointIn(suite, publicKey);
  return point === undefined || more.length > 0 ? undefined : { scalar, publicKey, point };
}

function readPkcs8(suite: Suite, bytes: Uint8Array): Parts | undefined {
  const curve = curveOf(suite);
  const [version, algorithm, key, ...more] = childrenOfSequence(bytes) ?? [];
  if (version === undefined || algorithm === undefined || key?.tag !== OCTET_STRING) return undefined;
  if (!version.bytes.equals(VERSION_0) || !algorithm.bytes.equals(curve.algorithm)) return undefined;
  return more.length > 0 ? undefined : readEcPrivateKey(suite, curve, key.content);
}

/** The ECPrivateKey (RFC 5915) of these parts, with its curve: 255 bytes at most, so one byte of length does, behind 0x81. */
function writeEcPrivateKey({ oid }: Curve, { scalar, publicKey }: Parts): Buffer {
  const body = Buffer.concat([
    VERSION_1,
    scalar.bytes,
    Buffer.of(PARAMETERS, oid.length),
    oid,
    publicKey?.bytes ?? Buffer.alloc(0),
  ]);
  const length = body.length < 0x80 ? [body.length] : [0x81, body.length];
  const whole = Buffer.concat([Buffer.of(SEQUENCE, ...length), body]);
  body.fill(0);
  return whole;
}

/** Not from PKCS#8: OpenSSL leaves a copy of the scalar in memory that it has freed when it reads that, and none when it reads this (3.5.8). */
function createKey(ecPrivateKey: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: ecPrivateKey, format: 'der', type: 'sec1' });
  } finally {
    ecPrivateKey.fill(0);
  }
}

/**
 * A recipient's private key from PKCS#8 DER (RFC 5958 version 0 around RFC 5915), as KMS and OpenSSL write it:
 * named curve of the suite, scalar of full length, no attributes, nothing after it. Throws `invalid_private_key`.
 *
 * The structure is checked here and not left to OpenSSL alone, because OpenSSL imports a scalar of zero, or one of
 * the group's order and above, without a word. A point that comes with the key spares deriving it again; that it
 * belongs to the scalar is not checked (that would cost as much as the ECDH), as with a wrong one nothing opens.
 * The caller keeps its bytes and zeroes them.
 */
export function importPrivateKey(suite: Suite, pkcs8Der: Uint8Array): KeyObject {
  try {
    const parts = readPkcs8(suite, pkcs8Der);
    if (parts !== undefined) {
      const key = createKey(writeEcPrivateKey(curveOf(suite), parts));
      if (parts.point !== undefined) rememberPoint(suite, key, parts.point);
      return key;
    }
  } catch {
    // Whatever the codec or OpenSSL had to say, the caller learns one thing.
  }
  throw new HpkeError('invalid_private_key');
}

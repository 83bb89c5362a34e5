// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Curve, curveOf } from './curves.ts';
import { HpkeError } from './errors.ts';
import { rememberPoint } from './public-key.ts';
import type { Suite } from './suites.ts';

const VERSION_0 = Buffer.from([0x02, 0x01, 0x00]);
const VERSION_1 = Buffer.from([0x02, 0x01, 0x01]);

/** Reads DER front to back; every mismatch is the same error. */
class Der {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get empty(): boolean {
    return this.#rest.length === 0;
  }

  nextIs(tag: number): boolean {
    return this.#rest[0] === tag;
  }

  /** Content of the next TLV, which must have this tag and a shortest-form length below 256. */
  take(tag: number): Uint8Array {
    const [actual, first, second] = this.#rest;
    const long = first === 0x81;
    const length = long ? second : first;
    if (actual !== tag || length === undefined || length < 0x80 === long)
      throw new HpkeError('invalid_private_key');
    const start = long ? 3 : 2;
    const content = this.#rest.subarray(start, start + length);
    if (content.length !== length) throw new HpkeError('invalid_private_key');
    this.#rest = this.#rest.subarray(start + length);
    return content;
  }

  expect(bytes: Buffer): void {
    if (!bytes.equals(this.#rest.subarray(0, bytes.length))) throw new HpkeError('invalid_private_key');
    this.#rest = this.#rest.subarray(bytes.length);
  }

  end(): void {
    if (!this.empty) throw new HpkeError('invalid_private_key');
  }
}

/** 0 < scalar < order, without a branch on the scalar's bytes (RFC 9180 section 7.1.2; SEC 1 section 3.2.1). */
function inRange(scalar: Uint8Array, order: Buffer): boolean {
  let any = 0;
  let borrow = 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const byte = scalar[i] ?? 0;
    any |= byte;
    borrow = ((byte - (order[i] ?? 0) - borrow) >> 8) & 1;
  }
  return any !== 0 && borrow === 1;
}

/** Checks the ECPrivateKey of RFC 5915 and returns the point in it, if there is one. */
function checkEcPrivateKey(suite: Suite, curve: Curve, bytes: Uint8Array): Uint8Array | undefined {
  const outer = new Der(bytes);
  const key = new Der(outer.take(0x30));
  outer.end();
  key.expect(VERSION_1);
  const scalar = key.take(0x04);
  if (scalar.length !== suite.scalarLength || !inRange(scalar, curve.order)) {
    throw new HpkeError('invalid_private_key');
  }
  if (key.nextIs(0xa0)) {
    const parameters = new Der(key.take(0xa0));
    parameters.expect(curve.oid);
    parameters.end();
  }
  if (key.empty) return undefined;
  const wrapper = new Der(key.take(0xa1));
  key.end();
  const bits = wrapper.take(0x03);
  wrapper.end();
  if (bits.length !== suite.encLength + 1 || bits[0] !== 0 || bits[1] !== 0x04) {
    throw new HpkeError('invalid_private_key');
  }
  return bits.subarray(1);
}

/**
 * A recipient's private key from PKCS#8 DER (RFC 5958 version 0 around RFC 5915), as KMS and OpenSSL write it:
 * named curve of the suite, scalar of full length, no attributes, nothing after it. Throws `invalid_private_key`.
 *
 * The structure is read here and not left to OpenSSL alone, because OpenSSL imports a scalar of zero or above
 * the group's order without a word. A point that comes with the key spares deriving it again; that it belongs to
 * the scalar is not checked (that would cost as much as the ECDH), as with a wrong one nothing opens.
 * The caller keeps its bytes and zeroes them.
 */
export function importPrivateKey(suite: Suite, pkcs8Der: Uint8Array): KeyObject {
  const curve = curveOf(suite);
  const outer = new Der(pkcs8Der);
  const info = new Der(outer.take(0x30));
  outer.end();
  info.expect(VERSION_0);
  info.expect(curve.algorithm);
  const raw = checkEcPrivateKey(suite, curve, info.take(0x04));
  info.end();
  let key: KeyObject;
  try {
    // A view: no further copy of the key is made on this side.
    const der = Buffer.from(pkcs8Der.buffer, pkcs8Der.byteOffset, pkcs8Der.byteLength);
    key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    throw new HpkeError('invalid_private_key');
  }
  if (raw !== undefined) rememberPoint(suite, key, raw);
  return key;
}

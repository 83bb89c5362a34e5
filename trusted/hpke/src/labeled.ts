// SPDX-License-Identifier: Apache-2.0
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { HpkeError } from './errors.ts';

// Keys travel between these functions as KeyObjects: node zeroes their memory when they are collected
// (OPENSSL_clear_free), and an HMAC keyed by one costs a third of one keyed by a Buffer (4 against 12 µs on Node 24).

const VERSION_LABEL = Buffer.from('HPKE-v1', 'latin1');
const COUNTER_ONE = Buffer.from([1]);

/** The empty salt (RFC 5869: HMAC pads it with zeros). */
export const NO_SALT: KeyObject = createSecretKey(Buffer.alloc(0));

/** Moves key bytes into a KeyObject and zeroes the buffer they came in. */
export function takeKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** LabeledExtract of RFC 9180 section 4. Nh bytes; `suiteId` is that of the KEM or of the whole suite. */
export function labeledExtract(
  hash: string,
  suiteId: Uint8Array,
  salt: KeyObject,
  label: string,
  ikm: Uint8Array,
): Buffer {
  return createHmac(hash, salt).update(VERSION_LABEL).update(suiteId).update(label).update(ikm).digest();
}

/** LabeledExpand of RFC 9180 section 4: `length` bytes, at most 255 blocks (`export_too_long`). */
export function labeledExpand(
  hash: string,
  suiteId: Uint8Array,
  prk: KeyObject,
  label: string,
  info: Uint8Array,
  length: number,
): Buffer {
  const lengthBytes = Buffer.from([length >> 8, length]);
  const labeledInfo = Buffer.concat([
    lengthBytes,
    VERSION_LABEL,
    suiteId,
    Buffer.from(label, 'latin1'),
    info,
  ]);
  const first = createHmac(hash, prk).update(labeledInfo).update(COUNTER_ONE).digest();
  if (length === first.length) return first;
  if (!Number.isInteger(length) || length < 0 || length > 255 * first.length) {
    first.fill(0);
    throw new HpkeError('export_too_long');
  }
  const out = Buffer.alloc(length);
  first.copy(out);
  let previous = first;
  for (let counter = 2, at = first.length; at < length; counter++, at += first.length) {
    const next = createHmac(hash, prk)
      .update(previous)
      .update(labeledInfo)
      .update(Buffer.from([counter]))
      .digest();
    next.copy(out, at);
    previous.fill(0);
    previous = next;
  }
  previous.fill(0);
  return out;
}

// SPDX-License-Identifier: Apache-2.0
import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';

export function sha256(data: string | Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}

/** HMAC-SHA-256 over canonical CBOR. The first element of `value` is a label, so that no MAC passes for another. */
export function macOf(key: KeyObject, value: readonly [label: string, ...CborValue[]]): Buffer {
  return createHmac('sha256', key).update(encodeCbor(value)).digest();
}

/** Equality in constant time for one length. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

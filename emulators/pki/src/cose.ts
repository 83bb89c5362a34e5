// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, sign } from 'node:crypto';
import { coseSign1ToBeSigned, encodeCbor } from '@enclave-vault/codec';

/** {1: -35}: algorithm ES384 (RFC 9053 section 2.1), as the NSM writes it. */
export const ES384_HEADER = Buffer.from('a1013822', 'hex');

/**
 * Signs a COSE_Sign1 (RFC 9052 section 4.2), untagged, with an empty unprotected header. ECDSA with SHA-384; under a P-384 key the signature
 * is r || s, 96 bytes.
 */
export function signCoseSign1(protectedHeader: Uint8Array, payload: Uint8Array, key: KeyObject): Buffer {
  const signature = sign('sha384', coseSign1ToBeSigned(protectedHeader, payload), {
    key,
    dsaEncoding: 'ieee-p1363',
  });
  return encodeCbor([protectedHeader, new Map(), payload, signature]);
}

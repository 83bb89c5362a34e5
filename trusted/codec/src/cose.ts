// SPDX-License-Identifier: Apache-2.0
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import type { DecodedCbor } from './cbor-value.ts';
import { CodecError } from './errors.ts';
import type { Limits } from './limits.ts';

/** COSE_Sign1_Tagged begins with tag 18 in one byte (RFC 9052 section 4.2). */
const TAG_18 = 0xd2;

/** The four parts of a COSE_Sign1. `protectedHeader` stays encoded: it is signed as these very bytes. All are views of the input. */
export type CoseSign1 = {
  readonly protectedHeader: Buffer;
  readonly unprotected: ReadonlyMap<string | number, DecodedCbor>;
  readonly payload: Buffer;
  readonly signature: Buffer;
};

/**
 * Parses a COSE_Sign1 (RFC 9052 section 4.2), untagged or under tag 18, with its payload attached. Checks the form alone:
 * not the algorithm, not the signature.
 *
 * @throws CodecError `cose_not_sign1`, or `cbor_*` where the input is not the CBOR that decodeCbor takes
 */
export function parseCoseSign1(bytes: Uint8Array, limits: Partial<Limits> = {}): CoseSign1 {
  const value = decodeCbor(bytes[0] === TAG_18 ? bytes.subarray(1) : bytes, limits);
  if (!Array.isArray(value) || value.length !== 4) throw new CodecError('cose_not_sign1');
  const [protectedHeader, unprotected, payload, signature]: readonly (DecodedCbor | undefined)[] = value;
  if (
    !Buffer.isBuffer(protectedHeader) ||
    !(unprotected instanceof Map) ||
    !Buffer.isBuffer(payload) ||
    !Buffer.isBuffer(signature)
  ) {
    throw new CodecError('cose_not_sign1');
  }
  return { protectedHeader, unprotected, payload, signature };
}

/** The bytes that a COSE_Sign1 signature is over: Sig_structure with context "Signature1" and no external data (RFC 9052 section 4.4). */
export function coseSign1ToBeSigned(protectedHeader: Uint8Array, payload: Uint8Array): Buffer {
  return encodeCbor(['Signature1', protectedHeader, new Uint8Array(0), payload]);
}

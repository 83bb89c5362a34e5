// SPDX-License-Identifier: Apache-2.0
import { createECDH, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { ASN1_TAG, childrenOf, contentOf, parseDer } from '@enclave-vault/codec';
import { derInteger, derSequence } from '@enclave-vault/emulator-pki';
import type { Signing } from './specs.ts';

/*
 * ECDSA over a digest that somebody else made (FIPS 186-5 section 6.4): node:crypto hashes what it signs, always. The
 * multiplication is OpenSSL's, by way of ECDH; the arithmetic around it is BigInt's and not of constant time, which is good
 * enough for a key of a developer's machine and for none other.
 */

/** @param pkcs8 DER of the private key @returns Ecdsa-Sig-Value, DER */
export function signDigest(pkcs8: Buffer, { curve, order }: Signing, digest: Buffer): Buffer {
  const d = privateScalar(pkcs8);
  const z = BigInt(`0x${digest.toString('hex')}`);
  for (;;) {
    // Eight bytes more than the order has: the bias of the remainder is below 2^-64 (FIPS 186-5 appendix A.3.1).
    const k = toInteger(randomBytes(digest.length + 8)) % order;
    if (k === 0n) continue;
    const r = multiplied(curve, k, digest.length) % order;
    const s = modulo(inverse(k, order) * (z + r * d), order);
    if (r === 0n || s === 0n) continue;
    return derSequence(derInteger(bytesOf(r, digest.length)), derInteger(bytesOf(s, digest.length)));
  }
}

/**
 * Verifies with the private key, which is at hand here: of a good signature s·k = z + r·d, so k follows, and k·G must
 * have the x coordinate r.
 */
export function verifyDigest(
  pkcs8: Buffer,
  { curve, order }: Signing,
  digest: Buffer,
  signature: Buffer,
): boolean {
  const parts = partsOf(signature);
  if (parts === null) return false;
  const [r, s] = parts;
  if (r <= 0n || r >= order || s <= 0n || s >= order) return false;
  const z = BigInt(`0x${digest.toString('hex')}`);
  const k = modulo(inverse(s, order) * (z + r * privateScalar(pkcs8)), order);
  return k !== 0n && multiplied(curve, k, digest.length) % order === r;
}

/** DER SubjectPublicKeyInfo. */
export function publicKeyOf(pkcs8: Buffer): Buffer {
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' });
}

function partsOf(signature: Buffer): readonly [bigint, bigint] | null {
  try {
    const members = childrenOf(parseDer(signature), ASN1_TAG.sequence);
    const [r, s] = members.map((member) => contentOf(member, ASN1_TAG.integer));
    // DER has a negative number's sign in the first bit.
    const good =
      members.length === 2 && [r, s].every((part) => part !== undefined && (part[0] ?? 0x80) < 0x80);
    return good && r !== undefined && s !== undefined ? [toInteger(r), toInteger(s)] : null;
  } catch {
    return null;
  }
}

function privateScalar(pkcs8: Buffer): bigint {
  const { d = '' } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  return toInteger(Buffer.from(d, 'base64url'));
}

/** The x coordinate of scalar·G. */
function multiplied(curve: Signing['curve'], scalar: bigint, length: number): bigint {
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey(bytesOf(scalar, length));
  return toInteger(ecdh.getPublicKey().subarray(1, 1 + length));
}

/** By Fermat, since the order is a prime. */
function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let base = modulo(value, prime);
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}

function modulo(value: bigint, prime: bigint): bigint {
  return ((value % prime) + prime) % prime;
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}

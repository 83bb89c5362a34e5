// SPDX-License-Identifier: Apache-2.0

/** Kinds of keys that the emulator makes: one for wrapping, two for signing. */
export const KEY_SPECS = ['SYMMETRIC_DEFAULT', 'ECC_NIST_P256', 'ECC_NIST_P384'] as const;
export type KeySpec = (typeof KEY_SPECS)[number];

/** What a key that signs does it with (KMS Developer Guide, "Key spec reference": each curve has one algorithm). */
export interface Signing {
  readonly algorithm: 'ECDSA_SHA_256' | 'ECDSA_SHA_384';
  readonly hash: 'sha256' | 'sha384';
  /** Of a digest, in bytes. */
  readonly digestLength: number;
  /** OpenSSL's name of the curve. */
  readonly curve: 'prime256v1' | 'secp384r1';
  /** Order of the curve's group (SP 800-186 section 3.2.1). */
  readonly order: bigint;
}

const SIGNING: Readonly<Record<Exclude<KeySpec, 'SYMMETRIC_DEFAULT'>, Signing>> = {
  ECC_NIST_P256: {
    algorithm: 'ECDSA_SHA_256',
    hash: 'sha256',
    digestLength: 32,
    curve: 'prime256v1',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  ECC_NIST_P384: {
    algorithm: 'ECDSA_SHA_384',
    hash: 'sha384',
    digestLength: 48,
    curve: 'secp384r1',
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
};

/** Null for a key that wraps. */
export function signingOf(spec: KeySpec): Signing | null {
  return spec === 'SYMMETRIC_DEFAULT' ? null : SIGNING[spec];
}

export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY';

/** Each kind of key has one usage here. */
export function usageOf(spec: KeySpec): KeyUsage {
  return spec === 'SYMMETRIC_DEFAULT' ? 'ENCRYPT_DECRYPT' : 'SIGN_VERIFY';
}

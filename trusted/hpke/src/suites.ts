// SPDX-License-Identifier: Apache-2.0
import { HpkeError } from './errors.ts';

/**
 * A ciphersuite of RFC 9180: a DHKEM over a NIST curve (section 7.1), HKDF over the hash of the same strength
 * (7.2), AES-256-GCM (7.3). The lengths, in bytes, carry the RFC's names in their comments.
 */
export interface Suite {
  readonly name: 'P-256' | 'P-384' | 'P-521';
  readonly kemId: number;
  readonly kdfId: number;
  readonly aeadId: number;
  /** OpenSSL's name of the curve. */
  readonly curve: string;
  /** OpenSSL's name of the hash. */
  readonly hash: string;
  /** Nh, and Nsecret, which is the same for these three. */
  readonly hashLength: number;
  /** Nsk, and Ndh, which is the same for these three. */
  readonly scalarLength: number;
  /** Nenc, and Npk, which is the same: an uncompressed point. */
  readonly encLength: number;
}

export const P256: Suite = Object.freeze({
  name: 'P-256',
  kemId: 0x0010,
  kdfId: 0x0001,
  aeadId: 0x0002,
  curve: 'prime256v1',
  hash: 'sha256',
  hashLength: 32,
  scalarLength: 32,
  encLength: 65,
});

export const P384: Suite = Object.freeze({
  name: 'P-384',
  kemId: 0x0011,
  kdfId: 0x0002,
  aeadId: 0x0002,
  curve: 'secp384r1',
  hash: 'sha384',
  hashLength: 48,
  scalarLength: 48,
  encLength: 97,
});

export const P521: Suite = Object.freeze({
  name: 'P-521',
  kemId: 0x0012,
  kdfId: 0x0003,
  aeadId: 0x0002,
  curve: 'secp521r1',
  hash: 'sha512',
  hashLength: 64,
  scalarLength: 66,
  encLength: 133,
});

const SUITES: readonly Suite[] = [P256, P384, P521];

/** RFC 9180 section 5.1: "HPKE" and the three ids, each u16 big-endian; 10 bytes. */
export function suiteId(suite: Suite): Buffer {
  const id = Buffer.from('HPKE\0\0\0\0\0\0', 'latin1');
  id.writeUInt16BE(suite.kemId, 4);
  id.writeUInt16BE(suite.kdfId, 6);
  id.writeUInt16BE(suite.aeadId, 8);
  return id;
}

/** The suite that a 10-byte id names. Throws `unknown_suite` for everything else. */
export function parseSuiteId(bytes: Uint8Array): Suite {
  const suite = SUITES.find((candidate) => suiteId(candidate).equals(bytes));
  if (suite === undefined) throw new HpkeError('unknown_suite');
  return suite;
}

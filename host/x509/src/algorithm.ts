// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { derNull, derOid, derSequence } from './der.ts';
import { PkiError } from './errors.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

export interface SignatureAlgorithm {
  readonly hash: HashName;
  /** DER AlgorithmIdentifier. */
  readonly identifier: Buffer;
}

/**
 * How a key signs a certificate: ECDSA (RFC 5758 section 3.2: no parameters) or RSASSA-PKCS1-v1_5 (RFC 4055 section 5: NULL).
 *
 * @param key the signer's, private or public
 * @param asked default sha384 under a P-384 key, sha256 under others
 * @throws PkiError `unsupported_key`
 */
export function signatureAlgorithm(key: KeyObject, asked?: HashName): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ec') {
    const hash = asked ?? (key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256');
    const number = { sha256: 2, sha384: 3, sha512: 4 }[hash];
    return { hash, identifier: derSequence(derOid(`1.2.840.10045.4.3.${number}`)) };
  }
  if (key.asymmetricKeyType === 'rsa') {
    const hash = asked ?? 'sha256';
    const number = { sha256: 11, sha384: 12, sha512: 13 }[hash];
    return { hash, identifier: derSequence(derOid(`1.2.840.113549.1.1.${number}`), derNull()) };
  }
  throw new PkiError('unsupported_key');
}

/** id-alg-unsigned (RFC 9925 section 3.1): nobody signed, and nobody is meant to verify. */
export const UNSIGNED: Buffer = derSequence(derOid('1.3.6.1.5.5.7.6.36'));

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { MAX_ATTESTATION_NONCE_BYTES, MAX_USER_DATA_BYTES, MIN_ATTESTATION_NONCE_BYTES } from './limits.ts';
import { bytes, decode, members, oneOf, version } from './read.ts';

/** What an attested public key is for: HPKE requests of callers, or KMS's Recipient. */
export const KEY_PURPOSES = ['enclave-vault/hpke', 'enclave-vault/kms-recipient'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/** `user_data` of the enclave's attestation documents: it keeps one key's document from passing for the other's. */
export interface AttestationUserData {
  readonly purpose: KeyPurpose;
  /** keyId() of the document's public_key. */
  readonly keyId: Uint8Array;
}

/** @returns SHA-256 of the key's DER SubjectPublicKeyInfo, 32 bytes */
export function keyId(publicKeySpki: Uint8Array): Buffer {
  return createHash('sha256').update(publicKeySpki).digest();
}

/** @returns canonical CBOR {purpose, version: 1, key_id} */
export function encodeUserData({ purpose, keyId: id }: AttestationUserData): Buffer {
  return encodeCbor(
    new Map<string, CborValue>([
      ['purpose', purpose],
      ['version', 1],
      ['key_id', id],
    ]),
  );
}

/** @throws ProtocolError `malformed` or `too_large` */
export function parseUserData(userData: Uint8Array): AttestationUserData {
  const what = 'user data';
  const member = members(decode(userData, what, MAX_USER_DATA_BYTES, 8), what, [
    'purpose',
    'version',
    'key_id',
  ]);
  version(member.version, what);
  return {
    purpose: oneOf(member.purpose, 'user data.purpose', KEY_PURPOSES),
    keyId: bytes(member.key_id, 'user data.key_id', 32, 32),
  };
}

/** @param nonce 16 to 64 bytes. @throws ProtocolError `malformed` */
export function encodeAttestationRequest(nonce: Uint8Array): Buffer {
  checkNonce(nonce);
  return encodeCbor(
    new Map<string, CborValue>([
      ['v', 1],
      ['nonce', nonce],
    ]),
  );
}

/** @returns the caller's nonce. @throws ProtocolError `malformed` or `too_large` */
export function parseAttestationRequest(message: Uint8Array): Buffer {
  const what = 'attestation request';
  const member = members(decode(message, what, MAX_ATTESTATION_NONCE_BYTES + 32, 8), what, ['v', 'nonce']);
  version(member.v, what);
  return checkNonce(member.nonce);
}

function checkNonce(nonce: CborValue): Buffer {
  return bytes(nonce, 'attestation nonce', MIN_ATTESTATION_NONCE_BYTES, MAX_ATTESTATION_NONCE_BYTES);
}

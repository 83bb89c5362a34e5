// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  encodeAttestationRequest,
  encodeUserData,
  keyId,
  parseAttestationRequest,
  parseUserData,
} from '../src/index.ts';
import { codeOf, edited } from './support.ts';

describe('attestation request', () => {
  test.each([16, 64])('a nonce of %i bytes', (length) => {
    const nonce = Buffer.alloc(length, 5);
    expect(parseAttestationRequest(encodeAttestationRequest(nonce))).toEqual(nonce);
  });

  test.each([0, 15, 65])('not of %i bytes', (length) => {
    const nonce = Buffer.alloc(length, 5);
    const forged = edited(encodeAttestationRequest(Buffer.alloc(16)), { nonce });
    expect(codeOf(() => encodeAttestationRequest(nonce))).toBe('malformed');
    expect(codeOf(() => parseAttestationRequest(forged))).toBe('malformed');
  });

  test.each([
    ['unknown member', { public_key: Buffer.alloc(10) }],
    ['version', { v: 2 }],
    ['nonce as text', { nonce: 'a'.repeat(16) }],
  ])('refuses a wrong %s', (_, change) => {
    const bytes = edited(encodeAttestationRequest(Buffer.alloc(16)), change);
    expect(codeOf(() => parseAttestationRequest(bytes))).toBe('malformed');
  });

  test('over its size it is not decoded', () => {
    expect(codeOf(() => parseAttestationRequest(Buffer.alloc(97)))).toBe('too_large');
  });
});

describe('user data', () => {
  const id = keyId(Buffer.from('a key'));

  test('round trip; the id is the digest of the key', () => {
    expect(id).toEqual(createHash('sha256').update('a key').digest());
    for (const purpose of ['enclave-vault/hpke', 'enclave-vault/kms-recipient'] as const) {
      expect(parseUserData(encodeUserData({ purpose, keyId: id }))).toEqual({ purpose, keyId: id });
    }
  });

  test.each([
    ['purpose', { purpose: 'enclave-vault/other' }],
    ['version', { version: 2 }],
    ['key id', { key_id: id.subarray(1) }],
    ['longer key id', { key_id: Buffer.alloc(33) }],
    ['member', { extra: null }],
  ])('refuses a wrong %s', (_, change) => {
    const bytes = edited(encodeUserData({ purpose: 'enclave-vault/hpke', keyId: id }), change);
    expect(codeOf(() => parseUserData(bytes))).toBe('malformed');
  });
});

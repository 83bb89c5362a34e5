// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AWS_NITRO_ROOT,
  AWS_NITRO_ROOT_SHA256,
  unsafeParseAttestation,
  verifyAttestation,
} from '../src/index.ts';

const vector = (name: string): Buffer =>
  readFileSync(new URL(`../../../tests/vectors/nitro-attestation-${name}.cose`, import.meta.url));
const production = vector('production');
const debug = vector('debug');
/** When the two documents were made. */
const AT = Date.UTC(2022, 9, 13, 8, 58, 2, 136);
const DEBUG_AT = 1_665_582_606_081;
const refusal = (code: string) => expect.objectContaining({ name: 'AttestationError', code });

describe('the pinned root', () => {
  it('is the one of AWS, by fingerprint and name', () => {
    const root = new X509Certificate(AWS_NITRO_ROOT);
    expect(createHash('sha256').update(root.raw).digest('hex')).toBe(AWS_NITRO_ROOT_SHA256);
    expect(AWS_NITRO_ROOT_SHA256).toBe('641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b');
    expect(root.subject).toBe('C=US\nO=Amazon\nOU=AWS\nCN=aws.nitro-enclaves');
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.validFromDate.toISOString()).toBe('2019-10-28T13:28:05.000Z');
    expect(root.validToDate.toISOString()).toBe('2049-10-28T14:28:05.000Z');
  });
  it.each([production, debug])('is the first certificate of a real document', (document) => {
    const [first] = unsafeParseAttestation(document).cabundle;
    expect(first?.equals(new X509Certificate(AWS_NITRO_ROOT).raw)).toBe(true);
  });
});

describe('a real document of a production enclave', () => {
  it('verifies at its own time', () => {
    const verified = verifyAttestation(production, { at: AT, production: true });
    expect(verified.moduleId).toBe('i-020b6af9246d90e92-enc0183d09086c24190');
    expect(verified.timestamp).toBe(AT);
    expect(verified.production).toBe(true);
    expect([...verified.pcrs.keys()]).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(verified.pcrs.get(0)?.toString('hex')).toMatch(/^f4d48b81a460c9916d1e/);
    expect(verified.nonce).toHaveLength(256);
    expect(verified.publicKey).toBeUndefined();
    expect(verified.userData).toBeUndefined();
    expect(verified.certificateNotBefore).toBe(Date.UTC(2022, 9, 13, 8, 57, 59));
    expect(verified.certificateNotAfter).toBe(Date.UTC(2022, 9, 13, 11, 58, 2));
  });
  it.each([
    ['a second before the leaf', Date.UTC(2022, 9, 13, 8, 57, 58, 999), 'certificate_not_yet_valid'],
    ['a moment after the leaf', Date.UTC(2022, 9, 13, 11, 58, 2, 1), 'certificate_expired'],
    ['today', Date.UTC(2026, 0, 1), 'certificate_expired'],
    ['before there was a root', Date.UTC(2019, 0, 1), 'certificate_not_yet_valid'],
  ])('is refused %s', (_when, at, code) => {
    expect(() => verifyAttestation(production, { at })).toThrow(refusal(code));
  });
  it('verifies under tag 18', () => {
    const tagged = Buffer.concat([Buffer.of(0xd2), production]);
    expect(verifyAttestation(tagged, { at: AT }).moduleId).toMatch(/^i-/);
  });
});

describe('a real document of an enclave in debug mode', () => {
  it('passes every check of chain and signature and is refused for its zero registers', () => {
    expect(() => verifyAttestation(debug, { at: DEBUG_AT })).toThrow(
      expect.objectContaining({ code: 'debug_mode', pcrs: [0, 1, 2] }),
    );
    const broken = Buffer.from(debug);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    expect(() => verifyAttestation(broken, { at: DEBUG_AT })).toThrow(refusal('signature_invalid'));
  });
  it('cannot be let through by a policy that expects zeros', () => {
    const zeros = ['0'.repeat(96)];
    expect(() => verifyAttestation(debug, { at: DEBUG_AT, pcrs: { 0: zeros, 1: zeros, 2: zeros } })).toThrow(
      refusal('debug_mode'),
    );
  });
});

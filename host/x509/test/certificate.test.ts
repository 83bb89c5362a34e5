// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { parseDer } from '@enclave-vault/codec';
import { describe, expect, it } from 'vitest';
import {
  type CertificateProfile,
  certify,
  type DigestSigner,
  nameConstraints,
  signatureAlgorithm,
  subjectOf,
  unsignedCertificate,
} from '../src/index.ts';

const NOW = Math.floor(Date.now() / 1000) * 1000;
const DAY = 86_400_000;
const authority = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const subject = generateKeyPairSync('ec', { namedCurve: 'P-384' });

/** What a KMS does with a digest; node:crypto signs messages only, so the message is looked up. */
const signerOf =
  (message: () => Buffer): DigestSigner =>
  async (digest, { hash }) => {
    expect(digest).toEqual(createHash(hash).update(message()).digest());
    return sign(hash, message(), authority.privateKey);
  };

const ROOT: CertificateProfile = {
  subject: 'a root',
  notBefore: 0,
  notAfter: Date.UTC(9999, 11, 31, 23, 59, 59),
  ca: true,
  pathLen: 0,
  keyUsage: ['keyCertSign'],
  serial: Buffer.of(1),
};
const LEAF: CertificateProfile = {
  subject: 'a leaf',
  notBefore: NOW,
  notAfter: NOW + DAY,
  ca: false,
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['clientAuth'],
  san: { uri: ['spiffe://example.internal/a'], dns: ['a.example.internal'] },
};

describe('certify', () => {
  const root = unsignedCertificate(ROOT, authority.publicKey);
  const issuer = { name: subjectOf(root.der), publicKey: authority.publicKey };

  it('gives the digest of what is certified to whoever signs, and takes the signature as it comes', async () => {
    let tbs = Buffer.alloc(0);
    const seen: Buffer[] = [];
    const draft = await certify(LEAF, subject.publicKey, issuer, async (digest) => {
      seen.push(digest);
      return Buffer.from('no signature');
    });
    expect(seen[0]).toHaveLength(48);
    expect(new X509Certificate(draft.der).verify(authority.publicKey)).toBe(false);

    const serial = { ...LEAF, serial: Buffer.of(7) };
    const once = await certify(serial, subject.publicKey, issuer, async () => Buffer.of(0));
    tbs = Buffer.from(parseDer(once.der).children?.[0]?.bytes ?? []);
    const real = new X509Certificate(
      (
        await certify(
          serial,
          subject.publicKey,
          issuer,
          signerOf(() => tbs),
        )
      ).pem,
    );
    expect(real.verify(authority.publicKey)).toBe(true);
    expect(real.checkIssued(new X509Certificate(root.der))).toBe(true);
    expect(real.publicKey.equals(subject.publicKey)).toBe(true);
    expect(real.subjectAltName).toBe('DNS:a.example.internal, URI:spiffe://example.internal/a');
    expect(real.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(real.issuer).toBe('CN=a root');
  });

  it('passes on what the signer throws', async () => {
    const refusal = new Error('no');
    await expect(certify(LEAF, subject.publicKey, issuer, () => Promise.reject(refusal))).rejects.toBe(
      refusal,
    );
  });

  it('refuses a key that it has no algorithm for', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(() => signatureAlgorithm(publicKey)).toThrow(expect.objectContaining({ code: 'unsupported_key' }));
    expect(() => subjectOf('nothing')).toThrow(expect.objectContaining({ code: 'invalid_issuer' }));
  });
});

describe('unsignedCertificate', () => {
  it('is the same bytes for the same profile and key, with an empty signature (RFC 9925)', () => {
    const { der } = unsignedCertificate(ROOT, authority.publicKey);
    expect(unsignedCertificate(ROOT, authority.publicKey).der).toEqual(der);
    const [, algorithm, signature] = parseDer(der).children ?? [];
    expect(Buffer.from(algorithm?.bytes ?? []).toString('hex')).toBe('300a06082b06010505070624');
    expect(Buffer.from(signature?.bytes ?? []).toString('hex')).toBe('030100');
    const parsed = new X509Certificate(der);
    expect([parsed.ca, parsed.subject, parsed.issuer]).toEqual([true, 'CN=a root', 'CN=a root']);
    expect(parsed.publicKey.equals(createPublicKey(authority.privateKey))).toBe(true);
    expect(parsed.validToDate.getUTCFullYear()).toBe(9999);
  });

  it('writes name constraints as they stand in RFC 5280', () => {
    const { value, critical } = nameConstraints({ dns: ['a.b'], uriHost: ['c.d'] });
    expect(critical).toBe(true);
    expect(value.toString('hex')).toBe('3010a00e30058203612e6230058603632e64');
  });
});

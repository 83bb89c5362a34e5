// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, connect as tlsConnect } from 'node:tls';
import { parseDer } from '@enclave-vault/codec';
import { describe, expect, it } from 'vitest';
import { type CertificateRequest, issueCertificate } from '../src/index.ts';
import { hasOpenssl, openssl } from './openssl.ts';

const DAY = 86_400_000;
// The TLS stack knows no other time than the machine's.
const NOW = Math.floor(Date.now() / 1000) * 1000;
const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const validity = { notBefore: NOW - DAY, notAfter: NOW + DAY };

function authority(key: KeyObject, more: Partial<CertificateRequest> = {}) {
  const request: CertificateRequest = {
    subject: [
      ['O', 'Tests'],
      ['CN', 'An authority'],
    ],
    key,
    ...validity,
    ca: true,
    keyUsage: ['keyCertSign', 'cRLSign'],
    ...more,
  };
  return { key, certificate: issueCertificate(request).pem };
}

describe.each([
  ['P-384', ec('P-384'), 'sha384'],
  ['P-256', ec('P-256'), 'sha256'],
  ['RSA', rsa, 'sha256'],
] as const)('an authority on %s', (_name, key, hash) => {
  const issuer = authority(key);
  const server = ec('P-256');
  const leaf = issueCertificate({
    subject: 'localhost',
    key: createPublicKey(server),
    issuer,
    ...validity,
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    san: { dns: ['localhost', 'kms.test.vault.internal'], ip: ['127.0.0.1', '::1'] },
  });
  const parsed = new X509Certificate(leaf.der);
  const ca = new X509Certificate(issuer.certificate);

  it('issues what Node parses back to what was asked', () => {
    expect(parsed.subject).toBe('CN=localhost');
    expect(parsed.issuer).toBe('O=Tests\nCN=An authority');
    expect(parsed.subjectAltName).toBe(
      'DNS:localhost, DNS:kms.test.vault.internal, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(parsed.validFromDate.getTime()).toBe(validity.notBefore);
    expect(parsed.validToDate.getTime()).toBe(validity.notAfter);
    expect(parsed.ca).toBe(false);
    expect(ca.ca).toBe(true);
    expect(parsed.publicKey.equals(createPublicKey(server))).toBe(true);
    expect(parsed.signatureAlgorithm?.toLowerCase()).toContain(hash);
  });

  it('is the issuer by name, key identifier and signature', () => {
    expect(parsed.checkIssued(ca)).toBe(true);
    expect(parsed.verify(createPublicKey(key))).toBe(true);
    expect(parsed.verify(createPublicKey(ec('P-384')))).toBe(false);
  });

  it('serves TLS to a client that knows the authority alone', async () => {
    const listener = createServer({ cert: leaf.pem, key: server.export({ format: 'pem', type: 'pkcs8' }) });
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const fresh = { host: '127.0.0.1', port, servername: 'localhost' };
    try {
      const client = tlsConnect({ ...fresh, ca: issuer.certificate });
      await once(client, 'secureConnect');
      expect(client.authorized).toBe(true);
      client.destroy();
      const stranger = tlsConnect(fresh);
      const [refusal] = await once(stranger, 'error').catch((error: unknown) => [error]);
      expect(refusal).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    } finally {
      listener.close();
    }
  });

  it.runIf(hasOpenssl)(
    'passes openssl verify with X.509 strictness, for the purpose and name it was issued for',
    () => {
      const files = { 'ca.pem': issuer.certificate, 'leaf.pem': leaf.pem };
      const at = ['-attime', String(NOW / 1000), '-x509_strict', '-CAfile', 'ca.pem'];
      const verify = (...more: string[]): string => {
        const { stdout, stderr } = openssl(['verify', ...at, ...more, 'leaf.pem'], files);
        return `${stdout}${stderr}`;
      };
      expect(verify('-purpose', 'sslserver', '-verify_hostname', 'localhost')).toContain('leaf.pem: OK');
      expect(verify('-purpose', 'sslserver', '-verify_ip', '::1')).toContain('leaf.pem: OK');
      expect(verify('-verify_hostname', 'elsewhere')).toContain('hostname mismatch');
      expect(verify('-purpose', 'sslclient')).toContain('unsuitable certificate purpose');
    },
  );
});

describe('certificate fields', () => {
  const key = ec('P-384');
  const extensionText = (request: Partial<CertificateRequest>): string => {
    const { der } = issueCertificate({ subject: 'x', key, ...validity, keyIdentifiers: false, ...request });
    return openssl(['x509', '-inform', 'DER', '-in', 'c.der', '-noout', '-text'], {
      'c.der': der,
    }).stdout.toString();
  };

  it('has no extensions at all where none is asked for', () => {
    const { der } = issueCertificate({ subject: 'x', key, ...validity, keyIdentifiers: false });
    expect(new X509Certificate(der).keyUsage).toBeUndefined();
    // Version, serial, algorithm, issuer, validity, subject, key: an eighth would be the extensions. Bytes of key and signature may be any.
    expect(parseDer(der).children?.[0]?.children).toHaveLength(7);
  });

  it('writes times from 2050 on as GeneralizedTime', () => {
    const after = Date.UTC(2050, 0, 1);
    const { der } = issueCertificate({ subject: 'x', key, notBefore: after - 1000, notAfter: after });
    expect(der.includes(Buffer.from('491231235959Z'))).toBe(true);
    expect(der.includes(Buffer.from('20500101000000Z'))).toBe(true);
    expect(new X509Certificate(der).validToDate.getTime()).toBe(after);
  });

  it.runIf(hasOpenssl)('writes path length, usages and their criticality', () => {
    const text = extensionText({ ca: true, pathLen: 0, keyUsage: ['keyCertSign'] });
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\s/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign\s/);
    const end = extensionText({
      ca: false,
      keyUsage: ['digitalSignature', 'nonRepudiation'],
      keyUsageCritical: false,
    });
    expect(end).toMatch(/Basic Constraints: critical\s+CA:FALSE\s/);
    expect(end).toMatch(/Key Usage: \s+Digital Signature, Non Repudiation\s/);
  });

  it.each([
    ['a public key without an issuer', { key: createPublicKey(key) }, 'issuer_required'],
    ['an issuer that is no certificate', { issuer: { certificate: 'nothing', key } }, 'invalid_issuer'],
    ['an empty name', { subject: '' }, 'invalid_name'],
    ['a time that is none', { notAfter: Number.NaN }, 'invalid_time'],
    ['an address of five parts', { san: { ip: ['1.2.3.4.5'] } }, 'invalid_address'],
    ['an address of nine groups', { san: { ip: ['1:2:3:4:5:6:7:8:9'] } }, 'invalid_address'],
    ['an address with two gaps', { san: { ip: ['1::2::3'] } }, 'invalid_address'],
    ['an Ed25519 issuer', { key: generateKeyPairSync('ed25519').privateKey }, 'unsupported_key'],
  ] as [string, Partial<CertificateRequest>, string][])('refuses %s', (_what, more, code) => {
    expect(() => issueCertificate({ subject: 'x', key, ...validity, ...more })).toThrow(
      expect.objectContaining({ name: 'PkiError', code }),
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Asn1Element,
  type DecodedCbor,
  decodeCbor,
  parseCoseSign1,
  parseDer,
} from '@enclave-vault/codec';
import { describe, expect, it } from 'vitest';
import {
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  DEVELOPMENT_ROOT_NAME,
  loadNitroRoot,
  lockedPcrs,
  toPem,
} from '../src/index.ts';
import { hasOpenssl, openssl } from './openssl.ts';

const AT = Date.UTC(2026, 5, 1, 12);
const real = readFileSync(
  new URL('../../../tests/vectors/nitro-attestation-production.cose', import.meta.url),
);
const root = createNitroRoot(AT);
const chain = buildNitroChain({ root, at: AT, region: 'us-east-1' });
const document = buildAttestationDocument({
  chain,
  timestamp: AT,
  pcrs: lockedPcrs({ 0: Buffer.alloc(48, 1) }),
  nonce: Buffer.alloc(256),
});

type Payload = ReadonlyMap<string, DecodedCbor>;
const payloadOf = (bytes: Uint8Array): Payload => decodeCbor(parseCoseSign1(bytes).payload) as Payload;
const certificatesOf = (bytes: Uint8Array): Buffer[] => {
  const payload = payloadOf(bytes);
  return [...(payload.get('cabundle') as Buffer[]), payload.get('certificate') as Buffer];
};

/** Keys, types and sizes of a value, without what differs from one document to the next. */
function shape(value: DecodedCbor): unknown {
  if (Buffer.isBuffer(value)) return 'bytes';
  if (Array.isArray(value)) return value.map(shape);
  if (value instanceof Map) return [...value].map(([key, inner]) => [key, shape(inner)]);
  return value === null ? null : typeof value;
}

/** Tags of a certificate, with object identifiers. Contents of extensions and CRL distribution points (which only AWS has) aside. */
function certificateShape(element: Asn1Element): unknown {
  if (element.children === null) return element.tag === 6 ? element.content.toString('hex') : element.tag;
  const isCrlPoints = element.children[0]?.content.equals(Buffer.from('551d1f', 'hex'));
  if (isCrlPoints) return 'crl';
  return [element.tag, ...element.children.map(certificateShape).filter((inner) => inner !== 'crl')];
}

describe('an attestation document', () => {
  it('has the shape of a real one: header bytes, key order, types, registers, nulls', () => {
    expect(shape(payloadOf(document))).toEqual(shape(payloadOf(real)));
    expect(document.subarray(0, 8).equals(real.subarray(0, 8))).toBe(true);
    expect(parseCoseSign1(document).signature).toHaveLength(96);
    expect(payloadOf(document).get('digest')).toBe(payloadOf(real).get('digest'));
  });

  it('has certificates of the shape of the real ones, in which only the CRL addresses are missing', () => {
    const ours = certificatesOf(document).map((der) => certificateShape(parseDer(der)));
    const theirs = certificatesOf(real).map((der) => certificateShape(parseDer(der)));
    expect(ours).toEqual(theirs);
  });

  it('has extensions of the same values, key identifiers apart', () => {
    const text = (der: Buffer): unknown => {
      const { ca, keyUsage } = new X509Certificate(der);
      return { ca, keyUsage, constraints: basicConstraintsOf(der) };
    };
    expect(certificatesOf(document).map(text)).toEqual(certificatesOf(real).map(text));
  });

  it('carries what it is given, and lists a locked register beyond 15', () => {
    const payload = payloadOf(
      buildAttestationDocument({
        chain,
        timestamp: AT,
        pcrs: lockedPcrs({ 16: Buffer.alloc(48, 16) }),
        publicKey: Buffer.from('pk'),
        userData: Buffer.from('ud'),
      }),
    );
    const pcrs = payload.get('pcrs') as ReadonlyMap<number, Buffer>;
    expect([...pcrs.keys()]).toEqual(Array.from({ length: 17 }, (_, index) => index));
    expect(pcrs.get(16)?.equals(Buffer.alloc(48, 16))).toBe(true);
    expect([payload.get('public_key'), payload.get('user_data'), payload.get('nonce')].map(String)).toEqual([
      'pk',
      'ud',
      'null',
    ]);
    expect(payload.get('module_id')).toBe(chain.moduleId);
  });
});

describe('a chain', () => {
  it('begins with a root that says it is a development one', () => {
    expect(new X509Certificate(chain.cabundle[0] ?? '').subject).toContain(`CN=${DEVELOPMENT_ROOT_NAME}`);
    expect(chain.cabundle[0]?.equals(root.certificate)).toBe(true);
  });

  it('links each certificate to the one above', () => {
    const all = [...chain.cabundle, chain.certificate].map((der) => new X509Certificate(der));
    all.forEach((certificate, index) => {
      const issuer = all[Math.max(0, index - 1)] ?? certificate;
      expect(certificate.checkIssued(issuer)).toBe(true);
      expect(certificate.verify(issuer.publicKey)).toBe(true);
    });
    expect(all).toHaveLength(5);
  });

  it('ends with a leaf of about three hours whose key signs', () => {
    const leaf = new X509Certificate(chain.certificate);
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(10_803_000);
    expect(chain.notAfter).toBe(leaf.validToDate.getTime());
    expect(leaf.checkPrivateKey(chain.privateKey)).toBe(true);
    expect(chain.moduleId).toMatch(/^i-[0-9a-f]{17}-enc[0-9a-f]{16}$/);
  });

  it('comes from a root read back from PEM', () => {
    const pem = toPem(root.certificate);
    const key = root.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const again = loadNitroRoot(pem, key);
    expect(again.certificate.equals(root.certificate)).toBe(true);
    expect(
      new X509Certificate(buildNitroChain({ root: again, at: AT }).cabundle[1] ?? '').verify(
        new X509Certificate(pem).publicKey,
      ),
    ).toBe(true);
    expect(() => loadNitroRoot(toPem(createNitroRoot(AT).certificate), key)).toThrow('invalid_issuer');
  });

  it.runIf(hasOpenssl)('passes openssl verify', () => {
    const files: Record<string, string> = {
      'leaf.pem': toPem(chain.certificate),
      'root.pem': toPem(root.certificate),
    };
    files['between.pem'] = chain.cabundle.slice(1).map(toPem).join('');
    const { stdout, stderr } = openssl(
      [
        'verify',
        '-attime',
        String(AT / 1000),
        '-CAfile',
        'root.pem',
        '-untrusted',
        'between.pem',
        'leaf.pem',
      ],
      files,
    );
    expect(`${stdout}${stderr}`).toContain('leaf.pem: OK');
  });
});

/** Value of the basicConstraints extension, which holds the path length. */
function basicConstraintsOf(der: Buffer): string | undefined {
  const extensions = parseDer(der).children?.[0]?.children?.at(-1)?.children?.[0]?.children ?? [];
  const found = extensions.find(({ children }) =>
    children?.[0]?.content.equals(Buffer.from('551d13', 'hex')),
  );
  return found?.children?.at(-1)?.content.toString('hex');
}

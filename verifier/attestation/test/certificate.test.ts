// SPDX-License-Identifier: Apache-2.0
/** Certificates written byte by byte: each leaf below is properly signed by its issuer, and wrong in one thing. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ASN1_TAG, parseDer } from '@enclave-vault/codec';
import {
  assembleNitroChain,
  der,
  derBitString,
  derBoolean,
  derContext,
  derContextPrimitive,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  encodeName,
  issueChain,
  nitroProfiles,
} from '@enclave-vault/emulator-pki';
import { describe, expect, it } from 'vitest';
import type { AttestationErrorCode } from '../src/index.ts';
import { AT, chainWith, documentOf, expectRefusal, root, verify } from './support.ts';

const { chain: profiles, moduleId } = nitroProfiles(AT);
const issued = issueChain(profiles, root);
const [, , instance, leaf] = issued as [
  (typeof issued)[0],
  (typeof issued)[0],
  (typeof issued)[0],
  (typeof issued)[0],
];

const SHA384 = derSequence(derOid('1.2.840.10045.4.3.3'));
const SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'));
const OID = { keyUsage: '2.5.29.15', basicConstraints: '2.5.29.19' };

type Fields = Buffer[];
const tbsOf = (certificate: Buffer): Fields =>
  parseDer(certificate).children?.[0]?.children?.map(({ bytes }) => bytes) ?? [];
const subjectOf = (certificate: Buffer): Buffer => tbsOf(certificate)[5] ?? Buffer.alloc(0);
const [VERSION, SERIAL, ALGORITHM, VALIDITY, SUBJECT, EXTENSIONS] = [0, 1, 2, 4, 5, 7] as const;

/** The leaf with its TBSCertificate's fields edited and signed anew, in a document. */
function leafWith(
  edit: (fields: Fields) => void,
  { algorithm = SHA384, after = [] as Buffer[], wrap = derBitString } = {},
): Buffer {
  const fields = tbsOf(leaf.certificate);
  edit(fields);
  const tbs = derSequence(...fields);
  const hash = algorithm.equals(SHA256) ? 'sha256' : 'sha384';
  const certificate = derSequence(tbs, algorithm, wrap(sign(hash, tbs, instance.privateKey)), ...after);
  const chain = assembleNitroChain(root, [...issued.slice(0, 3), leaf], moduleId);
  return documentOf({ chain: { ...chain, certificate } });
}
const field = (index: number, value: Buffer): Buffer => leafWith((fields) => fields.splice(index, 1, value));
/** With a short subject, to stay under 1024 bytes. */
const withKey = (spki: Buffer): Buffer =>
  leafWith((fields) => fields.splice(SUBJECT, 2, encodeName('x'), spki));
const extensions = (...list: Buffer[]): Buffer => field(EXTENSIONS, derContext(3, derSequence(...list)));
const extension = (oid: string, ...rest: Buffer[]): Buffer => derSequence(derOid(oid), ...rest);

const usage = extension(OID.keyUsage, derOctetString(Buffer.from('03020780', 'hex')));
const constraints = (...members: Buffer[]): Buffer =>
  extension(OID.basicConstraints, derBoolean(true), derOctetString(derSequence(...members)));
const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const ecSpki = (namedCurve: string): Buffer => spkiOf(generateKeyPairSync('ec', { namedCurve }).publicKey);

describe('a certificate made by hand', () => {
  it('passes where nothing is changed', () => {
    expect(verify(leafWith(() => undefined)).moduleId).toBe(moduleId);
    expect(verify(extensions(constraints(), usage)).moduleId).toBe(moduleId);
  });

  it.each<[string, Buffer, AttestationErrorCode]>([
    ['of version 1', field(VERSION, derContext(0, derInteger(0))), 'certificate_malformed'],
    ['of version 2', field(VERSION, derContext(0, derInteger(1))), 'certificate_malformed'],
    ['of version 4', field(VERSION, derContext(0, derInteger(3))), 'certificate_malformed'],
    ['of no version', leafWith((fields) => fields.splice(VERSION, 1)), 'certificate_malformed'],
    ['without extensions', leafWith((fields) => fields.splice(EXTENSIONS, 1)), 'certificate_malformed'],
    [
      'with a unique identifier',
      leafWith((fields) => fields.splice(EXTENSIONS, 0, derContextPrimitive(1, Buffer.of(0, 1)))),
      'certificate_malformed',
    ],
    ['with a member more', leafWith(() => undefined, { after: [derNull()] }), 'certificate_malformed'],
    [
      'with a signature in an octet string',
      leafWith(() => undefined, { wrap: derOctetString }),
      'certificate_malformed',
    ],
    [
      'that the DER reader takes and OpenSSL does not',
      field(SERIAL, der(ASN1_TAG.integer)),
      'certificate_malformed',
    ],
    [
      'signed with SHA-256',
      leafWith((fields) => fields.splice(ALGORITHM, 1, SHA256), { algorithm: SHA256 }),
      'certificate_algorithm',
    ],
    ['that says SHA-256 inside and SHA-384 outside', field(ALGORITHM, SHA256), 'certificate_algorithm'],
    [
      'that says SHA-384 inside and SHA-256 outside',
      leafWith(() => undefined, { algorithm: SHA256 }),
      'certificate_algorithm',
    ],
    [
      'whose algorithm has parameters',
      field(ALGORITHM, derSequence(derOid('1.2.840.10045.4.3.3'), derNull())),
      'certificate_algorithm',
    ],
  ])('is refused %s', (_what, document, code) => {
    expectRefusal(code, document);
  });
});

describe('its key', () => {
  const good = ecSpki('P-384');
  const offCurve = Buffer.from(good);
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  const compressed = Buffer.concat([Buffer.of(2 + ((good.at(-1) ?? 0) & 1)), good.subarray(24, 72)]);

  it.each<[string, Buffer]>([
    ['P-256', ecSpki('P-256')],
    ['secp256k1', ecSpki('secp256k1')],
    ['brainpool P-384', ecSpki('brainpoolP384r1')],
    ['RSA of 2048 bits', spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['Ed25519', spkiOf(generateKeyPairSync('ed25519').publicKey)],
    [
      'P-384 by its parameters',
      spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384', paramEncoding: 'explicit' }).publicKey),
    ],
    ['P-384, compressed', derSequence(parseDer(good).children?.[0]?.bytes ?? good, derBitString(compressed))],
    ['a point off the curve', offCurve],
    ['another key of the same length', Buffer.concat([good.subarray(0, 10), Buffer.alloc(110, 1)])],
  ])('is refused: %s', (_what, spki) => {
    // Where OpenSSL does not even parse such a key, the certificate is refused as a whole.
    expect(() => verify(withKey(spki))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^certificate_(key|malformed)$/) }),
    );
  });
  it('is refused by its form though it is as long as one of P-384', () => {
    const rsa = spkiOf(generateKeyPairSync('rsa', { modulusLength: 720 }).publicKey);
    expect(rsa).toHaveLength(good.length);
    expectRefusal('certificate_key', withKey(rsa));
  });
  it('off the curve is named as the reason', () => expectRefusal('certificate_key', withKey(offCurve)));
});

describe('its extensions', () => {
  it.each<[string, Buffer]>([
    ['two lists', field(EXTENSIONS, derContext(3, derSequence(constraints(), usage), derSequence()))],
    ['under another tag', field(EXTENSIONS, derContext(2, derSequence(constraints(), usage)))],
    ['one without a value', extensions(constraints(), usage, extension('1.2.3.4'))],
    [
      'one with a member more',
      extensions(
        constraints(),
        usage,
        extension('1.2.3.4', derBoolean(true), derNull(), derOctetString(Buffer.alloc(0))),
      ),
    ],
    [
      'one that says FALSE for critical, the default',
      extensions(
        constraints(),
        usage,
        extension('1.2.3.4', derBoolean(false), derOctetString(Buffer.alloc(1))),
      ),
    ],
    ['basicConstraints that say FALSE, the default', extensions(constraints(derBoolean(false)), usage)],
    [
      'basicConstraints with a member more',
      extensions(constraints(derBoolean(true), derInteger(0), derNull()), usage),
    ],
    ['basicConstraints with a path length and no CA', extensions(constraints(derInteger(0)), usage)],
    [
      'basicConstraints followed by a byte',
      extensions(
        extension(OID.basicConstraints, derBoolean(true), derOctetString(Buffer.from('300000', 'hex'))),
        usage,
      ),
    ],
    [
      'a key usage with a trailing zero',
      extensions(constraints(), extension(OID.keyUsage, derOctetString(Buffer.from('0303078000', 'hex')))),
    ],
  ])('are refused: %s', (_what, document) => {
    // OpenSSL refuses some of these itself.
    expect(() => verify(document)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^certificate_(extension|malformed)$/) }),
    );
  });
});

describe('its extensions, each by what decides', () => {
  it('a known one that says FALSE for critical, the default, is refused', () => {
    const value = derOctetString(Buffer.from('03020780', 'hex'));
    const document = extensions(constraints(), extension(OID.keyUsage, derBoolean(false), value));
    expectRefusal('certificate_extension', document);
  });
  it('an authority key identifier without a key identifier is not compared with the issuer’s', () => {
    const authority = extension(
      '2.5.29.35',
      derOctetString(derSequence(derContextPrimitive(2, Buffer.of(1)))),
    );
    const zonal = issued[1];
    if (zonal === undefined) throw new Error('no zonal');
    // The zonal has a subject key identifier, and issues this leaf.
    const tbs = tbsOf(leaf.certificate);
    tbs.splice(3, 1, subjectOf(zonal.certificate));
    tbs.splice(EXTENSIONS, 1, derContext(3, derSequence(constraints(), usage, authority)));
    const signed = derSequence(...tbs);
    const certificate = derSequence(signed, SHA384, derBitString(sign('sha384', signed, zonal.privateKey)));
    const chain = assembleNitroChain(root, [...issued.slice(0, 2), leaf], moduleId);
    expect(verify(documentOf({ chain: { ...chain, certificate } })).moduleId).toBe(moduleId);
  });
});

describe('its validity', () => {
  const time = (text: string): Buffer => der(ASN1_TAG.utcTime, Buffer.from(text));
  it('includes both ends', () => {
    const chain = chainWith(([a, b, c, d]) => [a, b, c, { ...d, notBefore: AT, notAfter: AT }]);
    expect(verify(documentOf({ chain })).certificateNotAfter).toBe(AT);
    expectRefusal('certificate_not_yet_valid', documentOf({ chain }), { at: AT - 1 });
    expectRefusal('certificate_expired', documentOf({ chain }), { at: AT + 1 });
  });
  it('may be written in GeneralizedTime, with Z', () => {
    const generalized = (text: string): Buffer => der(ASN1_TAG.generalizedTime, Buffer.from(text));
    const end = generalized('20600101000000Z');
    expect(verify(field(VALIDITY, derSequence(time('260101000000Z'), end))).certificateNotAfter).toBe(
      Date.UTC(2060, 0, 1),
    );
    const offset = generalized('20600101000000+0000');
    expectRefusal('certificate_malformed', field(VALIDITY, derSequence(time('260101000000Z'), offset)));
  });
  it.each<[string, number, string]>([
    ['a year of four digits in UTCTime', ASN1_TAG.utcTime, '20260101000000Z'],
    ['something after the Z in UTCTime', ASN1_TAG.utcTime, '260101000000Z0'],
    ['more digits in GeneralizedTime', ASN1_TAG.generalizedTime, '0020260101000000Z'],
    ['something after the Z in GeneralizedTime', ASN1_TAG.generalizedTime, '20260101000000Z0'],
    ['a year of two digits in GeneralizedTime', ASN1_TAG.generalizedTime, '260101000000Z'],
  ])('is refused by its form: %s', (_what, tag, text) => {
    const begin = der(tag, Buffer.from(text));
    expectRefusal('certificate_malformed', field(VALIDITY, derSequence(begin, time('490101000000Z'))));
    expectRefusal('certificate_malformed', field(VALIDITY, derSequence(time('260101000000Z'), begin)));
  });
  it.each(['', '2606011200', '269901120000Z', '260601120000+0000'])(
    'is refused where a time is none: %j',
    (text) => {
      const document = field(VALIDITY, derSequence(time(text), time('490101000000Z')));
      expect(() => verify(document)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^certificate_(not_yet_valid|malformed)$/) }),
      );
      const end = field(VALIDITY, derSequence(time('200101000000Z'), time(text)));
      expect(() => verify(end)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^certificate_(expired|malformed)$/) }),
      );
    },
  );
});

describe('bounds', () => {
  it('a certificate of 1024 bytes and a bundle of eight are taken', () => {
    const padded = (bytes: number) =>
      chainWith(([a, b, c, d]) => {
        const between = Array.from({ length: 4 }, (_, index) => ({
          ...a,
          subject: `between ${index}`,
          pathLen: undefined,
        }));
        const value = derOctetString(Buffer.alloc(bytes));
        return [
          ...between,
          a,
          b,
          c,
          { ...d, serial: Buffer.alloc(16, 0x7f), extensions: [{ oid: '1.2.3.4', critical: false, value }] },
        ];
      });
    // ECDSA signatures vary by a few bytes, so it takes some attempts to meet a size.
    const sized = (size: number) => {
      let bytes = 300;
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const chain = padded(bytes);
        if (chain.certificate.length === size) return chain;
        bytes += size - chain.certificate.length;
      }
      throw new Error('no certificate of that size');
    };
    const largest = sized(1024);
    expect(largest.cabundle).toHaveLength(8);
    expect(verify(documentOf({ chain: largest })).moduleId).toBe(largest.moduleId);
    expectRefusal('certificate_invalid', documentOf({ chain: sized(1025) }));
  });
});

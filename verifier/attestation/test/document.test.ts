// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { ES384_HEADER, encodeOrderedMap, signCoseSign1 } from '@enclave-vault/emulator-pki';
import { describe, expect, it } from 'vitest';
import { type AttestationErrorCode, unsafeParseAttestation } from '../src/index.ts';
import { AT, chain, documentOf, documentWith, expectRefusal, measured, verify } from './support.ts';

describe('a document of the development chain', () => {
  it('verifies, and says it is not of AWS', () => {
    const verified = verify(
      documentOf({ nonce: Buffer.from('n'), userData: Buffer.alloc(0), publicKey: Buffer.from('k') }),
    );
    expect(verified).toMatchObject({ moduleId: chain.moduleId, timestamp: AT, production: false });
    expect(verified.pcrs).toEqual(measured);
    expect([verified.nonce, verified.userData, verified.publicKey].map(String)).toEqual(['n', '', 'k']);
    expect(verified.certificateNotAfter).toBe(chain.notAfter);
  });
  it('may leave out what real ones say null for', () => {
    const document = documentWith((entries) => entries.splice(6));
    expect(verify(document)).toMatchObject({ nonce: undefined, userData: undefined, publicKey: undefined });
  });
  it('may list registers beyond 15', () => {
    const pcrs = new Map([...measured, [16, Buffer.alloc(48, 16)], [31, Buffer.alloc(48, 31)]] as const);
    expect(verify(documentOf({ pcrs })).pcrs.get(31)).toEqual(Buffer.alloc(48, 31));
  });
  it('takes sizes up to their bounds', () => {
    const verified = verify(
      documentOf({ publicKey: Buffer.alloc(1024), userData: Buffer.alloc(512), nonce: Buffer.alloc(512) }),
    );
    expect([verified.publicKey, verified.userData, verified.nonce].map((bytes) => bytes?.length)).toEqual([
      1024, 512, 512,
    ]);
  });
  it('may have a module id of 128 characters', () => {
    const moduleId = 'i'.repeat(128);
    expect(verify(documentOf({ chain: { ...chain, moduleId } })).moduleId).toBe(moduleId);
  });
  it('cannot be changed through the buffer after it was verified', () => {
    const document = documentOf({ nonce: Buffer.from('before') });
    const verified = verify(document);
    document.fill(0);
    expect(String(verified.nonce)).toBe('before');
  });
});

describe('payload', () => {
  const set = (key: string, value: CborValue) =>
    documentWith((entries) => {
      const entry = entries.find(([name]) => name === key);
      if (entry === undefined) entries.push([key, value]);
      else entry[1] = value;
    });
  const pcrsWith = (key: number | string, value: CborValue) =>
    new Map<number | string, CborValue>([...measured, [key, value]]);

  it.each<[string, Buffer, AttestationErrorCode]>([
    ['an unknown key', set('extra', null), 'payload_unknown_key'],
    [
      'a numeric key',
      documentWith((entries) => entries.push([1 as unknown as string, 1])),
      'payload_unknown_key',
    ],
    ['a key called __proto__', set('__proto__', null), 'payload_unknown_key'],
    ['a key twice', documentWith((entries) => entries.push(['nonce', null])), 'payload_malformed'],
    ...['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'].map(
      (key): [string, Buffer, AttestationErrorCode] => [
        `no ${key}`,
        documentWith((entries) =>
          entries.splice(
            entries.findIndex(([name]) => name === key),
            1,
          ),
        ),
        'payload_missing_key',
      ],
    ),
    ['an empty module id', set('module_id', ''), 'module_id_invalid'],
    ['a module id in bytes', set('module_id', Buffer.from('i-0')), 'module_id_invalid'],
    ['a very long module id', set('module_id', 'i'.repeat(129)), 'module_id_invalid'],
    ['another digest', set('digest', 'SHA256'), 'digest_unsupported'],
    ['a digest that is no text', set('digest', Buffer.from('SHA384')), 'digest_unsupported'],
    ['time zero', set('timestamp', 0), 'timestamp_invalid'],
    ['a negative time', set('timestamp', -AT), 'timestamp_invalid'],
    ['a time beyond 2^53', set('timestamp', 2n ** 60n), 'timestamp_invalid'],
    ['a time as text', set('timestamp', '2026'), 'timestamp_invalid'],
    ['no registers', set('pcrs', new Map()), 'pcrs_invalid'],
    ['registers in an array', set('pcrs', [...measured.values()]), 'pcrs_invalid'],
    ['register 32', set('pcrs', pcrsWith(32, Buffer.alloc(48))), 'pcrs_invalid'],
    ['register -1', set('pcrs', pcrsWith(-1, Buffer.alloc(48))), 'pcrs_invalid'],
    ['a register named by text', set('pcrs', pcrsWith('16', Buffer.alloc(48))), 'pcrs_invalid'],
    ['a register of 32 bytes', set('pcrs', pcrsWith(16, Buffer.alloc(32))), 'pcrs_invalid'],
    ['a register of 64 bytes', set('pcrs', pcrsWith(16, Buffer.alloc(64))), 'pcrs_invalid'],
    ['a register that is null', set('pcrs', pcrsWith(16, null)), 'pcrs_invalid'],
    ['no certificate bytes', set('certificate', Buffer.alloc(0)), 'certificate_invalid'],
    ['a certificate of 1025 bytes', set('certificate', Buffer.alloc(1025)), 'certificate_invalid'],
    ['a certificate as text', set('certificate', 'PEM'), 'certificate_invalid'],
    ['an empty bundle', set('cabundle', []), 'cabundle_invalid'],
    ['a bundle of nine', set('cabundle', Array(9).fill(chain.certificate)), 'cabundle_invalid'],
    [
      'a bundle with an empty entry',
      set('cabundle', [...chain.cabundle, Buffer.alloc(0)]),
      'cabundle_invalid',
    ],
    ['a bundle with a certificate of 1025 bytes', set('cabundle', [Buffer.alloc(1025)]), 'cabundle_invalid'],
    ['a bundle that is one certificate', set('cabundle', chain.certificate), 'cabundle_invalid'],
    ['an empty public key', set('public_key', Buffer.alloc(0)), 'public_key_invalid'],
    ['a public key of 1025 bytes', set('public_key', Buffer.alloc(1025)), 'public_key_invalid'],
    ['user data of 513 bytes', set('user_data', Buffer.alloc(513)), 'user_data_invalid'],
    ['user data as text', set('user_data', 'text'), 'user_data_invalid'],
    ['a nonce of 513 bytes', set('nonce', Buffer.alloc(513)), 'nonce_invalid'],
    ['a nonce that is a number', set('nonce', 1), 'nonce_invalid'],
  ])('is refused with %s', (_what, document, code) => {
    expectRefusal(code, document);
  });

  it.each<[string, Buffer]>([
    ['an array', encodeCbor([])],
    ['empty', Buffer.alloc(0)],
    ['followed by a byte', Buffer.concat([encodeOrderedMap([['module_id', 'x']]), Buffer.of(0)])],
    ['of indefinite length', Buffer.from('bfff', 'hex')],
  ])('is refused where it is %s', (_what, payload) => {
    expectRefusal('payload_malformed', signCoseSign1(ES384_HEADER, payload, chain.privateKey));
  });
});

describe('COSE_Sign1', () => {
  const parts = (): [Buffer, Map<number, CborValue>, Buffer, Buffer] => {
    const { envelope } = unsafeParseAttestation(documentOf());
    return [envelope.protectedHeader, new Map(), envelope.payload, envelope.signature];
  };
  const edited = (edit: (whole: CborValue[]) => void): Buffer => {
    const whole: CborValue[] = parts();
    edit(whole);
    return encodeCbor(whole);
  };

  it.each<[string, Buffer, AttestationErrorCode]>([
    ['empty', Buffer.alloc(0), 'document_malformed'],
    ['longer than an NSM can answer', Buffer.alloc(12_289), 'document_too_large'],
    ['as long as an NSM can answer, of zeros', Buffer.alloc(12_288), 'document_malformed'],
    ['of three parts', edited((whole) => whole.pop()), 'document_malformed'],
    ['of five parts', edited((whole) => whole.push(0)), 'document_malformed'],
    [
      'with a detached payload',
      edited((whole) => {
        whole[2] = null;
      }),
      'document_malformed',
    ],
    ['under another tag', Buffer.concat([Buffer.of(0xd1), documentOf()]), 'document_malformed'],
    ['followed by a byte', Buffer.concat([documentOf(), Buffer.of(0)]), 'document_malformed'],
    [
      'with algorithm ES256',
      signCoseSign1(Buffer.from('a10126', 'hex'), parts()[2], chain.privateKey),
      'header_invalid',
    ],
    [
      'with algorithm ES512',
      signCoseSign1(Buffer.from('a1013823', 'hex'), parts()[2], chain.privateKey),
      'header_invalid',
    ],
    [
      'with more in the header',
      signCoseSign1(
        encodeCbor(
          new Map([
            [1, -35],
            [4, 0],
          ]),
        ),
        parts()[2],
        chain.privateKey,
      ),
      'header_invalid',
    ],
    ['with an empty header', signCoseSign1(Buffer.alloc(0), parts()[2], chain.privateKey), 'header_invalid'],
    [
      'with the algorithm unprotected',
      edited((whole) => {
        whole[1] = new Map([[1, -35]]);
      }),
      'header_invalid',
    ],
    [
      'with a signature of 95 bytes',
      edited((whole) => {
        whole[3] = parts()[3].subarray(1);
      }),
      'signature_malformed',
    ],
    [
      'with a signature in DER',
      edited((whole) => {
        whole[3] = Buffer.alloc(104);
      }),
      'signature_malformed',
    ],
    [
      'with a signature of zeros',
      edited((whole) => {
        whole[3] = Buffer.alloc(96);
      }),
      'signature_invalid',
    ],
    [
      'with a signature of ones',
      edited((whole) => {
        whole[3] = Buffer.alloc(96, 0xff);
      }),
      'signature_invalid',
    ],
    [
      'signed by another key',
      signCoseSign1(ES384_HEADER, parts()[2], generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'signature_invalid',
    ],
  ])('is refused %s', (_what, document, code) => {
    expectRefusal(code, document);
  });
});

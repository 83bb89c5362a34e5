// SPDX-License-Identifier: Apache-2.0
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeDecryptAnswer, parseDecryptAnswer } from '../src/answer.ts';
import { encodeEnvelope } from '../src/envelope.ts';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  encodeErrorAnswer,
  encodeParentRequest,
  encodeUserData,
  ProtocolError,
  parseAnswerEnvelope,
  parseAttestationRequest,
  parseConfiguration,
  parseEnvelope,
  parseErrorAnswer,
  parseParentRequest,
  parseUserData,
  sealAnswer,
  sealRequest,
} from '../src/index.ts';
import { encodeDecryptRequest, parseDecryptRequest } from '../src/request.ts';
import { channel, KEY_ARN, NOW, request } from './support.ts';

/**
 * SPEC.md section 1: a message has exactly one encoding. So whatever a reader accepts is, byte for byte, what the writer makes of
 * what was read; everything else is refused, with a ProtocolError and no other.
 */
interface Message {
  readonly name: string;
  readonly example: Buffer;
  readonly again: (bytes: Uint8Array) => Buffer;
}

const { key, times } = channel();

/** Makes a Message of a reader and a writer, which agree on what stands between them. */
function message<T>(
  name: string,
  example: Buffer,
  parse: (bytes: Uint8Array) => T,
  encode: (value: T) => Buffer,
): Message {
  return { name, example, again: (bytes) => encode(parse(bytes)) };
}

const CREDENTIALS = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI',
  sessionToken: 'token',
  expiration: NOW,
};

const MESSAGES: readonly Message[] = [
  message('request envelope', sealRequest(key, request(), times), parseEnvelope, encodeEnvelope),
  message(
    'answer envelope',
    sealAnswer(key.dataKey, { id: times.requestId }, { data: [], errors: [] }, NOW),
    parseAnswerEnvelope,
    encodeEnvelope,
  ),
  message('decrypt request', encodeDecryptRequest(request()), parseDecryptRequest, encodeDecryptRequest),
  message(
    'decrypt answer',
    encodeDecryptAnswer({ data: [['city', '"Bern"']], errors: [{ name: 'dob', code: 'field_unreadable' }] }),
    parseDecryptAnswer,
    encodeDecryptAnswer,
  ),
  message(
    'failed decrypt answer',
    encodeDecryptAnswer({ error: 'internal' }),
    parseDecryptAnswer,
    encodeDecryptAnswer,
  ),
  message('error answer', encodeErrorAnswer('busy'), parseErrorAnswer, encodeErrorAnswer),
  message(
    'parent request',
    encodeParentRequest({ credentials: CREDENTIALS, envelope: Buffer.from('envelope') }),
    parseParentRequest,
    encodeParentRequest,
  ),
  message(
    'parent request without token',
    encodeParentRequest({
      credentials: { ...CREDENTIALS, sessionToken: null, expiration: null },
      envelope: Buffer.from('envelope'),
    }),
    parseParentRequest,
    encodeParentRequest,
  ),
  message(
    'configuration',
    encodeConfiguration({
      region: 'eu-central-1',
      kmsHost: 'kms.eu-central-1.amazonaws.com',
      tlsRoots: [rootCertificates[0] ?? ''],
      vaultKeyArns: [`${KEY_ARN}1`],
      requestKeyArns: [`${KEY_ARN}2`],
      legacyKeyArns: [`${KEY_ARN}3`],
    }),
    parseConfiguration,
    encodeConfiguration,
  ),
  message(
    'configuration with a rate and a key cache',
    encodeConfiguration({
      region: 'eu-central-1',
      kmsHost: 'kms.eu-central-1.amazonaws.com',
      tlsRoots: [rootCertificates[0] ?? ''],
      vaultKeyArns: [`${KEY_ARN}1`],
      requestKeyArns: [`${KEY_ARN}2`],
      legacyKeyArns: [],
      rate: { burst: 40, perSecond: 20, perHour: 72_000 },
      keyCache: { entries: 0 },
    }),
    parseConfiguration,
    encodeConfiguration,
  ),
  message(
    'configuration with a rate',
    encodeConfiguration({
      region: 'eu-central-1',
      kmsHost: 'kms.eu-central-1.amazonaws.com',
      tlsRoots: [rootCertificates[0] ?? ''],
      vaultKeyArns: [`${KEY_ARN}1`],
      requestKeyArns: [`${KEY_ARN}2`],
      legacyKeyArns: [],
      rate: { burst: 40, perSecond: 20, perHour: 72_000 },
    }),
    parseConfiguration,
    encodeConfiguration,
  ),
  message(
    'attestation request',
    encodeAttestationRequest(Buffer.alloc(20, 3)),
    parseAttestationRequest,
    encodeAttestationRequest,
  ),
  message(
    'user data',
    encodeUserData({ purpose: 'enclave-vault/hpke', keyId: Buffer.alloc(32, 4) }),
    parseUserData,
    encodeUserData,
  ),
];

/** Refused with a ProtocolError, or accepted and written again as it was. */
function holds({ again }: Message, bytes: Buffer): 'refused' | 'same' {
  let written: Buffer;
  try {
    written = again(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return 'refused';
  }
  expect(written.equals(bytes)).toBe(true);
  return 'same';
}

describe.each(MESSAGES)('$name', (one) => {
  const { example } = one;

  test('is written as it was read', () => {
    expect(holds(one, example)).toBe('same');
  });

  test('is refused when it is cut, anywhere, or longer by any byte', () => {
    for (let length = 0; length < example.length; length++) {
      expect(holds(one, example.subarray(0, length))).toBe('refused');
    }
    for (const more of [0x00, 0x60, 0xa0, 0xf6, 0xff]) {
      expect(holds(one, Buffer.concat([example, Buffer.of(more)]))).toBe('refused');
    }
  });

  test('with any one bit changed has one encoding or none', () => {
    for (let at = 0; at < Math.min(example.length, 600); at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        const changed = Buffer.from(example);
        changed[at] = (changed[at] ?? 0) ^ bit;
        holds(one, changed);
      }
    }
  });

  test('with bytes put in, taken out and exchanged has one encoding or none', () => {
    const edit = fc.record({
      at: fc.nat(example.length),
      remove: fc.nat(4),
      put: fc.uint8Array({ maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let bytes = example;
        for (const { at, remove, put } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + remove)]);
        }
        holds(one, bytes);
      }),
      { numRuns: 150 },
    );
  });

  test('is not taken for any other message', () => {
    for (const other of MESSAGES) {
      if (other.name.includes(one.name) || one.name.includes(other.name)) continue;
      expect(holds(other, example)).toBe('refused');
    }
  });
});

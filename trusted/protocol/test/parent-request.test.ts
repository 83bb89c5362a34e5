// SPDX-License-Identifier: Apache-2.0
import type { CborValue } from '@enclave-vault/codec';
import { describe, expect, test } from 'vitest';
import {
  encodeParentRequest,
  MAX_MESSAGE_BYTES,
  type ParentCredentials,
  parseParentRequest,
} from '../src/index.ts';
import { codeOf, edited, NOW } from './support.ts';

const CREDENTIALS: ParentCredentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'FwoGZXIvYXdzE//token==',
  expiration: NOW,
};
const envelope = Buffer.from('any bytes');

test.each([CREDENTIALS, { ...CREDENTIALS, sessionToken: null, expiration: null }])(
  'round trip %#',
  (credentials) => {
    expect(parseParentRequest(encodeParentRequest({ credentials, envelope }))).toEqual({
      credentials,
      envelope,
    });
  },
);

describe('credentials that could split or forge a header are refused', () => {
  test.each<[string, Partial<ParentCredentials>]>([
    ['CR LF in the token', { sessionToken: 'a\r\nX-Amz-Target: TrentService.Encrypt' }],
    ['space in the secret', { secretAccessKey: 'a b' }],
    ['a slash in the access key id, which ends the scope', { accessKeyId: 'ASIAIOSFODNN7/EXAMPLE' }],
    ['short access key id', { accessKeyId: 'AKIA' }],
    ['an access key id over 128', { accessKeyId: 'A'.repeat(129) }],
    ['a slash after an access key id', { accessKeyId: 'ASIAIOSFODNN7EXAMPLE/' }],
    ['a slash before an access key id', { accessKeyId: '/ASIAIOSFODNN7EXAMPLE' }],
    ['space after the secret', { secretAccessKey: 'ab ' }],
    ['space before the secret', { secretAccessKey: ' ab' }],
    ['empty secret', { secretAccessKey: '' }],
    ['negative expiration', { expiration: -1 }],
    ['empty token', { sessionToken: '' }],
    ['non-ASCII token', { sessionToken: 'ü' }],
    ['token over 8 KiB', { sessionToken: 'a'.repeat(8193) }],
    ['secret over 256', { secretAccessKey: 'a'.repeat(257) }],
    ['fractional expiration', { expiration: 1.5 }],
  ])('%s', (_, change) => {
    const credentials = { ...CREDENTIALS, ...change };
    expect(codeOf(() => encodeParentRequest({ credentials, envelope }))).toBe('malformed');
  });
});

test.each<[string, Partial<ParentCredentials>]>([
  ['the shortest', { accessKeyId: 'A'.repeat(16), secretAccessKey: '!', sessionToken: '~', expiration: 0 }],
  [
    'the longest',
    {
      accessKeyId: 'z9'.repeat(64),
      secretAccessKey: '~'.repeat(256),
      sessionToken: '!'.repeat(8192),
      expiration: Number.MAX_SAFE_INTEGER,
    },
  ],
])('credentials of %s values', (_, change) => {
  const credentials = { ...CREDENTIALS, ...change };
  expect(parseParentRequest(encodeParentRequest({ credentials, envelope })).credentials).toEqual(credentials);
});

describe('frame', () => {
  const bytes = encodeParentRequest({ credentials: CREDENTIALS, envelope });
  test.each<[string, Record<string, CborValue | undefined>]>([
    ['version', { v: 2 }],
    ['unknown member', { deadline: 1 }],
    ['missing credentials', { credentials: undefined }],
    ['credentials of one member', { credentials: new Map([['access_key_id', 'ASIAIOSFODNN7EXAMPLE']]) }],
    ['empty envelope', { envelope: Buffer.alloc(0) }],
    ['text envelope', { envelope: 'x' }],
  ])('refuses a wrong %s', (_, change) => {
    expect(codeOf(() => parseParentRequest(edited(bytes, change)))).toBe('malformed');
  });

  test('of 10 MiB', () => {
    const rest = encodeParentRequest({ credentials: CREDENTIALS, envelope: Buffer.alloc(70_000) });
    const room = Buffer.alloc(70_000 + MAX_MESSAGE_BYTES - rest.byteLength);
    const full = encodeParentRequest({ credentials: CREDENTIALS, envelope: room });
    expect(full).toHaveLength(MAX_MESSAGE_BYTES);
    expect(parseParentRequest(full).envelope).toHaveLength(room.byteLength);
    const over = { credentials: CREDENTIALS, envelope: Buffer.alloc(room.byteLength + 1) };
    expect(codeOf(() => encodeParentRequest(over))).toBe('too_large');
  });

  test('over 10 MiB', () => {
    const large = Buffer.alloc(MAX_MESSAGE_BYTES);
    expect(codeOf(() => encodeParentRequest({ credentials: CREDENTIALS, envelope: large }))).toBe(
      'too_large',
    );
    expect(codeOf(() => parseParentRequest(Buffer.alloc(MAX_MESSAGE_BYTES + 1)))).toBe('too_large');
  });
});

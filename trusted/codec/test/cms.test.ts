// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type CodecErrorCode, parseEnvelopedData } from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

/** An element: tag and contents in hex. Lengths up to 65,535, shortest. */
function tlv(tag: string, ...contents: string[]): string {
  const content = contents.join('').replaceAll(' ', '');
  const length = content.length / 2;
  const octets = length.toString(16).padStart(length < 256 ? 2 : 4, '0');
  return `${tag}${length < 0x80 ? '' : length < 256 ? '81' : '82'}${octets}${content}`;
}
const indefinite = (tag: string, ...contents: string[]): string => `${tag}80${contents.join('')}0000`;

const OID = {
  data: '06092a864886f70d010701',
  enveloped: '06092a864886f70d010703',
  oaep: '06092a864886f70d010107',
  pkcs1: '06092a864886f70d010101',
  mgf1: '06092a864886f70d010108',
  sha256: '0609608648016503040201',
  sha1: '06052b0e03021a',
  aes256: '060960864801650304012a',
  aes128: '0609608648016503040102',
};
const bytes = (length: number): string => 'ab'.repeat(length);
const hash = (oid = OID.sha256, parameters = '0500'): string => tlv('30', oid, parameters);
const oaepParameters = (digest = hash(), mask = tlv('30', OID.mgf1, hash()), label = ''): string =>
  tlv('30', tlv('a0', digest), tlv('a1', mask), label);
const oaep = (...parameters: Parameters<typeof oaepParameters>): string =>
  tlv('30', OID.oaep, oaepParameters(...parameters));

type Parts = {
  contentType?: string;
  version?: string;
  recipientVersion?: string;
  identifier?: string;
  keyEncryption?: string;
  encryptedKey?: string;
  recipients?: string;
  encryptedContent?: string;
  dataType?: string;
  cipher?: string;
  content?: string;
  attributes?: string;
  afterRecipient?: string;
  afterContent?: string;
};
const recipient = (parts: Parts): string =>
  tlv(
    '30',
    parts.recipientVersion ?? '020102',
    parts.identifier ?? tlv('80', bytes(32)),
    parts.keyEncryption ?? oaep(),
    parts.encryptedKey ?? tlv('04', bytes(256)),
    parts.afterRecipient ?? '',
  );
const message = (parts: Parts = {}): Buffer =>
  fromHex(
    tlv(
      '30',
      parts.contentType ?? OID.enveloped,
      tlv(
        'a0',
        tlv(
          '30',
          parts.version ?? '020102',
          parts.recipients ?? tlv('31', recipient(parts)),
          parts.encryptedContent ??
            tlv(
              '30',
              parts.dataType ?? OID.data,
              parts.cipher ?? tlv('30', OID.aes256, tlv('04', bytes(16))),
              parts.content ?? tlv('80', bytes(32)),
              parts.afterContent ?? '',
            ),
          parts.attributes ?? '',
        ),
      ),
    ),
  );

describe('parseEnvelopedData takes', () => {
  it('definite lengths and primitive content', () => {
    const parsed = parseEnvelopedData(message());
    expect(
      [parsed.keyIdentifier, parsed.encryptedKey, parsed.iv, parsed.ciphertext].map(({ length }) => length),
    ).toEqual([32, 256, 16, 32]);
  });
  it.each<[string, string, number]>([
    ['one string, definite', tlv('a0', tlv('04', bytes(16))), 16],
    ['several strings', tlv('a0', tlv('04', bytes(7)), tlv('04', bytes(9)), tlv('04', '')), 16],
    ['several strings, indefinite', indefinite('a0', tlv('04', bytes(16)), tlv('04', bytes(32))), 48],
  ])('constructed content: %s', (_what, content, length) => {
    expect(parseEnvelopedData(message({ content })).ciphertext.toString('hex')).toBe(bytes(length));
  });
  it('content of one string as a view of the input', () => {
    const input = message({ content: tlv('a0', tlv('04', bytes(16))) });
    const { ciphertext } = parseEnvelopedData(input);
    input.fill(0);
    expect(ciphertext).toEqual(Buffer.alloc(16));
  });
  it.each<[string, Parts]>([
    [
      'SHA-256 without parameters',
      { keyEncryption: oaep(hash(OID.sha256, ''), tlv('30', OID.mgf1, hash(OID.sha256, ''))) },
    ],
    ['a key for RSA of 4096 bits', { encryptedKey: tlv('04', bytes(512)) }],
  ])('%s', (_what, parts) => {
    expect(parseEnvelopedData(message(parts)).iv).toHaveLength(16);
  });
});

describe('parseEnvelopedData refuses', () => {
  const whole = message();
  const withMore = tlv('30', whole.subarray(4).toString('hex'), '0500');
  it.each<[string, Parts, CodecErrorCode]>([
    ['SignedData', { contentType: '06092a864886f70d010702' }, 'cms_content_type'],
    ['a content type that is no identifier', { contentType: '020102' }, 'cms_structure'],
    ['version 0', { version: '020100' }, 'cms_version'],
    ['version 3', { version: '020103' }, 'cms_version'],
    ['a version of another type', { version: '040102' }, 'cms_version'],
    ['recipient version 0', { recipientVersion: '020100' }, 'cms_version'],
    ['no recipient', { recipients: '3100' }, 'cms_recipient'],
    ['two recipients', { recipients: tlv('31', recipient({}), recipient({})) }, 'cms_recipient'],
    ['recipients in a sequence', { recipients: tlv('30', recipient({})) }, 'cms_recipient'],
    ['originator info', { recipients: tlv('a0', '') }, 'cms_recipient'],
    ['key agreement', { recipients: tlv('31', tlv('a1', '020103')) }, 'cms_recipient'],
    ['issuer and serial number', { identifier: tlv('30', '3000', '020101') }, 'cms_recipient'],
    ['an identifier of 20 bytes', { identifier: tlv('80', bytes(20)) }, 'cms_recipient'],
    ['more in the recipient', { afterRecipient: '0500' }, 'cms_recipient'],
    ['an encrypted key of 128 bytes', { encryptedKey: tlv('04', bytes(128)) }, 'cms_recipient'],
    ['an encrypted key of 513 bytes', { encryptedKey: tlv('04', bytes(513)) }, 'cms_recipient'],
    ['an encrypted key that is no string', { encryptedKey: '0500' }, 'cms_recipient'],
    ['PKCS #1 v1.5', { keyEncryption: tlv('30', OID.pkcs1, '0500') }, 'cms_key_encryption'],
    [
      'PKCS #1 v1.5 with the parameters of OAEP',
      { keyEncryption: tlv('30', OID.pkcs1, oaepParameters()) },
      'cms_key_encryption',
    ],
    [
      'more beside the parameters of OAEP',
      { keyEncryption: tlv('30', OID.oaep, oaepParameters(), '0500') },
      'cms_key_encryption',
    ],
    ['two hashes', { keyEncryption: oaep(hash() + hash()) }, 'cms_key_encryption'],
    ['more beside SHA-256', { keyEncryption: oaep(hash(OID.sha256, '05000500')) }, 'cms_key_encryption'],
    [
      'more beside the mask',
      { keyEncryption: oaep(hash(), tlv('30', OID.mgf1, hash(), '0500')) },
      'cms_key_encryption',
    ],
    [
      'two masks',
      { keyEncryption: oaep(hash(), tlv('30', OID.mgf1, hash()) + tlv('30', OID.mgf1, hash())) },
      'cms_key_encryption',
    ],
    ['content in a set', { encryptedContent: '3100' }, 'cms_structure'],
    ['content of a type that is no identifier', { dataType: '020101' }, 'cms_structure'],
    ['a cipher that is no sequence', { cipher: OID.aes256 }, 'cms_content_encryption'],
    ['a cipher without a name', { cipher: tlv('30', '0500') }, 'cms_content_encryption'],
    [
      'OAEP without parameters, which is SHA-1',
      { keyEncryption: tlv('30', OID.oaep, '3000') },
      'cms_key_encryption',
    ],
    ['OAEP with SHA-1', { keyEncryption: oaep(hash(OID.sha1)) }, 'cms_key_encryption'],
    [
      'OAEP with MGF1-SHA-1',
      { keyEncryption: oaep(hash(), tlv('30', OID.mgf1, hash(OID.sha1))) },
      'cms_key_encryption',
    ],
    [
      'OAEP with another mask',
      { keyEncryption: oaep(hash(), tlv('30', OID.sha256, hash())) },
      'cms_key_encryption',
    ],
    [
      'OAEP with a label',
      { keyEncryption: oaep(undefined, undefined, tlv('a2', tlv('30', '06092a864886f70d010109', '0400'))) },
      'cms_key_encryption',
    ],
    ['SHA-256 with a parameter', { keyEncryption: oaep(hash(OID.sha256, '020100')) }, 'cms_key_encryption'],
    [
      'SHA-256 with a NULL that is not',
      { keyEncryption: oaep(hash(OID.sha256, '050100')) },
      'cms_key_encryption',
    ],
    ['other content', { dataType: OID.enveloped }, 'cms_content_type'],
    ['AES-128', { cipher: tlv('30', OID.aes128, tlv('04', bytes(16))) }, 'cms_content_encryption'],
    ['no IV', { cipher: tlv('30', OID.aes256) }, 'cms_content_encryption'],
    ['an IV of 12 bytes', { cipher: tlv('30', OID.aes256, tlv('04', bytes(12))) }, 'cms_content_encryption'],
    [
      'more beside the IV',
      { cipher: tlv('30', OID.aes256, tlv('04', bytes(16)), '0500') },
      'cms_content_encryption',
    ],
    ['no content', { content: '' }, 'cms_content'],
    ['empty content', { content: '8000' }, 'cms_content'],
    ['content of no strings', { content: 'a000' }, 'cms_content'],
    ['content that is no whole block', { content: tlv('80', bytes(31)) }, 'cms_content'],
    [
      'strings that are no whole block',
      { content: tlv('a0', tlv('04', bytes(16)), tlv('04', '00')) },
      'cms_content',
    ],
    ['strings of strings', { content: tlv('a0', tlv('24', tlv('04', bytes(16)))) }, 'cms_content'],
    ['integers for strings', { content: tlv('a0', tlv('02', bytes(16))) }, 'cms_content'],
    ['content under [1]', { content: tlv('81', bytes(16)) }, 'cms_content'],
    ['more after the content', { afterContent: '0500' }, 'cms_structure'],
    ['unprotected attributes', { attributes: tlv('a1', '3000') }, 'cms_structure'],
  ])('%s', (_what, parts, code) => {
    expectRefusal(code, () => parseEnvelopedData(message(parts)));
  });

  it.each<[string, string, CodecErrorCode]>([
    ['nothing', '', 'asn1_truncated'],
    ['an empty sequence', '3000', 'cms_structure'],
    ['a bare EnvelopedData', tlv('30', '020102', '3100', '3000'), 'cms_structure'],
    ['a content type and no content', tlv('30', OID.enveloped), 'cms_structure'],
    ['a member after the content', withMore, 'cms_structure'],
    ['two contents', tlv('30', OID.enveloped, tlv('a0', '3000', '3000')), 'cms_structure'],
    ['a byte behind it', `${message().toString('hex')}00`, 'asn1_trailing_bytes'],
  ])('%s', (_what, hex, code) => {
    expectRefusal(code, () => parseEnvelopedData(fromHex(hex)));
  });
});

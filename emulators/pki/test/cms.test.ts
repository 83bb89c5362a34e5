// SPDX-License-Identifier: Apache-2.0
import {
  constants,
  createDecipheriv,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Asn1Element, parseBer, parseEnvelopedData } from '@enclave-vault/codec';
import { describe, expect, it } from 'vitest';
import { envelopedData } from '../src/index.ts';
import { hasOpenssl, openssl } from './openssl.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spki = publicKey.export({ format: 'der', type: 'spki' });

function open(cms: Buffer): Buffer {
  const { encryptedKey, iv, ciphertext } = parseEnvelopedData(cms);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const key = privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, encryptedKey);
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** Tags and lengths' forms, not contents; of the content, whether it came in pieces. */
function shape(element: Asn1Element): unknown {
  const indefinite = element.bytes[1] === 0x80;
  if (element.children === null) return element.tag === 6 ? element.content.toString('hex') : element.tag;
  return [element.tag, indefinite, ...element.children.map(shape)];
}

describe.each(['constructed', 'primitive'] as const)('EnvelopedData, %s content', (form) => {
  it.each([0, 1, 15, 16, 185, 1023, 1024, 4096])('opens again: %i bytes', (length) => {
    const plaintext = Buffer.alloc(length, 7);
    expect(open(envelopedData(publicKey, plaintext, { form })).equals(plaintext)).toBe(true);
  });

  it('names the key by SHA-256 of its SPKI', () => {
    const { keyIdentifier } = parseEnvelopedData(envelopedData(spki, Buffer.from('x'), { form }));
    expect(keyIdentifier.equals(createHash('sha256').update(spki).digest())).toBe(true);
  });

  it('has the shape of a real answer of KMS', () => {
    const file = new URL('../../../tests/vectors/kms-ciphertext-for-recipient.json', import.meta.url);
    const vectors: { cms: string }[] = JSON.parse(readFileSync(file, 'utf8'));
    const real = Buffer.from(vectors[form === 'constructed' ? 0 : 1]?.cms ?? '', 'hex');
    expect(shape(parseBer(envelopedData(spki, Buffer.alloc(10), { form })))).toEqual(shape(parseBer(real)));
  });

  // OpenSSL finds the recipient by trying the key: a subject key identifier of KMS is no certificate's.
  it.runIf(hasOpenssl)('is decrypted by openssl cms', () => {
    const cms = envelopedData(publicKey, Buffer.from('a data key'), { form });
    const { stdout, stderr } = openssl(
      ['cms', '-decrypt', '-inform', 'DER', '-in', 'c.ber', '-inkey', 'k.pem'],
      {
        'c.ber': cms,
        'k.pem': privateKey.export({ format: 'pem', type: 'pkcs8' }),
      },
    );
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe('a data key');
  });
});

describe('EnvelopedData', () => {
  it('splits constructed content into several strings', () => {
    const cms = envelopedData(publicKey, Buffer.alloc(100, 1), { segment: 33 });
    expect(open(cms).equals(Buffer.alloc(100, 1))).toBe(true);
    expect(parseEnvelopedData(cms).ciphertext).toHaveLength(112);
    expect(cms.includes(Buffer.from('0421', 'hex'))).toBe(true);
  });

  it('never repeats a key or an IV', () => {
    const [a, b] = [1, 2].map(() => parseEnvelopedData(envelopedData(publicKey, Buffer.from('same'))));
    expect(a?.iv.equals(b?.iv ?? a.iv)).toBe(false);
    expect(a?.ciphertext.equals(b?.ciphertext ?? a.ciphertext)).toBe(false);
  });

  it.each([
    ['an EC key', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    [
      'an EC key as SPKI',
      createPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey).export({
        format: 'der',
        type: 'spki',
      }),
    ],
    ['bytes that are no key', Buffer.from('nothing')],
  ])('refuses %s', (_what, key) => {
    expect(() => envelopedData(key, Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'unsupported_key' }),
    );
  });
});

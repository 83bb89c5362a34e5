// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coseSign1ToBeSigned, decodeCbor, parseCoseSign1, parseEnvelopedData } from '../src/index.ts';

const vector = (name: string): Buffer =>
  readFileSync(new URL(`../../../tests/vectors/${name}`, import.meta.url));

type CmsVector = { name: string; cms: string; encryptedKey: string; iv: string; ciphertext: string };

describe('CiphertextForRecipient of AWS KMS', () => {
  const vectors: CmsVector[] = JSON.parse(vector('kms-ciphertext-for-recipient.json').toString());
  it.each(vectors)('parses: $name', ({ cms, encryptedKey, iv, ciphertext }) => {
    const parsed = parseEnvelopedData(Buffer.from(cms, 'hex'));
    expect(parsed.encryptedKey.toString('hex')).toBe(encryptedKey);
    expect(parsed.iv.toString('hex')).toBe(iv);
    expect(parsed.ciphertext.toString('hex')).toBe(ciphertext);
    expect(parsed.keyIdentifier).toHaveLength(32);
    expect(cms).toContain(parsed.keyIdentifier.toString('hex'));
  });
});

describe.each(['production', 'debug'])('Nitro attestation document (%s)', (name) => {
  const document = vector(`nitro-attestation-${name}.cose`);
  it('is a COSE_Sign1 whose parts are views of the input', () => {
    const parsed = parseCoseSign1(document);
    expect(parsed.protectedHeader.toString('hex')).toBe('a1013822');
    expect(parsed.unprotected.size).toBe(0);
    expect(parsed.signature).toHaveLength(96);
    expect(parsed.payload.buffer).toBe(document.buffer);
    expect([...(decodeCbor(parsed.payload) as ReadonlyMap<string, unknown>).keys()].sort()).toEqual([
      'cabundle',
      'certificate',
      'digest',
      'module_id',
      'nonce',
      'pcrs',
      'public_key',
      'timestamp',
      'user_data',
    ]);
  });
  it('is taken under tag 18 as well, once', () => {
    const tagged = Buffer.concat([Buffer.of(0xd2), document]);
    expect(parseCoseSign1(tagged).payload.equals(parseCoseSign1(document).payload)).toBe(true);
    expect(() => parseCoseSign1(Buffer.concat([Buffer.of(0xd2), tagged]))).toThrow('cbor_tag');
  });
  it('has a Sig_structure of the four parts of RFC 9052 section 4.4', () => {
    const { protectedHeader, payload } = parseCoseSign1(document);
    expect(decodeCbor(coseSign1ToBeSigned(protectedHeader, payload))).toEqual([
      'Signature1',
      protectedHeader,
      Buffer.alloc(0),
      payload,
    ]);
  });
});

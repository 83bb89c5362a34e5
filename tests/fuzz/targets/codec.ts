// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ASN1_TAG,
  type Asn1Element,
  CodecError,
  childrenOf,
  contentOf,
  coseSign1ToBeSigned,
  decodeCanonicalCbor,
  decodeCbor,
  encodeCbor,
  parseBer,
  parseCoseSign1,
  parseDer,
  parseEnvelopedData,
  readBoolean,
  readNamedBits,
  readNull,
  readOid,
  readSmallInteger,
} from '@enclave-vault/codec';
import { derBoolean, derInteger, derNamedBits, derNull, derOid } from '@enclave-vault/emulator-pki';
import { holds, refusesWith, sameBytes, type Target } from '../target.ts';
import { ber, cborSamples, derSamples, fromHex } from './samples.ts';

const VECTORS = join(import.meta.dirname, '../../vectors');
const refusesCbor = refusesWith(CodecError, /^cbor_/);
const refusesAsn1 = refusesWith(CodecError, /^asn1_/);
const CBOR_WORDS = [
  'f6',
  'f5',
  '80',
  'a0',
  '40',
  '60',
  '1bffffffffffffffff',
  '3b0020000000000000',
  'c0',
  'f97e00',
  'ff',
  '9f',
  'bf',
  '5f',
  'a10102',
  '6161',
  '62c328',
].map(fromHex);
const DER_WORDS = [
  '3000',
  '3080',
  '0000',
  '020100',
  '0101ff',
  '0500',
  '06032a0304',
  '0403',
  '0302',
  'a000',
  '8000',
  '308100',
  '3182',
  '0482ffff',
].map(fromHex);

export const codec: readonly Target[] = [
  {
    name: 'codec: decodeCbor',
    covers: ['trusted/codec/src/cbor-decode.ts#decodeCbor', 'trusted/codec/src/cbor-encode.ts#encodeCbor'],
    seeds: cborSamples,
    words: CBOR_WORDS,
    refuses: refusesCbor,
    run: (input) => {
      const value = decodeCbor(input);
      const canonical = encodeCbor(value);
      // Shorter never: heads are shortest already, so canonical is a matter of the order of keys.
      holds(canonical.length === input.length, 'the canonical encoding has as many bytes');
      sameBytes(encodeCbor(decodeCanonicalCbor(canonical)), canonical, 'a value has one canonical encoding');
    },
  },
  {
    name: 'codec: decodeCanonicalCbor',
    covers: ['trusted/codec/src/cbor-decode.ts#decodeCanonicalCbor'],
    seeds: cborSamples,
    words: CBOR_WORDS,
    refuses: refusesCbor,
    run: (input) =>
      sameBytes(encodeCbor(decodeCanonicalCbor(input)), input, 'what was read is written the same'),
  },
  {
    name: 'codec: parseDer',
    covers: ['trusted/codec/src/asn1.ts#parseDer'],
    seeds: derSamples,
    words: DER_WORDS,
    refuses: refusesAsn1,
    run: (input) => {
      const element = parseDer(input);
      sameBytes(written(element), input, 'what was read is written the same');
    },
  },
  {
    name: 'codec: parseBer',
    covers: ['trusted/codec/src/asn1.ts#parseBer'],
    seeds: () => [...derSamples(), ...ber()],
    words: DER_WORDS,
    refuses: refusesAsn1,
    run: (input) => {
      const element = parseBer(input);
      sameBytes(element.bytes, input, 'the element is all of the input');
      nested(element);
    },
  },
  {
    name: 'codec: values of ASN.1',
    covers: [
      'childrenOf',
      'contentOf',
      'readBoolean',
      'readNamedBits',
      'readNull',
      'readOid',
      'readSmallInteger',
    ].map((name) => `trusted/codec/src/asn1-values.ts#${name}`),
    seeds: () => [
      derBoolean(true),
      fromHex('010100'),
      ...[0, 1, 127, 128, 2 ** 31 - 1].map((number) => derInteger(number)),
      ...['1.2.840.10045.4.3.3', '2.999.3', '0.9.2342', '2.5.29.15'].map(derOid),
      ...[[0], [5], [0, 6], [8], []].map((bits) => derNamedBits(bits)),
      derNull(),
      fromHex('3003020101'),
    ],
    words: DER_WORDS,
    maxLength: 256,
    refuses: refusesAsn1,
    run: (input) => {
      const element = parseDer(input);
      if (element.children !== null) {
        holds(childrenOf(element, element.tag) === element.children, 'children as they stand');
        return;
      }
      sameBytes(contentOf(element, element.tag), element.content, 'contents as they stand');
      sameBytes(rewritten(element), input, 'a value is written the same');
    },
  },
  {
    name: 'codec: parseCoseSign1',
    covers: ['trusted/codec/src/cose.ts#parseCoseSign1', 'trusted/codec/src/cose.ts#coseSign1ToBeSigned'],
    seeds: () => [
      readFileSync(join(VECTORS, 'nitro-attestation-production.cose')),
      encodeCbor([Buffer.from('a1013822', 'hex'), new Map(), Buffer.from('payload'), Buffer.alloc(96, 1)]),
      Buffer.concat([
        fromHex('d2'),
        encodeCbor([Buffer.alloc(0), new Map([[4, Buffer.of(1)]]), Buffer.of(1), Buffer.of(2)]),
      ]),
    ],
    words: [...CBOR_WORDS, fromHex('d2'), fromHex('84'), fromHex('a1013822')],
    maxLength: 8192,
    refuses: refusesWith(CodecError, /^(?:cbor_|cose_not_sign1$)/),
    run: (input) => {
      const { protectedHeader, unprotected, payload, signature } = parseCoseSign1(input);
      const parts = [protectedHeader, unprotected, payload, signature] as const;
      const tagged = input[0] === 0xd2 ? 1 : 0;
      holds(encodeCbor(parts).length === input.length - tagged, 'four parts make the whole');
      const signed = decodeCbor(coseSign1ToBeSigned(protectedHeader, payload));
      sameBytes(
        encodeCbor(signed),
        encodeCbor(['Signature1', protectedHeader, Buffer.alloc(0), payload]),
        'what is signed',
      );
    },
  },
  {
    name: 'codec: parseEnvelopedData',
    covers: ['trusted/codec/src/cms.ts#parseEnvelopedData'],
    seeds: ber,
    words: [...DER_WORDS, fromHex('06092a864886f70d010703'), fromHex('80'), fromHex('a0'), fromHex('0440')],
    refuses: refusesWith(CodecError, /^(?:asn1_|cms_)/),
    run: (input) => {
      const { keyIdentifier, encryptedKey, iv, ciphertext } = parseEnvelopedData(input);
      holds(keyIdentifier.length === 32 && iv.length === 16, 'lengths of identifier and IV');
      holds(encryptedKey.length >= 256 && encryptedKey.length <= 512, 'length of the encrypted key');
      holds(ciphertext.length > 0 && ciphertext.length % 16 === 0, 'whole blocks');
      for (const part of [keyIdentifier, encryptedKey, iv])
        holds(input.includes(part), 'parts are of the input');
    },
  },
];

/** DER again, from the tree. */
function written({ tag, content, children }: Asn1Element): Buffer {
  const body = children === null ? content : Buffer.concat(children.map(written));
  return Buffer.concat([Buffer.of(tag), derLength(body.length), body]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const digits = Buffer.from(
    length.toString(16).padStart(2 * Math.ceil(length.toString(16).length / 2), '0'),
    'hex',
  );
  return Buffer.concat([Buffer.of(0x80 | digits.length), digits]);
}

/** Children follow one another without a gap and fill the contents. */
function nested({ content, children }: Asn1Element): void {
  if (children === null) return;
  sameBytes(Buffer.concat(children.map(({ bytes }) => bytes)), content, 'children fill the contents');
  for (const child of children) nested(child);
}

/** The value of a primitive by its reader, and the DER of that value by the emulators' writer. */
function rewritten(element: Asn1Element): Buffer {
  switch (element.tag) {
    case ASN1_TAG.boolean:
      return Buffer.of(1, 1, readBoolean(element) ? 0xff : 0);
    case ASN1_TAG.integer:
      return Buffer.from(derInteger(readSmallInteger(element)));
    case ASN1_TAG.oid:
      return Buffer.from(derOid(readOid(element)));
    case ASN1_TAG.bitString:
      return Buffer.from(derNamedBits([...readNamedBits(element)]));
    case ASN1_TAG.null:
      readNull(element);
      return Buffer.from(derNull());
    default:
      return element.bytes;
  }
}

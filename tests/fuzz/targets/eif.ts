// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import {
  EifError,
  keyId,
  MANIFEST_TYPE,
  openEnvelope,
  parseImageMeasurements,
  pcr3,
  pcr4,
  pcr16,
  readEif,
  readManifest,
  sealEnvelope,
  signManifest,
  verifyManifest,
} from '@enclave-vault/eif';
import { HEADER_LENGTH, parseHeader, parseSectionHeader } from '../../../verifier/eif/src/header.ts';
import { extended, sha384 } from '../../../verifier/eif/src/registers.ts';
import { verifySignatureSection } from '../../../verifier/eif/src/signature.ts';
import { isObject, json, parseCommandLine, parseMetadata } from '../../../verifier/eif/src/texts.ts';
import {
  pcr0Of,
  SAMPLE,
  signatureSection,
  signed,
  signer,
  withChecksum,
  writeEif,
} from '../../../verifier/eif/test/write-eif.ts';
import { holds, refusesWith, sameBytes, type Target } from '../target.ts';
import { fromHex } from './samples.ts';

const SOURCE = 'verifier/eif/src';
const SIGNER = signer('P-384');
const PCR0 = pcr0Of(SAMPLE);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const MEASUREMENTS = {
  name: 'a',
  architecture: 'x86_64',
  pcr0: 'ab'.repeat(48),
  pcr1: 'cd'.repeat(48),
  pcr2: 'ef'.repeat(48),
  pcr3: '12'.repeat(48),
  pcr8: '34'.repeat(48),
  pcr16: '56'.repeat(48),
} as const;
const MANIFEST = signManifest({ issued: Date.UTC(2026, 0), images: [MEASUREMENTS] }, privateKey);
const refuses = refusesWith(EifError, /./);
const refusesManifest = refusesWith(EifError, /^manifest_/);
const images = (): Buffer[] => [
  writeEif(SAMPLE),
  writeEif({ ...SAMPLE, arm64: true, ramdisks: SAMPLE.ramdisks.slice(0, 1) }),
  writeEif(signed(SAMPLE, SIGNER)),
];
const WORDS = ['.eif', '0001', '0002', '0003', '0004', '0005', '0000000000000000', 'ffffffffffffffff'].map(
  (word, index) => (index === 0 ? Buffer.from(word) : fromHex(word)),
);
const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  'null',
  '"pcr0":',
  '"pcr8":',
  '"__proto__":',
  '"images":',
  '"v":1',
  '"issued":',
  'x86_64',
  'aarch64',
  '\\u0000',
  '\n',
];

const MAX_SIGNED = 2048;

export const eif: readonly Target[] = [
  {
    name: 'eif: readEif',
    covers: [`${SOURCE}/read.ts#readEif`, `${SOURCE}/byte-stream.ts#ByteStream.constructor`],
    seeds: images,
    words: WORDS,
    maxLength: 8192,
    refuses,
    run: (input) => image(input),
  },
  {
    name: 'eif: readEif, checksum mended',
    covers: [],
    seeds: images,
    words: WORDS,
    maxLength: 8192,
    refuses,
    run: (input) => image(input.length > HEADER_LENGTH ? withChecksum(input) : input),
  },
  {
    name: 'eif: headers',
    covers: [`${SOURCE}/header.ts#parseHeader`, `${SOURCE}/header.ts#parseSectionHeader`],
    seeds: () => [writeEif(SAMPLE).subarray(0, HEADER_LENGTH)],
    words: WORDS,
    maxLength: HEADER_LENGTH,
    refuses: refusesWith(EifError, /^(?:not_an_eif|version_unsupported|header_invalid|section_)/),
    run: (input) => {
      // Both are handed a fixed number of bytes, whatever a file has.
      const whole = Buffer.concat([input, Buffer.alloc(HEADER_LENGTH - input.length)]);
      const { size } = parseSectionHeader(Buffer.concat([fromHex('00010000'), whole.subarray(28, 36)]));
      const { table } = parseHeader(whole);
      holds(table.length >= 1 && table.length <= 32 && table[0]?.offset === size, 'rows as they stand');
    },
  },
  {
    name: 'eif: verifySignatureSection',
    covers: [
      `${SOURCE}/signature.ts#verifySignatureSection`,
      `${SOURCE}/registers.ts#extended`,
      `${SOURCE}/registers.ts#sha384`,
    ],
    seeds: () => [signatureSection(PCR0, SIGNER)],
    words: [
      ...['81', 'a2', '98', '18ff', '1900ff', 'f6'].map(fromHex),
      '-----BEGIN CERTIFICATE-----',
      'register_index',
      'signing_certificate',
    ],
    maxLength: 8192,
    refuses: refusesWith(EifError, /^(?:signature_|certificate_invalid$)/),
    run: (input) => {
      const { pcr8, certificate } = verifySignatureSection(input, PCR0);
      // The rest of the certificate is nobody's business but PCR8's.
      holds(certificate.checkPrivateKey(SIGNER.key), 'only the holder of the key signs');
      sameBytes(pcr8, extended(sha384(certificate.raw)), 'PCR8 is the certificate, all of it');
    },
  },
  {
    name: 'eif: texts',
    covers: ['parseCommandLine', 'parseMetadata', 'json', 'isObject'].map(
      (name) => `${SOURCE}/texts.ts#${name}`,
    ),
    seeds: () => [SAMPLE.commandLine, SAMPLE.metadata ?? Buffer.alloc(0), Buffer.from('[1]')],
    words: JSON_WORDS,
    maxLength: 1024,
    refuses: refusesWith(EifError, /^(?:command_line|metadata)_invalid$/),
    run: (input) => {
      holds(!isObject(json(input)) || typeof parseMetadata(input) === 'object', 'an object is metadata');
      sameBytes(Buffer.from(parseCommandLine(input)), input, 'a command line is written the same');
      parseMetadata(input);
    },
  },
  {
    name: 'eif: names that are measured',
    covers: ['pcr3', 'pcr4', 'pcr16'].map((name) => `${SOURCE}/registers.ts#${name}`),
    seeds: () =>
      ['arn:aws:iam::111122223333:role/parent', 'i-0123456789abcdef0', 'i-01234567'].map((text) =>
        Buffer.from(text),
      ),
    words: ['arn:aws', ':role/', '\n', 'i-', 'arn:aws-cn:'],
    maxLength: 700,
    refuses: refusesWith(EifError, /^(?:role_arn|instance_id)_invalid$/),
    run: (input) => {
      holds(pcr16(input).length === 48, 'any configuration is measured');
      const text = input.toString('latin1');
      holds(!/\s/.test(text) || !measured(text), 'no white space is measured');
      if (text.startsWith('i-')) pcr4(text);
      else pcr3(text);
    },
  },
  {
    name: 'eif: verifyManifest',
    covers: [
      'manifest.ts#verifyManifest',
      'manifest.ts#readManifest',
      'dsse.ts#openEnvelope',
      'dsse.ts#keyId',
    ].map((name) => `${SOURCE}/${name}`),
    seeds: () => [MANIFEST],
    words: [...JSON_WORDS, '"payload":', '"signatures":', '"payloadType":', '"sig":', '=', MANIFEST_TYPE],
    refuses: refusesManifest,
    run: (input) => {
      holds(keyId(publicKey).length === 64, 'a key has an id');
      const payload = openEnvelope(MANIFEST_TYPE, input, publicKey);
      sameBytes(payload, openEnvelope(MANIFEST_TYPE, MANIFEST, publicKey), 'only what was signed opens');
      verifyManifest(input, publicKey);
      readManifest(input, publicKey);
    },
  },
  {
    name: 'eif: contents of a signed manifest',
    covers: ['manifest.ts#parseImageMeasurements', 'dsse.ts#sealEnvelope'].map((name) => `${SOURCE}/${name}`),
    seeds: () => [
      openEnvelope(MANIFEST_TYPE, MANIFEST, publicKey),
      Buffer.from(JSON.stringify(MEASUREMENTS)),
    ],
    words: JSON_WORDS,
    maxLength: MAX_SIGNED,
    refuses: refusesManifest,
    run: (input) => {
      const value = json(input);
      if (isObject(value) && 'name' in value) {
        const image = parseImageMeasurements(value);
        holds(/^[0-9a-f]{96}$/.test(image.pcr0) && !/^0+$/.test(image.pcr0), 'registers are measurements');
        return;
      }
      const { images: read } = verifyManifest(sealEnvelope(MANIFEST_TYPE, input, privateKey), publicKey);
      holds(read.length >= 1 && read.length <= 32, 'a manifest has images');
    },
  },
];

const measured = (text: string): boolean => {
  try {
    return pcr3(text).length === 48;
  } catch {
    return false;
  }
};

async function image(input: Buffer): Promise<void> {
  // In pieces of other lengths than the sections have.
  const pieces = Array.from({ length: Math.ceil(input.length / 61) }, (_, index) =>
    input.subarray(61 * index, 61 * index + 61),
  );
  const { sections, pcrs, commandLine } = await readEif(pieces);
  const sizes = sections.reduce((sum, { size }) => sum + 12 + size, HEADER_LENGTH);
  holds(sizes === input.length, 'sections fill the file');
  holds(
    !commandLine.includes('\0') && [0, 1, 2].every((index) => pcrs.get(index)?.length === 48),
    'it is measured',
  );
  const whole = await readEif([input]);
  sameBytes(
    whole.pcrs.get(0) ?? Buffer.alloc(0),
    pcrs.get(0) ?? Buffer.alloc(1),
    'pieces make no difference',
  );
}

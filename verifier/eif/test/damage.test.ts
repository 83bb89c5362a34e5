// SPDX-License-Identifier: Apache-2.0
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { describe, expect, test } from 'vitest';
import { type EifErrorCode, readEif } from '../src/index.ts';
import {
  pcr0Of,
  SAMPLE,
  type Section,
  type SignatureParts,
  sectionsOf,
  signatureSection,
  signed,
  signer,
  withChecksum,
  writeEif,
  writeSections,
} from './write-eif.ts';

const P384 = signer('secp384r1');

async function refuses(file: Buffer, code: EifErrorCode): Promise<void> {
  await expect(readEif([file])).rejects.toThrow(expect.objectContaining({ code }));
}

/** The sample with some of its bytes replaced and the checksum set anew. */
function changed(change: (file: Buffer) => unknown): Buffer {
  const file = writeEif(SAMPLE);
  change(file);
  return withChecksum(file);
}

const [KERNEL, COMMAND_LINE, METADATA, RAMDISK] = sectionsOf(SAMPLE) as [Section, Section, Section, Section];

describe('header', () => {
  test.each<[string, EifErrorCode, (file: Buffer) => unknown]>([
    ['another magic', 'not_an_eif', (file) => file.write('.EIF')],
    ['version 3', 'version_unsupported', (file) => file.writeUInt16BE(3, 4)],
    ['version 5', 'version_unsupported', (file) => file.writeUInt16BE(5, 4)],
    ['an unknown flag', 'header_invalid', (file) => file.writeUInt16BE(2, 6)],
    ['the reserved field', 'header_invalid', (file) => file.writeUInt16BE(1, 24)],
    ['the unused field', 'header_invalid', (file) => file.writeUInt32BE(1, 540)],
    ['no sections', 'section_table_invalid', (file) => file.writeUInt16BE(0, 26)],
    ['33 sections', 'section_table_invalid', (file) => file.writeUInt16BE(33, 26)],
    ['fewer sections than rows', 'section_table_invalid', (file) => file.writeUInt16BE(5, 26)],
    ['an offset in a row that is none', 'section_table_invalid', (file) => file.writeUInt8(1, 28 + 8 * 31)],
    ['a size in a row that is none', 'section_table_invalid', (file) => file.writeUInt8(1, 284 + 8 * 7)],
    ['a small offset in a row that is none', 'section_table_invalid', (file) => file.writeUInt8(1, 28 + 255)],
    ['a small size in a row that is none', 'section_table_invalid', (file) => file.writeUInt8(1, 284 + 255)],
    [
      'an offset beyond all files',
      'section_table_mismatch',
      (file) => file.writeBigUInt64BE(2n ** 53n - 1n, 36),
    ],
    ['a size beyond all numbers', 'section_table_invalid', (file) => file.writeUInt8(0x80, 284)],
    ['another offset', 'section_table_mismatch', (file) => file.writeUInt8(1, 28 + 8 + 7)],
    ['another size', 'section_table_mismatch', (file) => file.writeUInt8(1, 284 + 7)],
  ])('refuses %s', async (_, code, change) => refuses(changed(change), code));

  test('refuses another checksum', async () => {
    const file = writeEif(SAMPLE);
    file.writeUInt32BE((file.readUInt32BE(544) ^ 1) >>> 0, 544);
    await refuses(file, 'crc_mismatch');
  });

  test('refuses a short file of another kind as what it is', async () =>
    refuses(Buffer.from('key file'), 'not_an_eif'));

  test('refuses an end before the last section', async () => {
    await refuses(writeEif(SAMPLE).subarray(0, 547), 'truncated');
    await refuses(writeEif(SAMPLE).subarray(0, -1), 'truncated');
    await refuses(
      changed(
        (file) =>
          file.writeBigUInt64BE(2n ** 40n, 284 + 40) && file.writeBigUInt64BE(2n ** 40n, file.length - 12),
      ),
      'truncated',
    );
  });
});

describe('sections', () => {
  test.each<[string, EifErrorCode, readonly Section[]]>([
    ['of type 0', 'section_type_unknown', [KERNEL, COMMAND_LINE, [0, Buffer.alloc(1)]]],
    ['of type 6', 'section_type_unknown', [KERNEL, COMMAND_LINE, [6, Buffer.alloc(1)]]],
    ['with flags', 'section_flags_unknown', [KERNEL, COMMAND_LINE, [3, Buffer.alloc(1), 1]]],
    ['without a kernel', 'section_order', [COMMAND_LINE, RAMDISK]],
    ['with the command line before the kernel', 'section_order', [COMMAND_LINE, KERNEL, RAMDISK]],
    ['with a ramdisk before the command line', 'section_order', [KERNEL, RAMDISK, COMMAND_LINE]],
    ['with metadata before the command line', 'section_order', [METADATA, COMMAND_LINE, RAMDISK]],
    ['without sections', 'section_table_invalid', []],
    ['with two kernels', 'section_repeated', [KERNEL, KERNEL, COMMAND_LINE, RAMDISK]],
    ['with a second kernel later', 'section_repeated', [KERNEL, COMMAND_LINE, RAMDISK, KERNEL]],
    ['with two command lines', 'section_repeated', [KERNEL, COMMAND_LINE, COMMAND_LINE, RAMDISK]],
    ['with two of metadata', 'section_repeated', [KERNEL, COMMAND_LINE, METADATA, METADATA, RAMDISK]],
    ['without a ramdisk', 'section_missing', [KERNEL, COMMAND_LINE, METADATA]],
    ['with a kernel only', 'section_missing', [KERNEL]],
    [
      'with a long command line',
      'section_too_large',
      [KERNEL, [2, Buffer.alloc(16 * 1024 + 1, 'a')], RAMDISK],
    ],
    [
      'with long metadata',
      'section_too_large',
      [KERNEL, COMMAND_LINE, [5, Buffer.alloc(1024 * 1024 + 1)], RAMDISK],
    ],
    ['with a zero in the command line', 'command_line_invalid', [KERNEL, [2, Buffer.from('a\0b')], RAMDISK]],
    ['with a command line that is no text', 'command_line_invalid', [KERNEL, [2, Buffer.of(0xff)], RAMDISK]],
    [
      'with metadata that is no JSON',
      'metadata_invalid',
      [KERNEL, COMMAND_LINE, [5, Buffer.from('{')], RAMDISK],
    ],
    [
      'with metadata that is no object',
      'metadata_invalid',
      [KERNEL, COMMAND_LINE, [5, Buffer.from('[]')], RAMDISK],
    ],
    [
      'with metadata that is no UTF-8',
      'metadata_invalid',
      [KERNEL, COMMAND_LINE, [5, Buffer.from('{"a":"\xff"}', 'latin1')], RAMDISK],
    ],
  ])('refuses an image %s', async (_, code, sections) => refuses(writeSections(sections), code));

  test('refuses more than the table has', async () => {
    await refuses(withChecksum(Buffer.concat([writeEif(SAMPLE), Buffer.alloc(11)])), 'trailing_bytes');
  });

  test('takes a command line of 16 KiB, and reads it byte by byte', async () => {
    const longest = Buffer.alloc(16 * 1024, 'a');
    // What is measured has the mark, so what is shown has it too.
    const marked = Buffer.from('\ufeffquiet');
    for (const commandLine of [longest, marked]) {
      const eif = await readEif([writeSections([KERNEL, [2, commandLine], RAMDISK])]);
      expect(Buffer.from(eif.commandLine)).toEqual(commandLine);
    }
  });

  test('takes 32 sections', async () => {
    const ramdisks = Array.from({ length: 30 }, (_, index) => [3, Buffer.of(index)] as const);
    expect((await readEif([writeSections([KERNEL, COMMAND_LINE, ...ramdisks])])).sections).toHaveLength(32);
  });
});

describe('signature', () => {
  const pcr0 = pcr0Of(SAMPLE);

  test.each<[string, EifErrorCode, Partial<SignatureParts>]>([
    ['of another register', 'signature_register', { register: 1 }],
    ['of a negative register', 'signature_register', { register: -1 }],
    ['of a register that is no number', 'signature_malformed', { register: '0' }],
    ['of another image', 'signature_other_image', { value: [...Buffer.alloc(48, 1)] }],
    ['of a shorter value', 'signature_malformed', { value: [...pcr0.subarray(1)] }],
    ['of a value in bytes', 'signature_malformed', { value: pcr0 }],
    ['of a value that is no bytes', 'signature_malformed', { value: [256, ...pcr0.subarray(1)] }],
    ['of a value with a negative byte', 'signature_malformed', { value: [-1, ...pcr0.subarray(1)] }],
    ['of a value with a byte as text', 'signature_malformed', { value: ['1', ...pcr0.subarray(1)] }],
    ['with an unprotected header', 'signature_algorithm', { unprotected: new Map([[4, 0]]) }],
    ['by an algorithm of another curve', 'signature_algorithm', { algorithm: -7 }],
    ['by an unknown algorithm', 'signature_algorithm', { algorithm: -8 }],
    [
      'with more in its header',
      'signature_algorithm',
      {
        header: encodeCbor(
          new Map([
            [1, -35],
            [4, 0],
          ]),
        ),
      },
    ],
    ['with a header that is no map', 'signature_algorithm', { header: encodeCbor(-35) }],
    ['with a header that is no CBOR', 'signature_malformed', { header: Buffer.of(0xff) }],
    ['with a certificate in bytes', 'signature_malformed', { certificate: Buffer.from(P384.pem) }],
    ['with a certificate in DER', 'certificate_invalid', { certificate: [...P384.der] }],
    [
      'with a first certificate that only some readers of PEM see',
      'certificate_invalid',
      {
        certificate: [
          ...Buffer.from(
            P384.pem.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE') + signer('secp384r1').pem,
          ),
        ],
      },
    ],
    [
      'with a certificate that is none',
      'certificate_invalid',
      { certificate: [...Buffer.from('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n')] },
    ],
    [
      "with another's certificate",
      'signature_invalid',
      { certificate: [...Buffer.from(signer('secp384r1').pem)] },
    ],
  ])('refuses one %s', async (_, code, parts) => refuses(writeEif(signed(SAMPLE, P384, parts)), code));

  test('refuses a signature of a key on another curve', async () => {
    await refuses(writeEif(signed(SAMPLE, signer('prime256v1'))), 'signature_algorithm');
  });

  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['no CBOR', Buffer.of(0xff)],
    ['no array', encodeCbor(1)],
    ['arrays in arrays', Buffer.alloc(60_000, 0x81)],
    ['no signature', encodeCbor([])],
    ['an entry that is none', encodeCbor([1])],
    ['an entry with less', encodeCbor([new Map([['signature', [1]]])])],
    [
      'an entry with more',
      encodeCbor([
        new Map<string, CborValue>([
          ...(decodeCbor(signatureSection(pcr0, P384)) as [Map<string, CborValue>])[0],
          ['more', 1],
        ]),
      ]),
    ],
    [
      'an entry with another member',
      encodeCbor([
        new Map<string, number[]>([
          ['signature', [1]],
          ['certificate', [1]],
        ]),
      ]),
    ],
    [
      'two signatures',
      Buffer.concat([
        Buffer.of(0x82),
        signatureSection(pcr0, P384).subarray(1),
        signatureSection(pcr0, P384).subarray(1),
      ]),
    ],
    [
      'a signature that is no COSE',
      encodeCbor([
        new Map<string, number[]>([
          ['signing_certificate', [1]],
          ['signature', [1]],
        ]),
      ]),
    ],
  ])('refuses a section of %s', async (_, signature) =>
    refuses(writeEif({ ...SAMPLE, signature }), 'signature_malformed'),
  );

  test('takes one of some 30,000 bytes, as a certificate with text around it makes it', async () => {
    const certificate = [...Buffer.from(`${'note\n'.repeat(6000)}${P384.pem}`)];
    const eif = await readEif([writeEif(signed(SAMPLE, P384, { certificate }))]);
    expect(eif.signature?.algorithm).toBe('ES384');
  });

  test('refuses two sections, and one that is too long', async () => {
    const section = [4, signatureSection(pcr0, P384)] as const;
    await refuses(writeSections([...sectionsOf(SAMPLE), section, section]), 'section_repeated');
    await refuses(writeEif({ ...SAMPLE, signature: Buffer.alloc(64 * 1024 + 1) }), 'section_too_large');
  });
});

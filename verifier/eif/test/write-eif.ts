// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type CborValue, coseSign1ToBeSigned, encodeCbor } from '@enclave-vault/codec';
import { issueCertificate } from '@enclave-vault/emulator-pki';

/** A writer of its own, from the published layout: it shares nothing with the reader but the codec. */
export interface Image {
  readonly arm64?: boolean;
  readonly kernel: Buffer;
  readonly commandLine: Buffer;
  readonly metadata?: Buffer;
  readonly ramdisks: readonly Buffer[];
  readonly signature?: Buffer;
}

export type Section = readonly [type: number, data: Buffer, flags?: number];

export function sectionsOf({ kernel, commandLine, metadata, ramdisks, signature }: Image): Section[] {
  return [
    [1, kernel],
    [2, commandLine],
    ...(metadata === undefined ? [] : [[5, metadata] as const]),
    ...ramdisks.map((data) => [3, data] as const),
    ...(signature === undefined ? [] : [[4, signature] as const]),
  ];
}

export function writeEif(image: Image): Buffer {
  return writeSections(sectionsOf(image), image.arm64 === true ? 1 : 0);
}

/** The checksum is right whatever the sections are, so that it is not what fails. */
export function writeSections(sections: readonly Section[], flags = 0): Buffer {
  const header = Buffer.alloc(548);
  header.write('.eif', 0, 'latin1');
  header.writeUInt16BE(4, 4);
  header.writeUInt16BE(flags, 6);
  header.writeBigUInt64BE(1024n * 1024n * 1024n, 8);
  header.writeBigUInt64BE(2n, 16);
  header.writeUInt16BE(sections.length, 26);
  const body: Buffer[] = [];
  let at = header.length;
  for (const [index, [type, data, sectionFlags = 0]] of sections.entries()) {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(sectionFlags, 2);
    head.writeBigUInt64BE(BigInt(data.length), 4);
    body.push(head, data);
    if (index < 32) {
      header.writeBigUInt64BE(BigInt(at), 28 + 8 * index);
      header.writeBigUInt64BE(BigInt(data.length), 284 + 8 * index);
    }
    at += head.length + data.length;
  }
  return withChecksum(Buffer.concat([header, ...body]));
}

/** Sets the checksum of a file that was changed. */
export function withChecksum(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32BE(crc32(copy.subarray(548), crc32(copy.subarray(0, 544))), 544);
  return copy;
}

export interface Signer {
  readonly key: KeyObject;
  readonly pem: string;
  readonly der: Buffer;
}

export function signer(namedCurve: string, now = Date.UTC(2030, 0), until = now + 86_400_000): Signer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  const { pem, der } = issueCertificate({
    subject: 'image signer',
    key: privateKey,
    notBefore: now,
    notAfter: until,
  });
  return { key: privateKey, pem, der };
}

const HASHES: Readonly<Record<number, string>> = { [-7]: 'sha256', [-35]: 'sha384', [-36]: 'sha512' };

export interface SignatureParts {
  readonly algorithm: number;
  readonly register: CborValue;
  readonly value: CborValue;
  readonly certificate: CborValue;
  readonly header: Uint8Array;
  readonly unprotected: CborValue;
}

/** A signature section over PCR0, with parts of it replaced where a test wants to. */
export function signatureSection(pcr0: Buffer, by: Signer, parts: Partial<SignatureParts> = {}): Buffer {
  const { algorithm = -35, register = 0, value = [...pcr0], certificate = [...Buffer.from(by.pem)] } = parts;
  const header = parts.header ?? encodeCbor(new Map([[1, algorithm]]));
  const payload = encodeCbor(
    new Map<string, CborValue>([
      ['register_index', register],
      ['register_value', value],
    ]),
  );
  const signature = sign(HASHES[algorithm] ?? 'sha384', coseSign1ToBeSigned(header, payload), {
    key: by.key,
    dsaEncoding: 'ieee-p1363',
  });
  const cose = encodeCbor([header, parts.unprotected ?? new Map(), payload, signature]);
  return encodeCbor([
    new Map<string, CborValue>([
      ['signing_certificate', certificate],
      ['signature', [...cose]],
    ]),
  ]);
}

const sha384 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha384');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** A register, from the definition. */
export const register = (...parts: readonly Uint8Array[]): Buffer =>
  sha384(Buffer.alloc(48), sha384(...parts));

export function pcr0Of({ kernel, commandLine, ramdisks }: Image): Buffer {
  return register(kernel, commandLine, ...ramdisks);
}

export function signed(image: Image, by: Signer, parts?: Partial<SignatureParts>): Image {
  return { ...image, signature: signatureSection(pcr0Of(image), by, parts) };
}

/** A small image whose bytes are always the same. */
export const SAMPLE: Image = {
  kernel: Buffer.from('a kernel'.repeat(40)),
  commandLine: Buffer.from('reboot=k panic=30 pci=off nomodules console=ttyS0'),
  metadata: Buffer.from(JSON.stringify({ ImageName: 'sample', ImageVersion: '1.0' })),
  ramdisks: [Buffer.from('init'.repeat(33)), Buffer.from('application'.repeat(50)), Buffer.from('more')],
};

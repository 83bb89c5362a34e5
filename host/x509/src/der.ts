// SPDX-License-Identifier: Apache-2.0
import { ASN1_TAG } from '@enclave-vault/codec';
import { PkiError } from './errors.ts';

/** One element: identifier octet, shortest definite length, contents (X.690 sections 8.1 and 10.1). */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOctets(content.length), content]);
}

/** A constructed element of indefinite length, ended by end-of-contents octets (X.690 section 8.1.3.6). BER only. */
export function berIndefinite(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(tag, 0x80), ...contents, Buffer.of(0, 0)]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const size = length <= 0xff ? 1 : length <= 0xffff ? 2 : length <= 0xff_ffff ? 3 : 4;
  const octets = Buffer.alloc(1 + size);
  octets[0] = 0x80 | size;
  octets.writeUIntBE(length, 1, size);
  return octets;
}

export const derSequence = (...contents: readonly Uint8Array[]): Buffer =>
  der(ASN1_TAG.sequence, ...contents);

/** SET OF, its members in ascending order of their encodings (X.690 section 11.6). */
export const derSetOf = (...members: readonly Buffer[]): Buffer =>
  der(ASN1_TAG.set, ...members.toSorted((a, b) => a.compare(b)));

/** [number] of the context-specific class, constructed: EXPLICIT, or IMPLICIT of something constructed. */
export const derContext = (number: number, ...contents: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...contents);

/** [number] IMPLICIT of something primitive. */
export const derContextPrimitive = (number: number, content: Uint8Array): Buffer =>
  der(0x80 | number, content);

export const derBoolean = (value: boolean): Buffer => der(ASN1_TAG.boolean, Buffer.of(value ? 0xff : 0));
export const derNull = (): Buffer => der(ASN1_TAG.null);
export const derOctetString = (value: Uint8Array): Buffer => der(ASN1_TAG.octetString, value);

/** Non-negative INTEGER from its magnitude, big-endian, or from a small number. */
export function derInteger(value: number | Uint8Array): Buffer {
  const magnitude =
    typeof value === 'number' ? Buffer.from(value.toString(16).padStart(8, '0'), 'hex') : Buffer.from(value);
  const firstSet = magnitude.findIndex((octet) => octet !== 0);
  const shortest = firstSet === -1 ? Buffer.of(0) : magnitude.subarray(firstSet);
  const sign = (shortest[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0);
  return der(ASN1_TAG.integer, sign, shortest);
}

/** OBJECT IDENTIFIER from dotted decimal (X.690 section 8.19). @throws PkiError `invalid_oid` */
export function derOid(dotted: string): Buffer {
  const [root, second, ...rest] = dotted.split('.').map(Number);
  if (root === undefined || second === undefined || ![root, second, ...rest].every(Number.isSafeInteger)) {
    throw new PkiError('invalid_oid');
  }
  return der(ASN1_TAG.oid, ...[40 * root + second, ...rest].map(base128));
}

function base128(value: number): Buffer {
  const octets = [value & 0x7f];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    octets.unshift(0x80 | (left & 0x7f));
  return Buffer.from(octets);
}

/** BIT STRING of whole octets: keys and signatures. */
export const derBitString = (value: Uint8Array): Buffer => der(ASN1_TAG.bitString, Buffer.of(0), value);

/** BIT STRING of named bits 0 to 15, without trailing zero bits (X.690 section 11.2.2). */
export function derNamedBits(bits: readonly number[]): Buffer {
  if (bits.length === 0) return der(ASN1_TAG.bitString, Buffer.of(0));
  const highest = Math.max(...bits);
  const octets = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return der(ASN1_TAG.bitString, Buffer.of(7 - (highest & 7)), octets);
}

/** Time of RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime after. @param time ms since the epoch. @throws PkiError */
export function derTime(time: number): Buffer {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 9999)) throw new PkiError('invalid_time');
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return year < 2050
    ? der(ASN1_TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : der(ASN1_TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}

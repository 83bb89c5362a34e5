// SPDX-License-Identifier: Apache-2.0
import type { Asn1Element } from './asn1.ts';
import { CodecError } from './errors.ts';

/** Identifier octets of X.680's universal types used here, the constructed bit set where DER has it. */
export const ASN1_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Children of a constructed element whose identifier octet is `tag`. @throws CodecError `asn1_unexpected_tag` */
export function childrenOf(element: Asn1Element | undefined, tag: number): readonly Asn1Element[] {
  if (element?.tag !== tag || element.children === null) throw new CodecError('asn1_unexpected_tag');
  return element.children;
}

/** Contents of a primitive element whose identifier octet is `tag`. @throws CodecError `asn1_unexpected_tag` */
export function contentOf(element: Asn1Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag || element.children !== null) throw new CodecError('asn1_unexpected_tag');
  return element.content;
}

/** BOOLEAN, DER: 00 or FF (X.690 section 11.1). @throws CodecError */
export function readBoolean(element: Asn1Element | undefined): boolean {
  const content = contentOf(element, ASN1_TAG.boolean);
  const octet = content[0];
  if (content.length !== 1 || (octet !== 0 && octet !== 0xff)) throw new CodecError('asn1_invalid_boolean');
  return octet === 0xff;
}

/** INTEGER from 0 to 2^31-1 in its shortest form (X.690 section 8.3.2): versions, path lengths. @throws CodecError */
export function readSmallInteger(element: Asn1Element | undefined): number {
  const content = contentOf(element, ASN1_TAG.integer);
  const [first = 0x80, second = 0x80] = content;
  const padded = content.length > 1 && first === 0 && second < 0x80;
  if (content.length < 1 || content.length > 4 || first >= 0x80 || padded)
    throw new CodecError('asn1_invalid_integer');
  return content.readUIntBE(0, content.length);
}

/** OBJECT IDENTIFIER in dotted decimal (X.690 section 8.19), subidentifiers below 2^31. @throws CodecError */
export function readOid(element: Asn1Element | undefined): string {
  const content = contentOf(element, ASN1_TAG.oid);
  // The last octet of a subidentifier has its top bit clear; 64 octets are more than any name used here.
  if (content.length < 1 || content.length > 64 || (content.at(-1) ?? 0x80) >= 0x80) {
    throw new CodecError('asn1_invalid_oid');
  }
  const numbers: number[] = [];
  let value = 0;
  let starts = true;
  for (const octet of content) {
    if (starts && octet === 0x80) throw new CodecError('asn1_invalid_oid');
    value = value * 128 + (octet & 0x7f);
    if (value >= 2 ** 31) throw new CodecError('asn1_invalid_oid');
    starts = octet < 0x80;
    if (starts) {
      numbers.push(value);
      value = 0;
    }
  }
  const [joint = 0, ...rest] = numbers;
  const root = Math.min(2, Math.floor(joint / 40));
  return [root, joint - 40 * root, ...rest].join('.');
}

/** BIT STRING, DER: the named bits that are set, by number (X.690 sections 8.6 and 11.2). @throws CodecError */
export function readNamedBits(element: Asn1Element | undefined): ReadonlySet<number> {
  const content = contentOf(element, ASN1_TAG.bitString);
  const unused = content[0] ?? 8;
  if (unused > 7 || content.length > 5 || (content.length === 1 && unused !== 0)) {
    throw new CodecError('asn1_invalid_bit_string');
  }
  const last = content.length > 1 ? (content.at(-1) ?? 0) : 0;
  // Unused bits are zero, and a list of named bits ends with a bit that is set.
  if (content.length > 1 && (last & ((2 << unused) - 1)) !== 1 << unused) {
    throw new CodecError('asn1_invalid_bit_string');
  }
  const bits = new Set<number>();
  content.subarray(1).forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) bits.add(8 * index + bit);
  });
  return bits;
}

/** NULL. @throws CodecError */
export function readNull(element: Asn1Element | undefined): void {
  if (contentOf(element, ASN1_TAG.null).length !== 0) throw new CodecError('asn1_invalid_null');
}

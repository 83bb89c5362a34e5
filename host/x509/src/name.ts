// SPDX-License-Identifier: Apache-2.0
import { ASN1_TAG } from '@enclave-vault/codec';
import { der, derOid, derSequence, derSetOf } from './der.ts';
import { PkiError } from './errors.ts';

/** X.520 attribute types that the certificates of Nitro and of TLS servers use. */
const ATTRIBUTES = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
} as const;

/** A distinguished name: its attributes in the order in which they are written. */
export type Name = readonly (readonly [type: keyof typeof ATTRIBUTES, value: string])[];

/**
 * Encodes a Name (RFC 5280 section 4.1.2.4), one attribute to each relative name; a plain string is a common name. The country is a
 * PrintableString, everything else UTF8String, as in the certificates of Nitro.
 *
 * @throws PkiError `invalid_name`
 */
export function encodeName(name: Name | string): Buffer {
  const attributes: Name = typeof name === 'string' ? [['CN', name]] : name;
  return derSequence(
    ...attributes.map(([type, value]) => {
      if (value.length === 0 || !value.isWellFormed()) throw new PkiError('invalid_name');
      const stringTag = type === 'C' ? ASN1_TAG.printableString : ASN1_TAG.utf8String;
      return derSetOf(derSequence(derOid(ATTRIBUTES[type]), der(stringTag, Buffer.from(value, 'utf8'))));
    }),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject } from 'node:crypto';
import { ASN1_TAG, childrenOf, contentOf, parseDer } from '@enclave-vault/codec';
import {
  derBoolean,
  derContext,
  derContextPrimitive,
  derInteger,
  derNamedBits,
  derOctetString,
  derOid,
  derSequence,
} from './der.ts';
import { PkiError } from './errors.ts';

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3). */
const KEY_USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

export type KeyUsage = keyof typeof KEY_USAGE;

const EXTENDED_KEY_USAGE = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

export type ExtendedKeyUsage = keyof typeof EXTENDED_KEY_USAGE;

/** Extension (RFC 5280 section 4.1): `value` is the DER that goes into the OCTET STRING. */
export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Buffer };

export type SubjectAltNames = {
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly ip?: readonly string[];
};

export function encodeExtension({ oid, critical, value }: Extension): Buffer {
  return derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(value));
}

/** cA is DEFAULT FALSE, so it is left out for an end entity (X.690 section 11.5). */
export function basicConstraints(ca: boolean, pathLen: number | undefined): Extension {
  const length = pathLen === undefined ? [] : [derInteger(pathLen)];
  return {
    oid: '2.5.29.19',
    critical: true,
    value: derSequence(...(ca ? [derBoolean(true)] : []), ...length),
  };
}

export function keyUsage(usages: readonly KeyUsage[], critical: boolean): Extension {
  return { oid: '2.5.29.15', critical, value: derNamedBits(usages.map((usage) => KEY_USAGE[usage])) };
}

export function extendedKeyUsage(usages: readonly ExtendedKeyUsage[]): Extension {
  const value = derSequence(...usages.map((usage) => derOid(EXTENDED_KEY_USAGE[usage])));
  return { oid: '2.5.29.37', critical: false, value };
}

/** Key identifier by method 1 of RFC 5280 section 4.2.1.2: SHA-1 over the bits of the public key. An identifier, not a safeguard. */
function keyIdentifier(key: KeyObject): Buffer {
  const [, bits] = childrenOf(parseDer(key.export({ format: 'der', type: 'spki' })), ASN1_TAG.sequence);
  return createHash('sha1').update(contentOf(bits, ASN1_TAG.bitString).subarray(1)).digest();
}

export function subjectKeyIdentifier(key: KeyObject): Extension {
  return { oid: '2.5.29.14', critical: false, value: derOctetString(keyIdentifier(key)) };
}

export function authorityKeyIdentifier(key: KeyObject): Extension {
  return {
    oid: '2.5.29.35',
    critical: false,
    value: derSequence(derContextPrimitive(0, keyIdentifier(key))),
  };
}

/** SubjectAltName with dNSName [2], URI [6] and iPAddress [7] (RFC 5280 section 4.2.1.6). @throws PkiError `invalid_address` */
export function subjectAltName({ dns = [], uri = [], ip = [] }: SubjectAltNames): Extension {
  const value = derSequence(
    ...dns.map((name) => derContextPrimitive(2, Buffer.from(name, 'ascii'))),
    ...uri.map((name) => derContextPrimitive(6, Buffer.from(name, 'ascii'))),
    ...ip.map((address) => derContextPrimitive(7, addressOctets(address))),
  );
  return { oid: '2.5.29.17', critical: false, value };
}

/**
 * NameConstraints (RFC 5280 section 4.2.1.10), critical: the only names that certificates below may have, of these two
 * kinds. A dNSName permits its subdomains too; a URI is permitted by its host.
 */
export function nameConstraints(permitted: {
  readonly dns?: readonly string[];
  readonly uriHost?: readonly string[];
}): Extension {
  const subtree = (tag: number) => (name: string) =>
    derSequence(derContextPrimitive(tag, Buffer.from(name, 'ascii')));
  const subtrees = [...(permitted.dns ?? []).map(subtree(2)), ...(permitted.uriHost ?? []).map(subtree(6))];
  return { oid: '2.5.29.30', critical: true, value: derSequence(derContext(0, ...subtrees)) };
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_GROUP = /^[0-9a-f]{1,4}$/i;

/** Four or sixteen octets of an address in its text form; of IPv6, the forms of RFC 4291 section 2.2 without embedded IPv4. */
function addressOctets(address: string): Buffer {
  if (IPV4.test(address)) return Buffer.from(address.split('.').map(Number));
  const [left = [], right, ...more] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = 8 - left.length - (right?.length ?? 0);
  const complete = right === undefined ? zeros === 0 : zeros > 0;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...(right ?? [])];
  if (!complete || more.length > 0 || !groups.every((group) => IPV6_GROUP.test(group))) {
    throw new PkiError('invalid_address');
  }
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

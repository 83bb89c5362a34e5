// SPDX-License-Identifier: Apache-2.0
import {
  ASN1_TAG,
  type Asn1Element,
  CodecError,
  childrenOf,
  contentOf,
  parseDer,
  readBoolean,
  readNamedBits,
  readOid,
  readSmallInteger,
} from '@enclave-vault/codec';
import { AttestationError } from './errors.ts';

const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
};

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5 } as const;

export type CertificateExtensions = {
  /** Undefined where the certificate has none, which is no CA. */
  readonly basicConstraints:
    | { readonly critical: boolean; readonly ca: boolean; readonly pathLength: number }
    | undefined;
  readonly keyUsage: ReadonlySet<number> | undefined;
  readonly subjectKeyIdentifier: Buffer | undefined;
  readonly authorityKeyIdentifier: Buffer | undefined;
};

/**
 * Reads the extensions field [3] (RFC 5280 section 4.2). Extensions of which this verifier knows nothing are passed over unless they are
 * critical; each may be there once.
 *
 * @throws AttestationError `certificate_extension`
 */
export function readExtensions(field: Asn1Element | undefined): CertificateExtensions {
  try {
    return read(field);
  } catch (error) {
    if (error instanceof CodecError) throw new AttestationError('certificate_extension');
    throw error;
  }
}

function read(field: Asn1Element | undefined): CertificateExtensions {
  const [list, ...rest] = childrenOf(field, 0xa3);
  if (rest.length > 0) throw new AttestationError('certificate_extension');
  const found = new Map<string, { critical: boolean; value: Buffer }>();
  for (const element of childrenOf(list, ASN1_TAG.sequence)) {
    const { oid, critical, value } = readExtension(element);
    const known = Object.values(OID).includes(oid);
    if (found.has(oid) || (critical && !known)) throw new AttestationError('certificate_extension');
    found.set(oid, { critical, value });
  }
  const of = <T>(oid: string, parse: (value: Asn1Element, critical: boolean) => T): T | undefined => {
    const extension = found.get(oid);
    return extension === undefined ? undefined : parse(parseDer(extension.value), extension.critical);
  };
  return {
    basicConstraints: of(OID.basicConstraints, readBasicConstraints),
    keyUsage: of(OID.keyUsage, readNamedBits),
    subjectKeyIdentifier: of(OID.subjectKeyIdentifier, (value) => contentOf(value, ASN1_TAG.octetString)),
    authorityKeyIdentifier: of(OID.authorityKeyIdentifier, readAuthorityKeyIdentifier),
  };
}

/** SEQUENCE {extnID, critical BOOLEAN DEFAULT FALSE, extnValue}; DER does not write a default (X.690 section 11.5). */
function readExtension(element: Asn1Element): { oid: string; critical: boolean; value: Buffer } {
  const fields = childrenOf(element, ASN1_TAG.sequence);
  const critical = fields.length === 3;
  if (fields.length < 2 || fields.length > 3 || (critical && !readBoolean(fields[1]))) {
    throw new AttestationError('certificate_extension');
  }
  return { oid: readOid(fields[0]), critical, value: contentOf(fields.at(-1), ASN1_TAG.octetString) };
}

/** SEQUENCE {cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL}; a path length is for CAs only (section 4.2.1.9). */
function readBasicConstraints(
  value: Asn1Element,
  critical: boolean,
): { critical: boolean; ca: boolean; pathLength: number } {
  const [cA, pathLength, ...rest] = childrenOf(value, ASN1_TAG.sequence);
  const ca = cA !== undefined && readBoolean(cA);
  if (rest.length > 0 || (cA !== undefined && !ca)) throw new AttestationError('certificate_extension');
  return {
    critical,
    ca,
    pathLength: pathLength === undefined ? Number.POSITIVE_INFINITY : readSmallInteger(pathLength),
  };
}

/** Its keyIdentifier [0], where it has one (section 4.2.1.1). */
function readAuthorityKeyIdentifier(value: Asn1Element): Buffer | undefined {
  const [first] = childrenOf(value, ASN1_TAG.sequence);
  return first?.tag === 0x80 ? first.content : undefined;
}

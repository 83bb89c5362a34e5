// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import {
  CodecError,
  type CoseSign1,
  coseSign1ToBeSigned,
  type DecodedCbor,
  decodeCbor,
  parseCoseSign1,
} from '@enclave-vault/codec';
import { EifError } from './errors.ts';
import { extended, REGISTER_LENGTH, sha384 } from './registers.ts';

/** Bytes; also the number of items, since a byte is an item here. */
export const MAX_SIGNATURE_SECTION = 64 * 1024;
const LIMITS = { maxBytes: MAX_SIGNATURE_SECTION, maxItems: MAX_SIGNATURE_SECTION, maxDepth: 4 };

/** COSE algorithms (RFC 9053 section 2.1), each with the only curve it is taken with here. */
const ALGORITHMS: ReadonlyMap<
  DecodedCbor | undefined,
  { name: string; curve: string; hash: string; length: number }
> = new Map([
  [-7, { name: 'ES256', curve: 'prime256v1', hash: 'sha256', length: 64 }],
  [-35, { name: 'ES384', curve: 'secp384r1', hash: 'sha384', length: 96 }],
  [-36, { name: 'ES512', curve: 'secp521r1', hash: 'sha512', length: 132 }],
]);

/** A signature that holds for the image it stands in. */
export interface ImageSignature {
  readonly algorithm: string;
  readonly certificate: X509Certificate;
  /** PCR8: the certificate's DER. */
  readonly pcr8: Buffer;
}

/**
 * Verifies the signature section against the PCR0 that was measured (SPEC.md, step 5). Whether the certificate is one to trust is not
 * looked at: that is what PCR8 in the key policy is for.
 *
 * @throws EifError `signature_*`, `certificate_invalid`
 */
export function verifySignatureSection(section: Buffer, pcr0: Buffer): ImageSignature {
  const { pem, cose } = parseSection(section);
  const { certificate, key } = parseCertificate(pem);
  const algorithm = algorithmOf(cose);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) {
    throw new EifError('signature_algorithm');
  }
  const toBeSigned = coseSign1ToBeSigned(cose.protectedHeader, cose.payload);
  const ok =
    cose.signature.length === algorithm.length &&
    verify(algorithm.hash, toBeSigned, { key, dsaEncoding: 'ieee-p1363' }, cose.signature);
  if (!ok) throw new EifError('signature_invalid');
  const { index, value } = parsePayload(cose.payload);
  if (index !== 0) throw new EifError('signature_register');
  if (!value.equals(pcr0)) throw new EifError('signature_other_image');
  return { algorithm: algorithm.name, certificate, pcr8: extended(sha384(certificate.raw)) };
}

function parseSection(section: Buffer): { pem: Buffer; cose: CoseSign1 } {
  return readingCbor(() => {
    const list = decodeCbor(section, LIMITS);
    // AWS's reader looks at the first signature only: a second one would be a claim that nobody checks.
    if (!Array.isArray(list) || list.length !== 1) throw new EifError('signature_malformed');
    const entry = record(list[0], ['signing_certificate', 'signature']);
    const cose = parseCoseSign1(bytesOf(entry.get('signature')), LIMITS);
    return { pem: bytesOf(entry.get('signing_certificate')), cose };
  });
}

function parsePayload(payload: Buffer): { index: number; value: Buffer } {
  return readingCbor(() => {
    const entry = record(decodeCbor(payload, LIMITS), ['register_index', 'register_value']);
    const index = entry.get('register_index');
    const value = bytesOf(entry.get('register_value'));
    if (typeof index !== 'number' || value.length !== REGISTER_LENGTH)
      throw new EifError('signature_malformed');
    return { index, value };
  });
}

/** The first certificate of the PEM file that the image was signed with, as OpenSSL reads it: AWS's tools measure that one. */
function parseCertificate(pem: Buffer): { certificate: X509Certificate; key: KeyObject } {
  // The constructor takes DER as well, and OpenSSL's own form of a trusted certificate, which AWS's tools read past.
  if (!pem.includes('-----BEGIN ') || pem.includes('-----BEGIN TRUSTED '))
    throw new EifError('certificate_invalid');
  try {
    const certificate = new X509Certificate(pem);
    // OpenSSL decodes the key when it is first asked for, and may not like it.
    return { certificate, key: certificate.publicKey };
  } catch (cause) {
    throw new EifError('certificate_invalid', { cause });
  }
}

function algorithmOf({ protectedHeader, unprotected }: CoseSign1) {
  const header = readingCbor(() => decodeCbor(protectedHeader, LIMITS));
  const algorithm = header instanceof Map && header.size === 1 ? ALGORITHMS.get(header.get(1)) : undefined;
  if (algorithm === undefined || unprotected.size > 0) throw new EifError('signature_algorithm');
  return algorithm;
}

function record(
  value: DecodedCbor | undefined,
  names: readonly string[],
): ReadonlyMap<string | number, DecodedCbor> {
  if (!(value instanceof Map) || value.size !== names.length || !names.every((name) => value.has(name))) {
    throw new EifError('signature_malformed');
  }
  return value;
}

/** Bytes as the reference implementation's serializer writes them: an array of integers. */
function bytesOf(value: DecodedCbor | undefined): Buffer {
  const isByte = (item: DecodedCbor): item is number => typeof item === 'number' && item >= 0 && item <= 255;
  if (!Array.isArray(value) || !value.every(isByte)) throw new EifError('signature_malformed');
  return Buffer.from(value);
}

function readingCbor<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CodecError) throw new EifError('signature_malformed', { cause });
    throw cause;
  }
}

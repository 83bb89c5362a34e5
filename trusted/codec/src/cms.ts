// SPDX-License-Identifier: Apache-2.0
import { type Asn1Element, parseBer } from './asn1.ts';
import { ASN1_TAG, childrenOf, contentOf, readNull, readOid, readSmallInteger } from './asn1-values.ts';
import { CodecError, type CodecErrorCode } from './errors.ts';
import type { Limits } from './limits.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  envelopedData: '1.2.840.113549.1.7.3',
  rsaesOaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  sha256: '2.16.840.1.101.3.4.2.1',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;

/** [0] and [1] of the context-specific class, X.690 section 8.1.2. */
const CONTEXT_0 = 0x80;
const CONTEXT_0_CONSTRUCTED = 0xa0;
const CONTEXT_1_CONSTRUCTED = 0xa1;

/** What KMS's CiphertextForRecipient carries. `ciphertext` is whole AES blocks; where it came in one piece it is a view of the input. */
export type EnvelopedData = {
  /** Subject key identifier of the recipient's key, 32 bytes. */
  readonly keyIdentifier: Buffer;
  /** The content key under RSAES-OAEP with SHA-256 and MGF1-SHA-256: 256 to 512 bytes. */
  readonly encryptedKey: Buffer;
  /** 16 bytes. */
  readonly iv: Buffer;
  /** AES-256-CBC, PKCS #7 padding still inside. */
  readonly ciphertext: Buffer;
};

/**
 * Parses the one shape of CMS EnvelopedData that AWS KMS answers an attested request with: ContentInfo (RFC 5652 section 3) holding
 * EnvelopedData v2 (section 6.1) for one KeyTransRecipientInfo v2 (section 6.2.1) with RSAES-OAEP SHA-256 (RFC 4055 section 4.1) and
 * AES-256-CBC (RFC 3565). BER: lengths may be indefinite, the content constructed of OCTET STRINGs or primitive.
 * Originator info, several recipients, other algorithms and unprotected attributes are refused.
 *
 * @throws CodecError `cms_*`, or `asn1_*` where the input is not the BER that parseBer takes
 */
export function parseEnvelopedData(bytes: Uint8Array, limits: Partial<Limits> = {}): EnvelopedData {
  const [contentType, explicit, ...afterContent] = children(
    parseBer(bytes, limits),
    ASN1_TAG.sequence,
    'cms_structure',
  );
  refuseUnless(oid(contentType, 'cms_structure') === OID.envelopedData, 'cms_content_type');
  const [enveloped, ...besides] = children(explicit, CONTEXT_0_CONSTRUCTED, 'cms_structure');
  refuseUnless(afterContent.length === 0 && besides.length === 0, 'cms_structure');

  const [version, recipients, encryptedContent, ...attributes] = children(
    enveloped,
    ASN1_TAG.sequence,
    'cms_structure',
  );
  refuseUnless(integer(version) === 2, 'cms_version');
  const [recipient, ...others] = children(recipients, ASN1_TAG.set, 'cms_recipient');
  refuseUnless(others.length === 0, 'cms_recipient');
  refuseUnless(attributes.length === 0, 'cms_structure');
  return { ...readRecipient(recipient), ...readContent(encryptedContent) };
}

function readRecipient(
  element: Asn1Element | undefined,
): Pick<EnvelopedData, 'keyIdentifier' | 'encryptedKey'> {
  const [version, identifier, algorithm, key, ...rest] = children(
    element,
    ASN1_TAG.sequence,
    'cms_recipient',
  );
  refuseUnless(integer(version) === 2, 'cms_version');
  const keyIdentifier = content(identifier, CONTEXT_0, 'cms_recipient');
  refuseUnless(keyIdentifier.length === 32 && rest.length === 0, 'cms_recipient');
  attempt('cms_key_encryption', () => checkOaep(algorithm));
  const encryptedKey = content(key, ASN1_TAG.octetString, 'cms_recipient');
  refuseUnless(encryptedKey.length >= 256 && encryptedKey.length <= 512, 'cms_recipient');
  return { keyIdentifier, encryptedKey };
}

/** RSAES-OAEP-params (RFC 4055 section 4.1): hash [0], mask generation [1]; a label [2] is refused, since KMS has none. */
function checkOaep(element: Asn1Element | undefined): void {
  const [name, parameters, ...rest] = childrenOf(element, ASN1_TAG.sequence);
  refuseUnless(readOid(name) === OID.rsaesOaep && rest.length === 0, 'cms_key_encryption');
  const [hash, mask, ...label] = childrenOf(parameters, ASN1_TAG.sequence);
  refuseUnless(label.length === 0, 'cms_key_encryption');
  checkSha256(only(childrenOf(hash, CONTEXT_0_CONSTRUCTED)));
  const [mgf, mgfHash, ...afterMgf] = childrenOf(
    only(childrenOf(mask, CONTEXT_1_CONSTRUCTED)),
    ASN1_TAG.sequence,
  );
  refuseUnless(readOid(mgf) === OID.mgf1 && afterMgf.length === 0, 'cms_key_encryption');
  checkSha256(mgfHash);
}

/** RFC 4055 section 2.1: the parameters of SHA-256 are NULL or left out. */
function checkSha256(element: Asn1Element | undefined): void {
  const [name, parameters, ...rest] = childrenOf(element, ASN1_TAG.sequence);
  refuseUnless(readOid(name) === OID.sha256 && rest.length === 0, 'cms_key_encryption');
  if (parameters !== undefined) readNull(parameters);
}

function readContent(element: Asn1Element | undefined): Pick<EnvelopedData, 'iv' | 'ciphertext'> {
  const [type, algorithm, encrypted, ...rest] = children(element, ASN1_TAG.sequence, 'cms_structure');
  refuseUnless(oid(type, 'cms_structure') === OID.data, 'cms_content_type');
  refuseUnless(rest.length === 0, 'cms_structure');
  const [name, parameters, ...afterIv] = children(algorithm, ASN1_TAG.sequence, 'cms_content_encryption');
  refuseUnless(
    oid(name, 'cms_content_encryption') === OID.aes256Cbc && afterIv.length === 0,
    'cms_content_encryption',
  );
  const iv = content(parameters, ASN1_TAG.octetString, 'cms_content_encryption');
  refuseUnless(iv.length === 16, 'cms_content_encryption');
  const ciphertext = joined(encrypted);
  refuseUnless(ciphertext.length > 0 && ciphertext.length % 16 === 0, 'cms_content');
  return { iv, ciphertext };
}

/** [0] IMPLICIT OCTET STRING: primitive, or constructed of primitive OCTET STRINGs, all of which belong to the value (X.690 section 8.7). */
function joined(element: Asn1Element | undefined): Buffer {
  if (element?.tag === CONTEXT_0) return element.content;
  const segments = children(element, CONTEXT_0_CONSTRUCTED, 'cms_content').map((segment) =>
    content(segment, ASN1_TAG.octetString, 'cms_content'),
  );
  return segments.length === 1 && segments[0] !== undefined ? segments[0] : Buffer.concat(segments);
}

function only(elements: readonly Asn1Element[]): Asn1Element | undefined {
  return elements.length === 1 ? elements[0] : undefined;
}

function refuseUnless(condition: boolean, code: CodecErrorCode): void {
  if (!condition) throw new CodecError(code);
}

/** Runs a reader of well-formed ASN.1, so that what it dislikes is named after the part of the message it stands in. */
function attempt<T>(code: CodecErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) throw new CodecError(code);
    throw error;
  }
}

const children = (
  element: Asn1Element | undefined,
  tag: number,
  code: CodecErrorCode,
): readonly Asn1Element[] => attempt(code, () => childrenOf(element, tag));
const content = (element: Asn1Element | undefined, tag: number, code: CodecErrorCode): Buffer =>
  attempt(code, () => contentOf(element, tag));
const oid = (element: Asn1Element | undefined, code: CodecErrorCode): string =>
  attempt(code, () => readOid(element));
const integer = (element: Asn1Element | undefined): number =>
  attempt('cms_version', () => readSmallInteger(element));

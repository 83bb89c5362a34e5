// SPDX-License-Identifier: Apache-2.0
export { type Asn1Element, parseBer, parseDer } from './asn1.ts';
export {
  ASN1_TAG,
  childrenOf,
  contentOf,
  readBoolean,
  readNamedBits,
  readNull,
  readOid,
  readSmallInteger,
} from './asn1-values.ts';
export { decodeCanonicalCbor, decodeCbor } from './cbor-decode.ts';
export { encodeCbor } from './cbor-encode.ts';
export type { CborValue, DecodedCbor } from './cbor-value.ts';
export { type EnvelopedData, parseEnvelopedData } from './cms.ts';
export { type CoseSign1, coseSign1ToBeSigned, parseCoseSign1 } from './cose.ts';
export { CodecError, type CodecErrorCode } from './errors.ts';
export { ASN1_LIMITS, CBOR_LIMITS, type Limits, MAX_MAP_ENTRIES } from './limits.ts';

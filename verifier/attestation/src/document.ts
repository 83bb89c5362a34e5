// SPDX-License-Identifier: Apache-2.0
import {
  CodecError,
  type CoseSign1,
  type DecodedCbor,
  decodeCbor,
  parseCoseSign1,
} from '@enclave-vault/codec';
import { AttestationError, type AttestationErrorCode } from './errors.ts';

/** The NSM's longest response (NSM API, NSM_RESPONSE_MAX_SIZE); a document is a part of one. */
const MAX_DOCUMENT_BYTES = 12_288;
/** {1: -35}, algorithm ES384 (RFC 9053 section 2.1): the one protected header there is. */
const ES384_HEADER = Buffer.from('a1013822', 'hex');
const SIGNATURE_BYTES = 96;
/** SHA-384, the digest of all documents. */
const PCR_BYTES = 48;
const MAX_PCR = 31;
const MAX_CERTIFICATE_BYTES = 1024;
/** Real bundles have four: root, regional, zonal, instance. */
const MAX_BUNDLE = 8;
const MAX_MODULE_ID = 128;

const REQUIRED = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'] as const;
const OPTIONAL = ['public_key', 'user_data', 'nonce'] as const;
const KNOWN: ReadonlySet<string | number> = new Set([...REQUIRED, ...OPTIONAL]);

/** What a document says. Nobody vouches for it before verifyAttestation has. */
export type AttestationClaims = {
  readonly moduleId: string;
  /** ms since the epoch, by the hypervisor's clock. */
  readonly timestamp: number;
  /** Register number to its 48 bytes. */
  readonly pcrs: ReadonlyMap<number, Buffer>;
  /** 1 to 1024 bytes. */
  readonly publicKey: Buffer | undefined;
  /** Up to 512 bytes. */
  readonly userData: Buffer | undefined;
  /** Up to 512 bytes. */
  readonly nonce: Buffer | undefined;
};

export type UnverifiedAttestation = {
  readonly claims: AttestationClaims;
  /** DER of the leaf. */
  readonly certificate: Buffer;
  /** DER, root first, the leaf's issuer last. */
  readonly cabundle: readonly Buffer[];
  readonly envelope: CoseSign1;
};

/**
 * Parses a document and checks its form, and NOTHING else: anybody can write one that passes. SPEC.md, steps 2 to 4
 * (AWS, "Nitro Enclaves Attestation Process", sections 2.2 and 3.2; RFC 9052 section 4.2).
 *
 * @throws AttestationError
 */
export function unsafeParseAttestation(document: Uint8Array): UnverifiedAttestation {
  if (document.length > MAX_DOCUMENT_BYTES) throw new AttestationError('document_too_large');
  // A copy, so that what was verified cannot be changed through the caller's buffer.
  const envelope = decoded('document_malformed', () => parseCoseSign1(Buffer.from(document)));
  if (!envelope.protectedHeader.equals(ES384_HEADER) || envelope.unprotected.size !== 0) {
    throw new AttestationError('header_invalid');
  }
  if (envelope.signature.length !== SIGNATURE_BYTES) throw new AttestationError('signature_malformed');
  const payload = payloadMap(envelope.payload);
  if (payload.get('digest') !== 'SHA384') throw new AttestationError('digest_unsupported');
  return {
    claims: {
      moduleId: moduleId(payload.get('module_id')),
      timestamp: timestamp(payload.get('timestamp')),
      pcrs: registers(payload.get('pcrs')),
      publicKey: optionalBytes(payload.get('public_key'), 1, 1024, 'public_key_invalid'),
      userData: optionalBytes(payload.get('user_data'), 0, 512, 'user_data_invalid'),
      nonce: optionalBytes(payload.get('nonce'), 0, 512, 'nonce_invalid'),
    },
    certificate: certificate(payload.get('certificate'), 'certificate_invalid'),
    cabundle: bundle(payload.get('cabundle')),
    envelope,
  };
}

function payloadMap(bytes: Buffer): ReadonlyMap<string | number, DecodedCbor> {
  const payload = decoded('payload_malformed', () => decodeCbor(bytes));
  if (!(payload instanceof Map)) throw new AttestationError('payload_malformed');
  for (const key of payload.keys()) if (!KNOWN.has(key)) throw new AttestationError('payload_unknown_key');
  for (const key of REQUIRED) if (!payload.has(key)) throw new AttestationError('payload_missing_key');
  return payload;
}

function moduleId(value: DecodedCbor | undefined): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_MODULE_ID) {
    throw new AttestationError('module_id_invalid');
  }
  return value;
}

function timestamp(value: DecodedCbor | undefined): number {
  if (typeof value !== 'number' || value <= 0) throw new AttestationError('timestamp_invalid');
  return value;
}

function registers(value: DecodedCbor | undefined): ReadonlyMap<number, Buffer> {
  if (!(value instanceof Map) || value.size === 0) throw new AttestationError('pcrs_invalid');
  const pcrs = new Map<number, Buffer>();
  for (const [index, register] of value as ReadonlyMap<string | number, DecodedCbor>) {
    const known = typeof index === 'number' && index >= 0 && index <= MAX_PCR;
    if (!known || !Buffer.isBuffer(register) || register.length !== PCR_BYTES) {
      throw new AttestationError('pcrs_invalid');
    }
    pcrs.set(index, register);
  }
  return pcrs;
}

function bundle(value: DecodedCbor | undefined): readonly Buffer[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_BUNDLE) {
    throw new AttestationError('cabundle_invalid');
  }
  return value.map((entry: DecodedCbor) => certificate(entry, 'cabundle_invalid'));
}

function certificate(value: DecodedCbor | undefined, code: AttestationErrorCode): Buffer {
  if (!Buffer.isBuffer(value) || value.length === 0 || value.length > MAX_CERTIFICATE_BYTES) {
    throw new AttestationError(code);
  }
  return value;
}

/** Absent, or null as in all real documents, or bytes. */
function optionalBytes(
  value: DecodedCbor | undefined,
  least: number,
  most: number,
  code: AttestationErrorCode,
): Buffer | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Buffer.isBuffer(value) || value.length < least || value.length > most)
    throw new AttestationError(code);
  return value;
}

function decoded<T>(code: AttestationErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) throw new AttestationError(code);
    throw error;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { CodecError, type DecodedCbor, decodeCbor } from '@enclave-vault/codec';

/** Error answers of the device (aws-facts, "NSM device"). `InvalidResponse` is one a client finds, never sent. */
export type NsmErrorCode =
  | 'InvalidArgument'
  | 'InvalidIndex'
  | 'InvalidResponse'
  | 'ReadOnlyIndex'
  | 'InvalidOperation'
  | 'BufferTooSmall'
  | 'InputTooLarge'
  | 'InternalError';

/** The device answers it as {Error: code}. */
export class NsmError extends Error {
  override readonly name = 'NsmError';
  readonly code: NsmErrorCode;

  constructor(code: NsmErrorCode) {
    super(code);
    this.code = code;
  }
}

export interface AttestationFields {
  userData: Buffer | null;
  nonce: Buffer | null;
  publicKey: Buffer | null;
}

export type NsmRequest =
  | { readonly kind: 'DescribeNSM' | 'GetRandom' }
  | { readonly kind: 'DescribePCR' | 'LockPCR'; readonly index: number }
  | { readonly kind: 'LockPCRs'; readonly range: number }
  | { readonly kind: 'ExtendPCR'; readonly index: number; readonly data: Buffer }
  | ({ readonly kind: 'Attestation' } & AttestationFields);

/** Bytes. The driver of the device takes no longer request. */
export const MAX_REQUEST = 4096;
/** Bytes of a field of an attestation document. */
export const MAX_USER_DATA = 512;
export const MAX_NONCE = 512;
export const MAX_PUBLIC_KEY = 1024;

const MAX_U16 = 0xffff;
const LIMITS = { maxBytes: MAX_REQUEST, maxDepth: 4, maxItems: 16 };

/**
 * Parses one request: a text string for those without arguments, a map of one key for the others.
 *
 * @throws NsmError `InputTooLarge` for a request above 4096 bytes or a field above its limit, `InvalidOperation`
 * for bytes that are no request of the device, `InvalidArgument` for arguments that are missing, unknown or of
 * another type
 */
export function parseRequest(bytes: Uint8Array): NsmRequest {
  if (bytes.length > MAX_REQUEST) throw new NsmError('InputTooLarge');
  const request = decode(bytes);
  if (request === 'DescribeNSM' || request === 'GetRandom') return { kind: request };
  if (!(request instanceof Map) || request.size !== 1) throw new NsmError('InvalidOperation');
  const [[kind, body]] = [...request] as [[string | number, DecodedCbor]];
  switch (kind) {
    case 'DescribePCR':
    case 'LockPCR':
      return { kind, index: u16(members(body, ['index']), 'index') };
    case 'LockPCRs':
      return { kind, range: u16(members(body, ['range']), 'range') };
    case 'ExtendPCR': {
      const fields = members(body, ['index', 'data']);
      const data = bytesOrNull(fields, 'data', MAX_REQUEST);
      if (data === null) throw new NsmError('InvalidArgument');
      return { kind, index: u16(fields, 'index'), data };
    }
    case 'Attestation': {
      const fields = members(body, ['user_data', 'nonce', 'public_key']);
      return {
        kind,
        userData: bytesOrNull(fields, 'user_data', MAX_USER_DATA),
        nonce: bytesOrNull(fields, 'nonce', MAX_NONCE),
        publicKey: bytesOrNull(fields, 'public_key', MAX_PUBLIC_KEY),
      };
    }
    default:
      throw new NsmError('InvalidOperation');
  }
}

function decode(bytes: Uint8Array): DecodedCbor {
  try {
    return decodeCbor(bytes, LIMITS);
  } catch (error) {
    if (error instanceof CodecError) throw new NsmError('InvalidOperation');
    throw error;
  }
}

type Members = ReadonlyMap<string | number, DecodedCbor>;

function members(body: DecodedCbor, known: readonly string[]): Members {
  if (!(body instanceof Map)) throw new NsmError('InvalidArgument');
  for (const key of body.keys()) {
    if (typeof key !== 'string' || !known.includes(key)) throw new NsmError('InvalidArgument');
  }
  return body;
}

function u16(fields: Members, name: string): number {
  const value = fields.get(name);
  if (typeof value !== 'number' || value < 0 || value > MAX_U16) throw new NsmError('InvalidArgument');
  return value;
}

/** Copies: what is kept must not hold on to the frame it came in. */
function bytesOrNull(fields: Members, name: string, limit: number): Buffer | null {
  const value = fields.get(name) ?? null;
  if (value === null) return null;
  if (!Buffer.isBuffer(value)) throw new NsmError('InvalidArgument');
  if (value.length > limit) throw new NsmError('InputTooLarge');
  return Buffer.from(value);
}

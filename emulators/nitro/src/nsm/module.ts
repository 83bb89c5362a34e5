// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { REGISTER_COUNT, type Registers } from './registers.ts';
import {
  type AttestationFields,
  NsmError,
  type NsmErrorCode,
  type NsmRequest,
  parseRequest,
} from './requests.ts';

/** Bytes. The driver of the device offers no larger buffer for an answer. */
export const MAX_RESPONSE = 12_288;
/** Bytes that one GetRandom yields. */
const RANDOM_LENGTH = 256;
const VERSION = { major: 1, minor: 0, patch: 0 };

/** Signs a document with the registers as they are now. `pcrs` holds the locked ones. */
export type Attest = (pcrs: ReadonlyMap<number, Buffer>, fields: AttestationFields) => Promise<Buffer>;

export interface SecureModuleOptions {
  /** `i-…-enc…`, as in documents. */
  moduleId: string;
  registers: Registers;
  attest: Attest;
}

/**
 * The Nitro Secure Module of one enclave: CBOR request in, CBOR answer out, as the device does it. Stateless but for
 * the registers; what carries the bytes is in frames.ts.
 */
export class SecureModule {
  readonly #moduleId: string;
  readonly #registers: Registers;
  readonly #attest: Attest;

  constructor({ moduleId, registers, attest }: SecureModuleOptions) {
    this.#moduleId = moduleId;
    this.#registers = registers;
    this.#attest = attest;
  }

  /** Never rejects: what goes wrong is an answer {Error: code}. */
  async handle(request: Uint8Array): Promise<Buffer> {
    try {
      const response = encodeCbor(await this.#answer(parseRequest(request)));
      return response.length > MAX_RESPONSE ? errorResponse('BufferTooSmall') : response;
    } catch (error) {
      return errorResponse(error instanceof NsmError ? error.code : 'InternalError');
    }
  }

  async #answer(request: NsmRequest): Promise<CborValue> {
    const { kind } = request;
    switch (kind) {
      case 'DescribeNSM':
        return named(kind, {
          version_major: VERSION.major,
          version_minor: VERSION.minor,
          version_patch: VERSION.patch,
          module_id: this.#moduleId,
          max_pcrs: REGISTER_COUNT,
          locked_pcrs: this.#registers.lockedIndexes(),
          digest: 'SHA384',
        });
      case 'GetRandom':
        return named(kind, { random: randomBytes(RANDOM_LENGTH) });
      case 'DescribePCR':
        return named(kind, accepted(this.#registers.describe(request.index)));
      case 'ExtendPCR':
        return named(kind, { data: accepted(this.#registers.extend(request.index, request.data)) });
      case 'LockPCR':
        return done(kind, this.#registers.lock(request.index));
      case 'LockPCRs':
        return done(kind, this.#registers.lockBelow(request.range));
      case 'Attestation':
        return named(kind, { document: await this.#attest(this.#registers.locked(), request) });
    }
  }
}

function errorResponse(code: NsmErrorCode): Buffer {
  return encodeCbor(new Map([['Error', code]]));
}

function named(kind: string, body: Readonly<Record<string, CborValue>>): CborValue {
  return new Map([[kind, new Map(Object.entries(body))]]);
}

/** An answer without a body is the bare name. */
function done(kind: string, outcome: 'locked' | NsmErrorCode): CborValue {
  if (outcome !== 'locked') throw new NsmError(outcome);
  return kind;
}

function accepted<T extends object>(outcome: T | NsmErrorCode): T {
  if (typeof outcome === 'string') throw new NsmError(outcome);
  return outcome;
}

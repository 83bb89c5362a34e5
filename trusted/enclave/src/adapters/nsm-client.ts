// SPDX-License-Identifier: Apache-2.0
import { type CborValue, CodecError, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { NsmError } from '../errors.ts';
import type { AttestationFields, Nsm, Pcr } from '../ports.ts';
import type { NsmExchange } from './nsm-channel.ts';

/** Errors of the device that it names itself; anything else that claims to be one is only "an error". */
const DEVICE_ERRORS = [
  'InvalidArgument',
  'InvalidIndex',
  'InvalidResponse',
  'ReadOnlyIndex',
  'InvalidOperation',
  'BufferTooSmall',
  'InputTooLarge',
  'InternalError',
];

/** It gives 256; less than this is no source to seed from. */
const MIN_RANDOM_BYTES = 32;
const LIMITS = { maxBytes: 12_288, maxDepth: 4, maxItems: 256 };

/** The Nitro Security Module in its own words (design, "NSM device"). */
export class NsmClient implements Nsm {
  readonly #exchange: NsmExchange;

  constructor(exchange: NsmExchange) {
    this.#exchange = exchange;
  }

  /** @returns 256 bytes of the module's random numbers, which the caller zeroes */
  async random(): Promise<Buffer> {
    const random = bytesOf((await this.#ask('GetRandom')).get('random'));
    if (random.length < MIN_RANDOM_BYTES) throw new NsmError('nsm_response');
    return random;
  }

  async describePcr(index: number): Promise<Pcr> {
    const answer = await this.#ask('DescribePCR', new Map([['index', index]]));
    const locked = answer.get('lock');
    if (typeof locked !== 'boolean') throw new NsmError('nsm_response');
    return { locked, value: bytesOf(answer.get('data')) };
  }

  async extendPcr(index: number, data: Uint8Array): Promise<void> {
    await this.#ask(
      'ExtendPCR',
      new Map<string, CborValue>([
        ['index', index],
        ['data', data],
      ]),
    );
  }

  async lockPcr(index: number): Promise<void> {
    await this.#ask('LockPCR', new Map([['index', index]]));
  }

  async attest({ publicKey, userData, nonce }: AttestationFields): Promise<Buffer> {
    const answer = await this.#ask(
      'Attestation',
      new Map<string, CborValue>([
        ['user_data', userData],
        ['nonce', nonce],
        ['public_key', publicKey],
      ]),
    );
    const document = bytesOf(answer.get('document'));
    if (document.length === 0) throw new NsmError('nsm_response');
    return document;
  }

  /** @returns the members of the response to `name`; none where the device answers with the bare name */
  async #ask(name: string, parameters?: CborValue): Promise<ReadonlyMap<string | number, CborValue>> {
    // A request without parameters is the bare name.
    const request = parameters === undefined ? name : new Map([[name, parameters]]);
    const response = decode(await this.#exchange(encodeCbor(request)));
    if (response === name) return new Map();
    if (!(response instanceof Map) || response.size !== 1) throw new NsmError('nsm_response');
    const error = response.get('Error');
    if (error !== undefined) throw new NsmError(deviceError(error));
    const answer = response.get(name);
    if (!(answer instanceof Map)) throw new NsmError('nsm_response');
    return answer;
  }
}

function decode(bytes: Buffer): CborValue {
  try {
    // Not the canonical decoder: the device writes maps in the order of its own structures.
    return decodeCbor(bytes, LIMITS);
  } catch (error) {
    if (error instanceof CodecError) throw new NsmError('nsm_response');
    throw error;
  }
}

function bytesOf(value: CborValue | undefined): Buffer {
  if (!(value instanceof Uint8Array)) throw new NsmError('nsm_response');
  return Buffer.from(value);
}

function deviceError(value: CborValue): string {
  return DEVICE_ERRORS.find((name) => name === value) ?? 'nsm_error';
}

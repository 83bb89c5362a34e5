// SPDX-License-Identifier: Apache-2.0
import {
  type EnclaveConfiguration,
  MAX_CONFIGURATION_BYTES,
  ProtocolError,
  parseConfiguration,
  type Refusal,
} from '@enclave-vault/protocol';
import { NsmError, Refused } from '../errors.ts';
import type { Call, Clock, Expressions, Kms, Log, Nsm, Reply, Sweep } from '../ports.ts';
import { measureConfiguration } from './measure.ts';
import { Service } from './service.ts';

type Handler = (call: Call) => Promise<Reply>;

/** A phase is the calls it answers. What it does not list has no code to run. */
interface Phase {
  readonly name: 'boot' | 'configuring' | 'serving' | 'unusable';
  readonly routes: ReadonlyMap<string, Handler>;
  /** What all other calls are told. */
  readonly otherwise: Refusal;
}

export interface ProgramParts {
  readonly nsm: Nsm;
  readonly clock: Clock;
  readonly log: Log;
  readonly sweep: Sweep;
  /** Called once, with a configuration that is measured and read. */
  /** `peer`: who sent the configuration, and so knows the way to KMS. */
  readonly kms: (configuration: EnclaveConfiguration, peer: number) => Kms;
  readonly expressions: (configuration: EnclaveConfiguration) => Expressions;
}

const CONFIGURATION_MS = 5_000;

/** The enclave: boot, then configured once, then serving. There is no way back, and none around the measurement. */
export class Program {
  readonly #parts: ProgramParts;
  #phase: Phase;
  #service: Service | null = null;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.#phase = this.#enter('boot', 'no_configuration', [
      ['PUT /v1/configuration', (call) => this.#configure(call)],
    ]);
  }

  /** Answers a call; never throws. */
  async handle(call: Call): Promise<Reply> {
    const { routes, otherwise } = this.#phase;
    const handler = routes.get(`${call.method} ${call.path}`);
    if (handler === undefined) return { kind: 'refusal', code: otherwise };
    try {
      return await handler(call);
    } catch (error) {
      const code = codeOf(error);
      this.#parts.log('refused', { code, detail: detailOf(error) });
      return { kind: 'refusal', code };
    }
  }

  /** The process ends. */
  close(): void {
    this.#service?.close();
  }

  async #configure(call: Call): Promise<Reply> {
    // From here on there is no second attempt: not beside this one, and not after it.
    this.#phase = this.#enter('configuring', 'no_configuration', []);
    try {
      const { peer } = call;
      const bytes = await call.body(MAX_CONFIGURATION_BYTES, CONFIGURATION_MS);
      await measureConfiguration(this.#parts.nsm, bytes);
      const configuration = parseConfiguration(bytes);
      const service = new Service({
        ...this.#parts,
        configuration,
        kms: this.#parts.kms(configuration, peer),
        expressions: this.#parts.expressions(configuration),
      });
      await service.start();
      this.#serve(service);
      return { kind: 'empty' };
    } catch (error) {
      this.#phase = this.#enter('unusable', 'no_configuration', []);
      throw error;
    }
  }

  #serve(service: Service): void {
    this.#service = service;
    this.#phase = this.#enter('serving', 'not_found', [
      ['POST /v1/decrypt', (call) => service.decrypt(call)],
      ['POST /v1/attestation', (call) => service.attest(call)],
    ]);
  }

  #enter(name: Phase['name'], otherwise: Refusal, routes: readonly [string, Handler][]): Phase {
    this.#parts.log('phase', { phase: name });
    return { name, otherwise, routes: new Map([...routes, ['GET /v1/health', () => this.#health()]]) };
  }

  async #health(): Promise<Reply> {
    const health = { phase: this.#phase.name, ...this.#service?.health() };
    return { kind: 'bytes', type: 'application/json', body: Buffer.from(JSON.stringify(health)) };
  }
}

/** `unauthenticated` of a ProtocolError is caught where boxes are opened; what arrives here is about messages. */
function codeOf(error: unknown): Refusal {
  return error instanceof Refused || error instanceof ProtocolError ? error.code : 'internal';
}

/** For the log: a stable name, never a message. */
function detailOf(error: unknown): string {
  if (error instanceof NsmError) return error.detail;
  return error instanceof Error ? error.name : 'unknown';
}

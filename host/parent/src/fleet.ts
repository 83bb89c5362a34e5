// SPDX-License-Identifier: Apache-2.0

import { DEFAULT_TIMINGS, type EnclaveOptions, ManagedEnclave, type Timings } from './enclave.ts';
import { codeOf, ParentError } from './errors.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import type { Hypervisor } from './hypervisor/hypervisor.ts';
import type { Log } from './log.ts';
import type { Places } from './place/place.ts';
import { Turns } from './turns.ts';

export interface FleetOptions {
  enclaves: number;
  image: string;
  cpuCount: number;
  memoryMib: number;
  configuration: Uint8Array;
  /** Requests that one enclave takes at once, those that wait there included: one more it would refuse, so it waits here. */
  room: number;
  hypervisor: Hypervisor;
  places: Places;
  timings?: Partial<Timings>;
  random?: () => number;
  log: Log;
}

/** What goes to an enclave: all of a request but its time limit. */
export type EnclaveRequest = Omit<HttpRequest, 'timeoutMs'>;

/** An enclave's answer, and which enclave gave it. */
export interface EnclaveAnswer extends HttpAnswer {
  enclaveId: string;
}

/** Enclaves of this parent carry names that begin so; others of the same hypervisor are left alone. */
const NAME_PREFIX = 'vault-';

/**
 * Requests that one enclave is given at once, where it has places for more. It takes 256 connections: beyond that it drops some, a look at its health
 * among them, and would be taken for dead and ended just when it is needed most.
 */
const MOST_IN_FLIGHT = 192;

/** A place at an enclave, for one request. */
interface Taken {
  readonly enclave: ManagedEnclave;
  readonly client: HttpClient;
  readonly id: string;
}

/** The enclaves of one instance: keeps N of them running and carries each request to the least busy. */
export class Fleet {
  readonly enclaves: readonly ManagedEnclave[];
  readonly #hypervisor: Hypervisor;
  readonly #places: Places;
  readonly #log: Log;
  readonly #room: number;
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  #lives: Promise<void>[] = [];
  #turn = 0;
  /** Requests so far: the number of the latest. */
  #came = 0;
  #rolling = false;

  constructor(options: FleetOptions) {
    const { hypervisor, places, configuration, log, image, cpuCount, memoryMib } = options;
    this.#places = places;
    this.#log = log;
    this.#room = Math.min(MOST_IN_FLIGHT, options.room);
    this.#hypervisor = hypervisor;
    const timings = { ...DEFAULT_TIMINGS, ...options.timings };
    const changed = () => this.#turns.wake(Number.POSITIVE_INFINITY);
    const random = options.random ?? Math.random;
    const shared = { configuration, hypervisor, places, timings, random, log, changed };
    this.enclaves = Array.from({ length: options.enclaves }, (_, index): ManagedEnclave => {
      const run = { image, name: `${NAME_PREFIX}${index}`, cpuCount, memoryMib };
      return new ManagedEnclave({ ...shared, run } satisfies EnclaveOptions);
    });
  }

  /** Starts all enclaves and returns at once; `healthy` says how far they are. */
  start(): void {
    const { signal } = this.#stop;
    this.#lives = [this.#sweep(), ...this.enclaves.map((enclave) => enclave.run(signal))];
  }

  /** Requests that all of them take at once when they are there. */
  get places(): number {
    return this.enclaves.length * this.#room;
  }

  get healthy(): number {
    return this.enclaves.filter((enclave) => enclave.client !== null).length;
  }

  /** Seconds after which a caller may find an enclave again: the next planned start and the boot after it. */
  get retryAfter(): number {
    const now = Date.now();
    const waits = this.enclaves.map(({ retryAt }) => Math.max(0, (retryAt ?? now) - now));
    return Math.max(1, Math.ceil((Math.min(...waits) + 500) / 1000));
  }

  /**
   * Carries a request to the least busy enclave, or to `enclaveId` alone when the request is sealed to that
   * one. While all have as much as they take it waits for its turn, half of its time at most: whoever gets one later is answered too late, and so would
   * be all behind him. When the enclave dies before it has answered, another gets the request: the caller has seen nothing,
   * and a request that was carried out twice reveals nothing more. Errors: `no_enclave`, `busy`, `timeout`,
   * `connection_lost` (no other was left to ask), `answer_too_large`.
   */
  async dispatch(request: EnclaveRequest, deadline: number, enclaveId?: string): Promise<EnclaveAnswer> {
    this.#came += 1;
    const number = this.#came;
    const tried = new Set<ManagedEnclave>();
    const until = Date.now() + (deadline - Date.now()) / 2;
    const take = () => this.#take(tried, enclaveId);
    for (;;) {
      // A free place that is found here is one that nobody who waits may have.
      const taken = take() ?? (await this.#turns.wait(number, Math.max(0, until - Date.now()), take));
      try {
        const timeoutMs = deadline - Date.now();
        if (timeoutMs <= 0) throw new ParentError('timeout');
        return { ...(await taken.client.request({ ...request, timeoutMs })), enclaveId: taken.id };
      } catch (error) {
        if (codeOf(error) !== 'connection_lost') throw error;
        taken.enclave.suspect();
        tried.add(taken.enclave);
      } finally {
        taken.enclave.inFlight -= 1;
        this.#turns.wake(1);
      }
    }
  }

  /**
   * A place at the least busy enclave that has one for this request, or nothing while there may be one later.
   * @throws ParentError `no_enclave`, `connection_lost`; `busy` where it is to be one enclave, which has none
   */
  #take(tried: ReadonlySet<ManagedEnclave>, enclaveId?: string): Taken | undefined {
    const enclave = this.#choose(tried, enclaveId);
    const client = enclave?.client ?? null;
    const id = enclave?.description?.EnclaveID;
    if (enclave === undefined || client === null || id === undefined) {
      // A look is under way at one that lost a connection, and may clear it.
      const hope = this.enclaves.some((other) => other.state === 'suspect' && !tried.has(other));
      if (hope && enclaveId === undefined) return undefined;
      throw new ParentError(tried.size === 0 ? 'no_enclave' : 'connection_lost');
    }
    if (enclave.inFlight < this.#room) {
      enclave.inFlight += 1;
      return { enclave, client, id };
    }
    // One enclave's own requests wait for no turn: that of all may be another's.
    if (enclaveId !== undefined) throw new ParentError('busy');
    return undefined;
  }

  /**
   * Replaces the enclaves one after the other, while the rest serve: after the image's file was changed, or to have them fresh. It stops
   * at the first that does not come back, so that an image that does not boot costs one of them. Never rejects; the log says how it went.
   */
  async roll(): Promise<void> {
    if (this.#rolling || this.#stop.signal.aborted) return;
    this.#rolling = true;
    try {
      for (const enclave of this.enclaves) {
        await enclave.replace();
        this.#log('info', 'enclave_replaced', { enclave: enclave.name, id: enclave.description?.EnclaveID });
      }
    } catch (error) {
      this.#log('error', 'replacing_stopped', { code: codeOf(error) });
    } finally {
      this.#rolling = false;
    }
  }

  /** Ends all enclaves. Requests under way are lost: let them finish first. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#lives);
    await this.#places.close();
    this.#hypervisor.close();
  }

  #choose(tried: ReadonlySet<ManagedEnclave>, enclaveId?: string): ManagedEnclave | undefined {
    // Starting the search one further each time spreads requests over enclaves that are equally busy.
    this.#turn = (this.#turn + 1) % this.enclaves.length;
    let best: ManagedEnclave | undefined;
    for (let index = 0; index < this.enclaves.length; index += 1) {
      const enclave = this.enclaves[(this.#turn + index) % this.enclaves.length];
      if (enclave === undefined || enclave.client === null || tried.has(enclave)) continue;
      if (enclaveId !== undefined && enclave.description?.EnclaveID !== enclaveId) continue;
      if (best === undefined || enclave.inFlight < best.inFlight) best = enclave;
    }
    return best;
  }

  /** Ends what an earlier parent with more enclaves has left behind, and names what runs where its memory can be read. */
  async #sweep(): Promise<void> {
    const ours = new Set(this.enclaves.map(({ name }) => name));
    try {
      for (const { EnclaveName, EnclaveID, Flags } of await this.#hypervisor.describe()) {
        if (Flags !== 'NONE') this.#log('warn', 'debug_enclave', { name: EnclaveName, id: EnclaveID });
        const leftOver = EnclaveName.startsWith(NAME_PREFIX) && !ours.has(EnclaveName);
        if (leftOver) await this.#hypervisor.terminate(EnclaveID);
      }
    } catch {
      // The hypervisor is not there yet: then nothing was left behind either.
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.ts';
import { codeOf, ParentError, type ParentErrorCode } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import type { EnclaveDescription, Hypervisor, RunEnclave } from './hypervisor/hypervisor.ts';
import type { Log } from './log.ts';
import type { Place, Places } from './place/place.ts';
import { Tally } from './tally.ts';

/** `suspect`: it lost a connection, and a look at it is under way, after which it is healthy again or gone. */
export type EnclaveState = 'starting' | 'healthy' | 'suspect' | 'retiring' | 'waiting' | 'stopped';

/** All in milliseconds. */
export interface Timings {
  /** From the end of the launch until the enclave is serving. */
  bootMs: number;
  /** Between two looks at a healthy enclave. */
  pollMs: number;
  /** For one answer to a health question. */
  healthMs: number;
  /** Healthy for so long, an enclave's earlier failures are forgotten. */
  settledMs: number;
  backoffBaseMs: number;
  backoffMaxMs: number;
  /** For ending an enclave when the parent ends. */
  endMs: number;
}

export const DEFAULT_TIMINGS: Timings = {
  bootMs: 15_000,
  pollMs: 1_000,
  healthMs: 2_000,
  settledMs: 10_000,
  backoffBaseMs: 200,
  backoffMaxMs: 30_000,
  endMs: 1_000,
};

/** An enclave that computes may be slow to answer; so many missed looks in a row mean that it hangs. */
const MISSED_LOOKS = 3;
/** Whatever is under way has ended by then: the parent answers in seven seconds. */
const LONGEST_REQUEST_MS = 8_000;

export interface EnclaveOptions {
  run: RunEnclave;
  /** The canonical bytes of the enclave's configuration, which it measures into PCR16. Not read here. */
  configuration: Uint8Array;
  hypervisor: Hypervisor;
  places: Places;
  timings: Timings;
  random: () => number;
  log: Log;
  /** Called when it serves, or serves again, and when it is gone: those who wait may have a place there, or none any more. */
  changed: () => void;
}

interface Running {
  description: EnclaveDescription;
  /** Null until the enclave proved to be one that may be used. */
  place: Place | null;
}

/**
 * One place for an enclave: launches it, gives it its configuration, watches it, and puts another in its
 * place when it dies. `run` is the whole life; it ends only when its signal aborts.
 */
export class ManagedEnclave {
  readonly name: string;
  state: EnclaveState = 'starting';
  /** Requests that this parent has under way there. */
  inFlight = 0;
  starts = 0;
  lastError: ParentErrorCode | null = null;
  /** When the next start is tried, in milliseconds since the epoch; null while none is waited for. */
  retryAt: number | null = null;
  /** Records that enclaves of this place opened, and requests that were beyond their measured rate: as they say. */
  readonly opened = new Tally();
  readonly limited = new Tally();
  /** Records whose key was in its memory, and questions to KMS for the others'; and how many keys are there now. As they say. */
  readonly keyHits = new Tally();
  readonly keyMisses = new Tally();
  keys = 0;
  #running: Running | null = null;
  #wake: (() => void) | null = null;
  /** Settled by the start that follows, while this place is to get another enclave on purpose. */
  #replacing: PromiseWithResolvers<void> | null = null;
  #ended = false;
  readonly #options: EnclaveOptions;
  readonly #backoff: Backoff;

  constructor(options: EnclaveOptions) {
    this.#options = options;
    this.name = options.run.name;
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = options.timings;
    this.#backoff = new Backoff({ baseMs, maxMs, random: options.random });
  }

  get description(): EnclaveDescription | null {
    return this.#running?.description ?? null;
  }

  /** The client of a healthy enclave, or null. */
  get client(): HttpClient | null {
    return this.state === 'healthy' ? (this.#running?.place?.client ?? null) : null;
  }

  /** A request found the enclave gone: it gets no more of them until a look at it says otherwise. */
  suspect(): void {
    if (this.state !== 'healthy') return;
    this.state = 'suspect';
    this.#wake?.();
  }

  /**
   * Puts another enclave in this place: gives this one no more requests, lets those under way end, ends it and starts anew, from the
   * image as it is then. Resolves when the new one serves, also where this one died before it was ended.
   * @throws ParentError of what kept it from that; it is tried again as ever
   */
  async replace(): Promise<void> {
    if (this.state !== 'healthy') throw new ParentError('not_serving');
    this.state = 'retiring';
    const until = Date.now() + LONGEST_REQUEST_MS;
    while (this.inFlight > 0 && this.client === null && Date.now() < until) await sleep(20);
    if (this.#ended) throw new ParentError('not_serving');
    // It died meanwhile, and what serves here now is the new one already.
    if (this.client !== null) return;
    this.#replacing = Promise.withResolvers();
    this.#wake?.();
    return this.#replacing.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    while (!signal.aborted) {
      let again = false;
      try {
        await this.#start(signal);
        this.#replaced();
        again = await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.lastError = codeOf(error);
        this.#replaced(error);
        log('warn', 'enclave_lost', { enclave: this.name, code: this.lastError, starts: this.starts });
      }
      if (signal.aborted) break;
      await this.#cleanUp();
      if (again) continue;
      const delay = this.#backoff.next();
      this.state = 'waiting';
      this.retryAt = Date.now() + delay;
      await sleep(delay, undefined, { signal }).catch(() => undefined);
      this.retryAt = null;
    }
    this.#ended = true;
    this.#replaced(new ParentError('not_serving'));
    await this.#cleanUp(this.#options.timings.endMs);
    this.state = 'stopped';
  }

  #replaced(error?: unknown): void {
    if (error === undefined) this.#replacing?.resolve();
    else this.#replacing?.reject(error);
    this.#replacing = null;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { hypervisor, places, run, configuration, timings, log } = this.#options;
    this.state = 'starting';
    this.starts += 1;
    // One of that name is left over from a parent, or a launch, that did not live to see it.
    for (const old of await hypervisor.describe()) {
      if (old.EnclaveName === this.name) await hypervisor.terminate(old.EnclaveID);
    }
    this.opened.restart();
    this.keyHits.restart();
    this.keyMisses.restart();
    this.keys = 0;
    this.limited.restart();
    const launchedAt = Date.now();
    const description = await hypervisor.run(run, signal);
    const running: Running = { description, place: null };
    this.#running = running;
    // Its memory could be read by anybody on this machine, and KMS would refuse it. Nothing is sent to it.
    if (description.Flags !== 'NONE') throw new ParentError('debug_mode');
    const place = await places.open(description);
    running.place = place;
    const { client } = place;

    const deadline = Date.now() + timings.bootMs;
    while (!(await place.reachable())) await this.#pause(deadline, signal);
    for (;;) {
      try {
        const answer = await client.request({
          method: 'PUT',
          path: '/v1/configuration',
          body: configuration,
          headers: { 'content-type': 'application/cbor' },
          timeoutMs: Math.max(1, deadline - Date.now()),
          maxBytes: 64 * 1024,
        });
        if (answer.status >= 300) throw new ParentError('configuration_refused', `status ${answer.status}`);
        break;
      } catch (error) {
        // The enclave is there a moment before its program accepts connections.
        if (codeOf(error) !== 'connection_lost') throw error;
        await this.#pause(deadline, signal);
      }
    }
    // One look that is late ends nothing while there is time to boot: a slow start is what that is for.
    const looked = () =>
      this.#look(client).catch((error: unknown) => {
        if (codeOf(error) !== 'timeout') throw error;
        return false;
      });
    while (!(await looked())) await this.#pause(deadline, signal);
    this.state = 'healthy';
    this.lastError = null;
    log('info', 'enclave_healthy', {
      enclave: this.name,
      id: description.EnclaveID,
      ms: Date.now() - launchedAt,
      measurements: description.Measurements,
    });
    this.#options.changed();
  }

  /** Ends by throwing when the enclave is gone, and with true when it is to be replaced. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    const { timings } = this.#options;
    const client = this.#running?.place?.client;
    if (client === undefined) return false;
    const since = Date.now();
    let missed = 0;
    while (!signal.aborted) {
      await this.#nap(timings.pollMs, signal);
      if (signal.aborted) return false;
      if (this.#replacing !== null) return true;
      try {
        if (!(await this.#look(client))) throw new ParentError('not_serving');
        missed = 0;
        if (this.state === 'suspect') {
          this.state = 'healthy';
          this.#options.changed();
        }
      } catch (error) {
        missed += 1;
        if (codeOf(error) !== 'timeout' || missed >= MISSED_LOOKS) throw error;
      }
      if (Date.now() - since >= timings.settledMs) this.#backoff.reset();
    }
    return false;
  }

  async #look(client: HttpClient): Promise<boolean> {
    const answer = await client.request({
      method: 'GET',
      path: '/v1/health',
      timeoutMs: this.#options.timings.healthMs,
      maxBytes: 64 * 1024,
    });
    if (answer.status !== 200) return false;
    try {
      const health = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
      this.opened.see(health.opened);
      this.limited.see(health.refused);
      this.keyHits.see(health.key_hits);
      this.keyMisses.see(health.key_misses);
      this.keys = Number.isSafeInteger(health.record_keys) ? Number(health.record_keys) : 0;
      return health.phase === 'serving';
    } catch {
      return false;
    }
  }

  async #pause(deadline: number, signal: AbortSignal): Promise<void> {
    if (Date.now() >= deadline) throw new ParentError('boot_timeout');
    await sleep(10, undefined, { signal });
  }

  /** Sleeps until the next look is due, or something calls for one at once. */
  async #nap(ms: number, signal: AbortSignal): Promise<void> {
    if (this.state === 'suspect') return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }

  async #cleanUp(timeoutMs?: number): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (this.state !== 'retiring') this.state = 'waiting';
    this.#options.changed();
    if (running === null) return;
    await running.place?.close();
    try {
      await this.#options.hypervisor.terminate(running.description.EnclaveID, timeoutMs);
    } catch {
      // It died by itself, or the hypervisor did: there is nothing left to end.
    }
  }
}

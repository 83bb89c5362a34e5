// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { KmsError, type KmsErrorCode, StoreError, type Vault, VaultOpenError } from '@enclave-vault/vault';
import { ApiError, ConfigError } from '../errors.ts';

const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 10_000;

export interface OpeningOptions {
  /** Opens the vault, and whatever belongs to it. */
  readonly open: () => Promise<Vault>;
  readonly log: Log;
  readonly random?: () => number;
}

/** What a vault that is not open is waiting for. */
export type WaitingFor = `kms_${KmsErrorCode}` | 'store_unavailable' | 'sink_unavailable' | 'opening';

/**
 * A vault that opens as soon as KMS and store let it: until then callers are told to come again, and are not
 * left before a closed port.
 */
export class OpeningVault {
  readonly #options: OpeningOptions;
  readonly #stop = new AbortController();
  #vault: Vault | null = null;
  #waitingFor: WaitingFor = 'opening';
  /** The try that is under way, or the next one. */
  #next = Promise.withResolvers<void>();
  /** Between two tries: when the next one is due (milliseconds, monotonic), and what begins it. */
  #pause: { readonly until: number; readonly end: () => void } | null = null;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} `starting` */
  get vault(): Vault {
    if (this.#vault === null) throw new ApiError(this.#stop.signal.aborted ? 'stopping' : 'starting');
    return this.#vault;
  }

  get isOpen(): boolean {
    return this.#vault !== null;
  }

  get waitingFor(): WaitingFor {
    return this.#waitingFor;
  }

  /**
   * Tries until it opens.
   * @param onTried called once, after the first try
   * @throws {ConfigError} when no further try can help: another schema, a store that is not this vault's
   */
  async open(onTried: () => void): Promise<void> {
    const { open, log, random = Math.random } = this.#options;
    for (let delay = FIRST_DELAY_MS; !this.#stop.signal.aborted; delay = Math.min(delay * 2, LAST_DELAY_MS)) {
      try {
        this.#vault = await open();
        log('info', 'vault_open');
        return;
      } catch (error) {
        this.#waitingFor = waitable(error);
        // The operation and AWS's name of the error: both ports keep everything else out of their messages.
        const detail = error instanceof KmsError || error instanceof StoreError ? error.message : undefined;
        log('warn', 'vault_not_open', { code: this.#waitingFor, detail });
      } finally {
        onTried();
        const tried = this.#next;
        this.#next = Promise.withResolvers();
        tried.resolve();
      }
      await this.#sleep(delay / 2 + (random() * delay) / 2);
    }
  }

  /**
   * Waits for the try that is under way, or overdue because the process stood still; not for one that is not due yet.
   * @param ms the longest to wait
   */
  async settle(ms: number): Promise<void> {
    if (this.isOpen) return;
    const { promise: tried } = this.#next;
    if (this.#pause !== null) {
      if (performance.now() < this.#pause.until) return;
      this.#pause.end();
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([tried, late]);
    clearTimeout(timer);
  }

  /** Ends the tries. */
  stop(): void {
    this.#stop.abort();
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#pause = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#pause = { until: performance.now() + ms, end: done };
    });
  }
}

/** What the vault waits for after this error. @throws the error when waiting does not help */
function waitable(error: unknown): WaitingFor {
  // A policy may still be on its way, so a denial is worth waiting for too.
  if (error instanceof KmsError) return `kms_${error.code}`;
  if (error instanceof StoreError && error.code === 'unavailable') return 'store_unavailable';
  // By its code: its class belongs to a package that loads what another configuration needs.
  if (error instanceof Error && 'code' in error && error.code === 'sink_unavailable') return error.code;
  if (error instanceof VaultOpenError) throw new ConfigError(`${error.code}: ${error.message}`);
  throw error;
}

// SPDX-License-Identifier: Apache-2.0
import { Child, type ChildSpec, type Ready } from './child.ts';
import { log } from './log.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** A process that lived this long starts again without delay the next time. */
const HEALTHY_MS = 30_000;

/** Keeps one process running: a crash is answered by a restart with exponential back-off. */
export class Supervised {
  readonly #spec: ChildSpec;
  #child: Child | undefined;
  #stopping = false;
  #delay = FIRST_DELAY_MS;
  #timer: NodeJS.Timeout | undefined;
  #waiting: Promise<void> | undefined;

  constructor(spec: ChildSpec) {
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  get name(): string {
    return this.#spec.name;
  }

  /**
   * First start: fails loudly, since a process that cannot start at all is a mistake of configuration.
   * @throws {AdminError} process_failed, start_timed_out
   */
  async start(): Promise<Ready> {
    const child = new Child(this.#spec);
    this.#child = child;
    const ready = await child.ready;
    this.#watch(child, Date.now());
    return ready;
  }

  /** Ends it, whatever it does: it is started again as after a crash. */
  kill(): void {
    this.#child?.process.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#waiting;
    await this.#child?.stop();
  }

  #watch(child: Child, since: number): void {
    this.#waiting = undefined;
    void child.exited.then((how) => {
      if (this.#stopping) return;
      if (Date.now() - since > HEALTHY_MS) this.#delay = FIRST_DELAY_MS;
      log('error', 'process_died', { of: this.#spec.name, how, restart_in_ms: this.#delay });
      this.#timer = setTimeout(() => {
        this.#waiting = this.#again();
      }, this.#delay);
      this.#delay = Math.min(this.#delay * 2, MAX_DELAY_MS);
    });
  }

  async #again(): Promise<void> {
    const child = new Child(this.#spec);
    this.#child = child;
    const since = Date.now();
    try {
      await child.ready;
      log('info', 'process_restarted', { of: this.#spec.name });
    } catch {
      // `exited` is handled below: the next try is already on its way
    }
    this.#watch(child, since);
  }
}

// SPDX-License-Identifier: Apache-2.0

export interface PatienceOptions {
  /** Silence that is borne, ms. */
  readonly ms: number;
  /** ms of a clock that nobody sets. */
  readonly now: () => number;
  /** Whether anything is waited for. */
  readonly waiting: () => boolean;
  /** Called at the end of it, perhaps more than once. */
  readonly over: () => void;
}

/** Counts silence from look to look, so that a machine that slept in between has waited no longer than from one to the next. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #everyMs: number;
  readonly #timer: NodeJS.Timeout;
  #silentMs = 0;
  #lookedAt: number | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
    this.#everyMs = Math.min(1000, options.ms / 4);
    this.#timer = setInterval(() => this.#look(), this.#everyMs);
  }

  answered(): void {
    this.#silentMs = 0;
    this.#lookedAt = undefined;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { ms, now, waiting, over } = this.#options;
    if (!waiting()) {
      this.answered();
      return;
    }
    const at = now();
    this.#silentMs += Math.min(at - (this.#lookedAt ?? at), 2 * this.#everyMs);
    this.#lookedAt = at;
    if (this.#silentMs >= ms) over();
  }
}

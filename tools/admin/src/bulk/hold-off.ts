// SPDX-License-Identifier: Apache-2.0

/** Keeps every row back while the vault has enough of all of them. Times are ms of a clock that nobody sets. */
export class HoldOff {
  readonly #now: () => number;
  readonly #over: () => void;
  #until = 0;
  #limitedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param over called when rows may go on */
  constructor(now: () => number, over: () => void) {
    this.#now = now;
    this.#over = over;
  }

  get held(): boolean {
    return this.#now() < this.#until;
  }

  /** How long a rate of the vault still keeps rows back, s. */
  get limitedFor(): number {
    return Math.max(0, this.#limitedUntil - this.#now()) / 1000;
  }

  /** @param limited told by a vault that is well: no silence, however long it is */
  hold(ms: number, limited: boolean): void {
    const until = this.#now() + ms;
    if (limited) this.#limitedUntil = Math.max(this.#limitedUntil, until);
    if (until <= this.#until || this.#ended) return;
    this.#until = until;
    this.#arm();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /** Timers count whole milliseconds from a clock of their own: one that is too early waits once more. */
  #arm(): void {
    clearTimeout(this.#timer);
    const look = (): void => (this.held ? this.#arm() : this.#over());
    this.#timer = setTimeout(look, Math.ceil(this.#until - this.#now()) + 1);
  }
}

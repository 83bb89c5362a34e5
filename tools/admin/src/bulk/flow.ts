// SPDX-License-Identifier: Apache-2.0
import { AdminError } from '../errors.ts';
import { Failing } from './failing.ts';
import type { FlowOptions } from './flow-options.ts';
import { HoldOff } from './hold-off.ts';
import { InOrder } from './in-order.ts';
import { Patience } from './patience.ts';
import type { Outcome, Sendable, SourceRow } from './row.ts';

/** Rows that may be sent before it is made durable again that more may be. */
export const RESERVED_AT_ONCE = 1024;
/** On a stop, how long rows that were sent are waited for, ms. */
const STOP_MS = 15_000;
const LONGEST_PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 200;

/** The n-th pause between attempts, ms: doubled each time, and never the same for two who began together. */
export const pauseAfter = (n: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, n - 1)) * (0.5 + Math.random() / 2);

interface Waiter {
  readonly give: (row: Sendable | null | undefined) => void;
}

/**
 * Hands out rows to those who send them, takes back what was not answered, and settles outcomes in the order of the rows. How far it
 * reads ahead is bounded: a slow answer stops the reading, never the memory. It knows nothing of networks and files.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #now: () => number;
  readonly #holdOff: HoldOff;
  readonly #patience: Patience;
  /** Rows that fail time after time. */
  readonly failing: Failing;
  readonly #outcomes: InOrder;
  /** Rows with whoever sends them, or waiting for their next attempt: sent, and not answered for good. */
  readonly #out = new Set<Sendable>();
  /** When rows that are not settled were first sent, by number. An answer that waits for an earlier one is lost with this process. */
  readonly #sent = new Map<number, number>();
  readonly #again: Sendable[] = [];
  readonly #fresh: Sendable[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #taken = Promise.withResolvers<void>();
  readonly #aborted = new AbortController();
  #reserved: number;
  #read: number;
  /** Of rows that have no outcome. */
  #characters = 0;
  #reading = false;
  #ended = false;
  #stopping = false;
  #failure: Error | undefined;
  #finishedAlready = false;
  #delivered = false;
  #lastReason: string | undefined;
  #highestSent: number;
  #resent = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#outcomes = new InOrder(options.settled, (n, outcome) => {
      options.settle(n, outcome);
      this.#sent.delete(n);
    });
    this.#read = options.settled;
    this.#reserved = options.reserved;
    this.#highestSent = options.reserved;
    const monotonic = options.monotonic ?? (() => performance.now());
    this.failing = new Failing(monotonic, options.patience);
    this.#holdOff = new HoldOff(monotonic, () => this.#wake());
    this.#patience = new Patience({
      ms: options.patience,
      now: monotonic,
      waiting: () => this.#out.size > 0 && this.limitedFor === 0,
      over: () => this.#giveUp(),
    });
    void this.#readOn();
  }

  /** Resolves when nothing more will come. @throws what {@link fail} was given, or the source threw */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Aborted when those who send are to let go of everything. */
  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  get settled(): number {
    return this.#outcomes.settled;
  }
  /** Bytes of the input up to the last row that this run settled; 0 before the first. */
  get settledBytes(): number {
    return this.#outcomes.bytes;
  }
  /** Rows that were sent and have no final answer. */
  get unanswered(): number {
    return this.#out.size;
  }
  /** The source is at its end, which nothing hid, and all of it is settled. */
  get whole(): boolean {
    return this.#failure === undefined && this.#allSettled;
  }
  get stopping(): boolean {
    return this.#stopping;
  }
  /** How long a rate of the vault still keeps rows back, s. */
  get limitedFor(): number {
    return this.#holdOff.limitedFor;
  }
  /** Rows that were sent more than once, each counted once; those that an earlier run may have sent are among them. */
  get resent(): number {
    return this.#resent;
  }
  /** Why a row came back the last time; undefined: none did. */
  get lastReason(): string | undefined {
    return this.#lastReason;
  }

  /** For the state: the last row that may have been sent, and since when those that are not settled may have been (ms). */
  get mark(): { readonly reserved: number; readonly since: number } {
    let since = this.#now();
    for (const sentAt of this.#sent.values()) since = Math.min(since, sentAt);
    // Not yet read again, or read and not yet taken: the earlier run may have sent them.
    if (this.settled < this.#options.reserved) since = Math.min(since, this.#options.since);
    return { reserved: Math.max(this.#mayBeThere, this.settled), since };
  }

  get #mayBeThere(): number {
    if (!this.#finishedAlready) return this.#reserved;
    return this.#delivered ? this.#highestSent : this.#options.reserved;
  }

  /** What was sent may have been done: the vault took a call, or nobody knows. Where it refuses whole calls, nothing was. */
  delivered(): void {
    this.#delivered = true;
    this.#taken.resolve();
  }

  /** Resolves when a call was taken, or everything is over: before that one at a time is enough to find out that none is. */
  get taken(): Promise<void> {
    return this.#taken.promise;
  }

  /**
   * The next row to send. null: none will come. undefined: none came within the time, or the signal was given.
   * @param waitMs undefined: as long as it takes
   */
  take({
    waitMs,
    signal,
  }: {
    readonly waitMs?: number;
    readonly signal?: AbortSignal;
  } = {}): Promise<Sendable | null | undefined> {
    const row = signal?.aborted === true ? undefined : this.#pick();
    if (row !== undefined) return Promise.resolve(row);
    if (this.#over) return Promise.resolve(null);
    if (signal?.aborted === true || waitMs === 0) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const leave = () => waiter.give(undefined);
      const timer = waitMs === undefined ? undefined : setTimeout(leave, waitMs);
      const waiter: Waiter = {
        give: (given) => {
          this.#waiters.delete(waiter);
          clearTimeout(timer);
          signal?.removeEventListener('abort', leave);
          resolve(given);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** What became of a row that was taken: for good. */
  answer(row: Sendable, outcome: Outcome): void {
    if (!this.#out.delete(row)) return;
    this.#patience.answered();
    if (outcome.ok) this.failing.answered();
    this.#characters -= row.text.length;
    this.#hold(row.n, outcome);
  }

  /** A row that was taken and has no outcome: it is sent again. @param pauseMs not before; undefined: at once */
  giveBack(row: Sendable, reason: string, pauseMs = 0): void {
    if (!this.#out.has(row)) return;
    this.#lastReason = reason;
    const back = (): void => {
      this.#again.push(row);
      this.#wake();
    };
    if (pauseMs === 0) back();
    else this.#later(back, pauseMs);
  }

  /** Nobody gets a row for that time: the vault says that it has had enough of all of them, and each refusal is an entry of its audit. */
  holdOff(ms: number, { limited }: { readonly limited: boolean }): void {
    this.#holdOff.hold(ms, limited);
  }

  /** Time until a sender tries again; ends early when everything ends. */
  pause(ms: number): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#aborted.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#aborted.signal.addEventListener('abort', done, { once: true });
    });
  }

  /** No further rows: those that were sent are waited for, for a while. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#later(() => this.#finish({ abort: true }), STOP_MS);
    this.#wake();
  }

  /** Ends everything at once. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#finish({ abort: true });
  }

  get #allSettled(): boolean {
    return this.#ended && this.settled === this.#read;
  }

  get #over(): boolean {
    if (this.#finishedAlready || this.#allSettled) return true;
    return this.#stopping && this.#out.size === 0;
  }

  /** @param abort those who send let go of what is under way; without it they end when they have nothing left */
  #finish({ abort }: { readonly abort: boolean }): void {
    if (this.#finishedAlready) return;
    this.#finishedAlready = true;
    if (abort) this.#aborted.abort();
    this.#patience.end();
    this.#holdOff.end();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { give } of [...this.#waiters]) give(null);
    this.#taken.resolve();
    if (this.#failure === undefined) this.#finished.resolve();
    else this.#finished.reject(this.#failure);
  }

  #later(action: () => void, ms: number): void {
    if (this.#finishedAlready) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #pick(): Sendable | undefined {
    if (this.#finishedAlready || this.#holdOff.held) return undefined;
    for (let row = this.#next(); row !== undefined; row = this.#next()) {
      this.#out.add(row);
      if (this.#mayResend(row)) {
        if (row.sentAt !== undefined) this.#countAgain(row);
        row.sentAt ??= this.#now();
        this.#sent.set(row.n, row.sentAt);
        this.#highestSent = Math.max(this.#highestSent, row.n);
        return row;
      }
      const late = row;
      queueMicrotask(() => this.answer(late, { ok: false, refusal: { code: 'uncertain' } }));
    }
    return undefined;
  }

  /** A row that came back, or a fresh one: after it is durable that it may be sent, and while there is room for what becomes of it. */
  #next(): Sendable | undefined {
    const again = this.#again.shift();
    const [row] = this.#fresh;
    if (again !== undefined || row === undefined || this.#stopping) return again;
    // Of rows that are out the first will make room; where none is, this one does.
    if (this.#outcomes.characters >= this.#options.most.characters && this.#out.size > 0) return undefined;
    if (row.n > this.#reserved) {
      this.#reserved = row.n + RESERVED_AT_ONCE;
      if (!this.#durably(() => this.#options.reserve(this.#reserved))) return undefined;
    }
    return this.#fresh.shift();
  }

  #countAgain(row: Sendable): void {
    if (!row.again) this.#resent += 1;
    row.again = true;
  }

  /** A machine that slept for a day goes on where it was: by then the vault has forgotten the keys that make a repeat safe. */
  #mayResend({ sentAt }: Sendable): boolean {
    const { resendWithin } = this.#options;
    return resendWithin === undefined || sentAt === undefined || this.#now() - sentAt < resendWithin;
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) {
      const row = this.#pick();
      if (row === undefined) break;
      waiter.give(row);
    }
    if (this.#over) this.#finish({ abort: false });
  }

  async #readOn(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#ended && !this.#stopping && !this.#finishedAlready && this.#hasRoom) {
        const { value, done } = await this.#options.rows.next();
        if (done === true) this.#ended = true;
        else this.#arrived(value);
        this.#wake();
      }
    } catch (error) {
      // What came before it is whole: it is sent, and then this is said.
      this.#failure ??= errorOf(error);
      this.#ended = true;
      this.#wake();
    } finally {
      this.#reading = false;
    }
  }

  #arrived(row: SourceRow): void {
    this.#read = row.n;
    this.#outcomes.expect(row.n, row.end);
    const { reserved, since, skipUncertain } = this.#options;
    const before = row.n <= reserved;
    if ('refusal' in row) this.#hold(row.n, { ok: false, refusal: row.refusal });
    else if (before && skipUncertain) this.#hold(row.n, { ok: false, refusal: { code: 'uncertain' } });
    else {
      this.#characters += row.text.length;
      const sentAt = before ? since : undefined;
      this.#fresh.push({ n: row.n, text: row.text, sentAt, failures: 0, again: false });
    }
  }

  get #hasRoom(): boolean {
    const { most } = this.#options;
    return (
      this.#read - this.settled < most.rows && this.#characters + this.#outcomes.characters < most.characters
    );
  }

  /** A full disk, say: what cannot be written down must not go on. @returns whether it was done */
  #durably(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.fail(errorOf(error));
      return false;
    }
  }

  #hold(n: number, outcome: Outcome): void {
    this.#durably(() => this.#outcomes.hold(n, outcome));
    void this.#readOn();
    this.#wake();
  }

  #giveUp(): void {
    const seconds = Math.round(this.#options.patience / 1000);
    const reason = this.#lastReason ?? 'no answer';
    this.fail(new AdminError('bulk_interrupted', `nothing was answered for ${seconds} s: ${reason}`));
  }
}

const errorOf = (error: unknown): Error =>
  error instanceof Error ? error : new Error('the input cannot be read');

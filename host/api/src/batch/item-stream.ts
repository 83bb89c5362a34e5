// SPDX-License-Identifier: Apache-2.0
import { ApiError, type ProblemCode } from '../errors.ts';
import type { Line } from '../http/lines.ts';
import { toProblem } from '../http/problems.ts';
import type { Intake, NoLine } from './intake.ts';
import type { Outlet } from './outlet.ts';
import { failed, type Result, resultLine } from './results.ts';

/** Items of one stream that are worked at at once. */
const AT_ONCE = 32;
/** What the caller has to take what is said when the server goes, or he took nothing before, in milliseconds. */
const LAST_MS = 2_000;
const HASTY: ReadonlySet<ProblemCode> = new Set(['stopping', 'request_timeout']);

/** How a stream ended. `lost`: nobody is there to be told. */
export type End = 'done' | 'lost' | ProblemCode;

export interface StreamWork {
  /**
   * Begins an item, when its turn has come: waits for the caller's rate and place, and says who he is by now.
   * @param signal the stream ends
   * @returns seconds to wait instead, when that is too long for an item
   * @throws what ends the stream
   */
  readonly admit: (signal: AbortSignal) => Promise<number>;
  /** Does an item. It never throws. */
  readonly work: (line: Line, index: number) => Promise<Result>;
  /** Milliseconds without a whole line, or without one that was taken, that end the stream. */
  readonly idleMs: number;
  /** Bytes of an answer, and items, beyond which nothing more is begun. */
  readonly most: { readonly answer: number; readonly items: number };
}

/**
 * A line in, a line out: a bounded number of items at once, in the order of completion. Nothing is read while as many are under way
 * as may be, or while results lie untaken.
 */
export class ItemStream {
  readonly #intake: Intake;
  readonly #outlet: Outlet;
  readonly #work: StreamWork;
  readonly #stopping = new AbortController();
  readonly #under = new Set<Promise<void>>();
  #stopped: ProblemCode | undefined;
  /** Each line that was begun has its result. */
  #complete = true;
  /** Nobody is waited for any longer than it takes to say so. */
  #hasty = false;
  #progress = performance.now();
  #wake: (() => void) | undefined;
  results = 0;
  errors = 0;

  constructor(intake: Intake, outlet: Outlet, work: StreamWork) {
    this.#intake = intake;
    this.#outlet = outlet;
    this.#work = work;
  }

  /** Items that are worked at. */
  get underWay(): number {
    return this.#under.size;
  }

  /** Something came, was done, or was taken. */
  progressed(): void {
    this.#progress = performance.now();
    this.#wake?.();
  }

  /** Has it begin nothing more. What was begun is finished. */
  stop(code: ProblemCode): void {
    this.#stopped ??= code;
    this.#hasty ||= HASTY.has(code);
    this.#intake.stop();
    this.#stopping.abort();
    this.#wake?.();
  }

  /** Ends when all is said and taken, or nobody takes it. It never throws. @returns how it ended */
  async run(): Promise<End> {
    this.progressed();
    const { idleMs } = this.#work;
    const idle = setInterval(
      () => {
        // While items are under way it is not the caller who is waited for, unless he does not take what is done.
        const waits = this.#under.size === 0 || this.#outlet.full;
        if (waits && performance.now() - this.#progress > idleMs) this.stop('request_timeout');
      },
      Math.min(1_000, idleMs / 4),
    );
    this.#outlet.once('close', this.#gone);
    let over: NoLine;
    try {
      over = await this.#lines();
    } catch (error) {
      this.stop(toProblem(error, '').problem.code);
      over = 'stopped';
    }
    await Promise.all(this.#under);
    clearInterval(idle);
    this.#outlet.off('close', this.#gone);
    const end = this.#outlet.destroyed ? 'lost' : this.#endOf(over);
    await this.#say(end);
    await this.#taken();
    return end === 'done' && !this.#outlet.readableEnded ? 'lost' : end;
  }

  #endOf(over: NoLine): End {
    if (over === 'end' && this.#complete) return 'done';
    return over === 'lost' ? over : (this.#stopped ?? 'internal');
  }

  readonly #gone = (): void => this.stop('stopping');

  async #lines(): Promise<NoLine> {
    const { most } = this.#work;
    for (let index = 0; ; index += 1) {
      await this.#room();
      const next = await this.#intake.next();
      if (typeof next === 'string') return next;
      this.progressed();
      if (index >= most.items || this.#outlet.written > most.answer) this.stop('answer_too_large');
      const seconds = await this.#work.admit(this.#stopping.signal);
      if (this.#stopping.signal.aborted) return 'stopped';
      if (seconds > 0) this.#answer(index, failed(new ApiError('rate_limited', { retryAfter: seconds })));
      else this.#begin(next.line, index);
    }
  }

  /** Waits until another item may be begun. */
  async #room(): Promise<void> {
    const stopped = this.#stopping.signal;
    while (!stopped.aborted && (this.#under.size >= AT_ONCE || this.#outlet.full)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #begin(line: Line, index: number): void {
    const item = this.#work.work(line, index).then((result) => {
      if (result.code === 'unauthenticated') this.#turnAway(result.code);
      else this.#answer(index, result);
      this.#under.delete(item);
      if (!this.#outlet.full) this.progressed();
    });
    this.#under.add(item);
  }

  /** His rights ended while an item waited for its turn: nothing was done of it, and with others it may be. */
  #turnAway(code: ProblemCode): void {
    this.#complete = false;
    this.stop(code);
  }

  #answer(index: number, result: Result): void {
    this.results += 1;
    if (result.code !== 'ok') this.errors += 1;
    this.#outlet.line(resultLine(index, result));
  }

  async #say(end: End): Promise<void> {
    const outlet = this.#outlet;
    if (end === 'lost') {
      outlet.destroy();
      return;
    }
    const { results, errors } = this;
    outlet.line(
      JSON.stringify(
        end === 'done' ? { done: { results, errors } } : { stopped: { code: end, results, errors } },
      ),
    );
    if (end !== 'done') await this.#intake.drain();
    outlet.end();
  }

  /** Waits until all is taken, however slowly, and for nobody who takes nothing. */
  async #taken(): Promise<void> {
    const outlet = this.#outlet;
    if (outlet.closed) return;
    const { idleMs } = this.#work;
    this.progressed();
    let last: number | undefined;
    const look = setInterval(
      () => {
        const now = performance.now();
        if (this.#hasty) last ??= now + LAST_MS;
        if (now > (last ?? this.#progress + idleMs)) outlet.destroy();
      },
      Math.min(250, idleMs / 4),
    );
    await new Promise((resolve) => outlet.once('close', resolve));
    clearInterval(look);
  }
}

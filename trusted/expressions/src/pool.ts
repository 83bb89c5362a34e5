// SPDX-License-Identifier: Apache-2.0
import type { Worker } from 'node:worker_threads';
import { ExpressionError } from './errors.ts';
import type { EvaluateRequest, ExpressionOutcome } from './evaluate.ts';
import type { Job, Report } from './worker.ts';

export interface PoolOptions {
  /** Threads; one evaluates one request at a time. */
  readonly workers: number;
  /** Milliseconds for all expressions of a request together, from when a worker takes it. */
  readonly budgetMs: number;
  /** Makes a thread that calls runExpressionWorker. Its resource limits bound the memory of an expression. */
  readonly createWorker: () => Worker;
}

interface Task {
  readonly job: Job;
  readonly outcomes: Map<string, ExpressionOutcome>;
  readonly resolve: (outcomes: ExpressionOutcome[]) => void;
  readonly reject: (error: ExpressionError) => void;
}

interface Seat {
  readonly worker: Worker;
  ready: boolean;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A worker that dies before it was ever ready is started again, but not in a tight loop. */
const RESTART_MS = 100;

/**
 * Evaluates expressions in threads that are ended when a request takes more than its time or memory. Requests wait in
 * the order they came; other threads go on while one is replaced.
 */
export class ExpressionPool {
  readonly #options: PoolOptions;
  readonly #seats = new Set<Seat>();
  readonly #queue: Task[] = [];
  #nextId = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.workers; i++) this.#open();
  }

  /**
   * One outcome for each expression, in order. What was not evaluated when the budget was spent has the outcome
   * expression_budget_exceeded.
   * @param signal ends the waiting for a worker: what nobody waits for any more must not keep others waiting. What a
   *   worker has taken is bounded by the budget
   * @throws {ExpressionError} expression_failed: the pool was closed, or the signal came first
   */
  evaluate(request: EvaluateRequest, signal?: AbortSignal): Promise<ExpressionOutcome[]> {
    if (this.#closed || signal?.aborted) return Promise.reject(new ExpressionError('expression_failed'));
    return new Promise((resolve, reject) => {
      const task: Task = { job: { id: this.#nextId++, request }, outcomes: new Map(), resolve, reject };
      this.#queue.push(task);
      signal?.addEventListener('abort', () => this.#forget(task), { once: true });
      this.#assign();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const seats = [...this.#seats];
    const tasks = [...this.#queue.splice(0), ...seats.flatMap((seat) => seat.task ?? [])];
    for (const task of tasks) task.reject(new ExpressionError('expression_failed'));
    for (const seat of seats) this.#release(seat);
    await Promise.all(seats.map((seat) => seat.worker.terminate()));
  }

  /** Has no effect on a task that is no longer waiting. */
  #forget(task: Task): void {
    const at = this.#queue.indexOf(task);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    task.reject(new ExpressionError('expression_failed'));
  }

  #open(): void {
    if (this.#closed) return;
    const seat: Seat = {
      worker: this.#options.createWorker(),
      ready: false,
      task: undefined,
      timer: undefined,
    };
    this.#seats.add(seat);
    seat.worker.on('message', (report: Report) => this.#heard(seat, report));
    // Out of memory arrives as an error, then an exit: both mean that the seat is lost.
    seat.worker.on('error', () => this.#lose(seat));
    seat.worker.on('exit', () => this.#lose(seat));
    seat.worker.unref();
  }

  #heard(seat: Seat, report: Report): void {
    if (!this.#seats.has(seat)) return;
    if (report.kind === 'ready') {
      seat.ready = true;
    } else if (seat.task?.job.id === report.id) {
      if (report.kind === 'outcome') {
        seat.task.outcomes.set(report.outcome.name, report.outcome);
        return;
      }
      const task = this.#release(seat);
      if (task) finish(task);
    }
    this.#assign();
  }

  #assign(): void {
    for (const seat of this.#seats) {
      if (!seat.ready || seat.task) continue;
      const task = this.#queue.shift();
      if (!task) return;
      seat.task = task;
      // A loop that was busy runs its timers first: what the thread said meanwhile is heard before it is ended.
      const end = (): unknown => seat.task === task && this.#lose(seat);
      seat.timer = setTimeout(() => setImmediate(end), this.#options.budgetMs);
      seat.worker.ref();
      seat.worker.postMessage(task.job);
    }
  }

  #release(seat: Seat): Task | undefined {
    clearTimeout(seat.timer);
    const { task } = seat;
    seat.task = undefined;
    seat.worker.unref();
    return task;
  }

  #lose(seat: Seat): void {
    if (!this.#seats.delete(seat)) return;
    const task = this.#release(seat);
    void seat.worker.terminate();
    if (task) finish(task);
    if (seat.ready) this.#open();
    else setTimeout(() => this.#open(), RESTART_MS).unref();
  }
}

function finish({ job, outcomes, resolve }: Task): void {
  const spent = { ok: false, code: 'expression_budget_exceeded' } as const;
  resolve(job.request.expressions.map(({ name }) => outcomes.get(name) ?? { name, ...spent }));
}

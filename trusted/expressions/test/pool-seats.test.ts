// SPDX-License-Identifier: Apache-2.0
/** What the pool does about threads, by threads that do what they are told when they are told: real ones are in pool.test.ts. */
import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExpressionPool } from '../src/index.ts';
import type { Job, Report } from '../src/worker.ts';

class Thread extends EventEmitter {
  readonly jobs: Job[] = [];
  terminated = 0;
  /** Whether it keeps the process alive. */
  held = true;

  postMessage = (job: Job): void => void this.jobs.push(job);
  ref = (): void => {
    this.held = true;
  };
  unref = (): void => {
    this.held = false;
  };
  terminate = async (): Promise<number> => {
    this.terminated += 1;
    return 0;
  };

  says(report: Report): void {
    this.emit('message', report);
  }
  /** Answers the job that it has, the first or the nth. */
  answers(names: readonly string[], nth = 0): void {
    const { id } = this.job(nth);
    for (const name of names)
      this.says({ kind: 'outcome', id, outcome: { name, ok: true, json: `"${nth}"` } });
    this.says({ kind: 'done', id });
  }
  job(nth = 0): Job {
    const job = this.jobs[nth];
    if (job === undefined) throw new Error('no job');
    return job;
  }
}

const BUDGET = 250;
let threads: Thread[];
const nth = (index: number): Thread => {
  const thread = threads[index];
  if (thread === undefined) throw new Error('no thread');
  return thread;
};

function pool(workers: number): ExpressionPool {
  return new ExpressionPool({
    workers,
    budgetMs: BUDGET,
    createWorker: () => {
      const thread = new Thread();
      threads.push(thread);
      return thread as unknown as Worker;
    },
  });
}

const ask = (...names: string[]) => ({
  fields: new Map<string, string>(),
  known: [],
  expressions: names.map((name) => ({ name, source: '1' })),
  now: 0,
});
const SPENT = { ok: false, code: 'expression_budget_exceeded' };
const failed = expect.objectContaining({ name: 'ExpressionError', code: 'expression_failed' });

/** Time passes, and what is said at its end is heard. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await new Promise((turn) => setImmediate(turn));
}

beforeEach(() => {
  threads = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => void vi.useRealTimers());

describe('a thread', () => {
  it('gets a request when it is ready, and none before; and the next when it is done', async () => {
    const p = pool(1);
    const [first, second] = [p.evaluate(ask('a')), p.evaluate(ask('b'))];
    expect(nth(0).jobs).toEqual([]);
    nth(0).says({ kind: 'ready' });
    expect(nth(0).jobs.map(({ request }) => request.expressions[0]?.name)).toEqual(['a']);
    nth(0).answers(['a']);
    expect(await first).toEqual([{ name: 'a', ok: true, json: '"0"' }]);
    nth(0).answers(['b'], 1);
    expect(await second).toEqual([{ name: 'b', ok: true, json: '"1"' }]);
    expect(threads).toHaveLength(1);
  });

  it('has one request at a time, and the others have theirs meanwhile', () => {
    const p = pool(2);
    for (const thread of threads) thread.says({ kind: 'ready' });
    for (const name of ['a', 'b', 'c']) void p.evaluate(ask(name));
    expect(threads.map(({ jobs }) => jobs.length)).toEqual([1, 1]);
    nth(1).answers(['b']);
    expect(threads.map(({ jobs }) => jobs.length)).toEqual([1, 2]);
  });

  it('keeps the program alive while it has a request, and not while it waits for one', () => {
    const p = pool(1);
    expect(nth(0).held).toBe(false);
    nth(0).says({ kind: 'ready' });
    expect(nth(0).held).toBe(false);
    void p.evaluate(ask('a'));
    expect(nth(0).held).toBe(true);
    nth(0).answers(['a']);
    expect(nth(0).held).toBe(false);
  });

  it('is ended and replaced when the time is spent: what it said by then counts, and nothing after', async () => {
    const p = pool(1);
    nth(0).says({ kind: 'ready' });
    const asked = p.evaluate(ask('a', 'b'));
    const { id } = nth(0).job();
    nth(0).says({ kind: 'outcome', id, outcome: { name: 'a', ok: true, json: '1' } });
    await pass(BUDGET - 1);
    expect([nth(0).terminated, threads.length]).toEqual([0, 1]);
    await pass(1);
    expect([nth(0).terminated, threads.length]).toEqual([1, 2]);
    expect(await asked).toEqual([
      { name: 'a', ok: true, json: '1' },
      { name: 'b', ...SPENT },
    ]);
    // It may have had more to say, and ends a moment later: neither makes room for another.
    nth(0).says({ kind: 'done', id });
    nth(0).says({ kind: 'ready' });
    nth(0).emit('exit', 1);
    expect([nth(0).terminated, threads.length]).toEqual([1, 2]);
    const next = p.evaluate(ask('c'));
    nth(1).says({ kind: 'ready' });
    expect([nth(0).jobs.length, nth(1).jobs.length]).toEqual([1, 1]);
    nth(1).answers(['c']);
    expect(await next).toMatchObject([{ ok: true }]);
  });

  it('has its time for each request anew', async () => {
    const p = pool(1);
    nth(0).says({ kind: 'ready' });
    void p.evaluate(ask('a'));
    await pass(BUDGET - 1);
    nth(0).answers(['a']);
    expect(vi.getTimerCount()).toBe(0);
    await pass(BUDGET);
    void p.evaluate(ask('b'));
    await pass(BUDGET - 1);
    expect(threads).toHaveLength(1);
    await pass(1);
    expect(threads).toHaveLength(2);
  });

  it('that answered in time is not ended by a timer that was heard first, nor is its next request', async () => {
    const p = pool(1);
    nth(0).says({ kind: 'ready' });
    const [first, second] = [p.evaluate(ask('a')), p.evaluate(ask('b'))];
    const passed = pass(BUDGET);
    nth(0).answers(['a']);
    await passed;
    expect(await first).toMatchObject([{ name: 'a', ok: true }]);
    expect([nth(0).terminated, threads.length]).toEqual([0, 1]);
    nth(0).answers(['b'], 1);
    expect(await second).toMatchObject([{ name: 'b', ok: true }]);
  });

  it.each(['error', 'exit'])(
    'that ends by itself (%s) is replaced, once, and its request with it is spent',
    async (event) => {
      const p = pool(1);
      nth(0).says({ kind: 'ready' });
      const asked = p.evaluate(ask('a'));
      nth(0).emit(event, new Error('out of memory'));
      expect(await asked).toEqual([{ name: 'a', ...SPENT }]);
      expect([threads.length, vi.getTimerCount()]).toEqual([2, 0]);
      nth(0).emit('exit', 1);
      expect(threads).toHaveLength(2);
    },
  );

  it('that ends before it was ever ready is replaced after a while, not in a loop', () => {
    pool(1);
    nth(0).emit('exit', 1);
    expect(threads).toHaveLength(1);
    vi.advanceTimersByTime(99);
    expect(threads).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(threads).toHaveLength(2);
  });

  it('answers the request that it has: what is said of another is nothing', async () => {
    const p = pool(1);
    nth(0).says({ kind: 'ready' });
    nth(0).says({ kind: 'done', id: 0 });
    const first = p.evaluate(ask('a'));
    nth(0).answers(['a']);
    await first;
    let settled = false;
    const second = p.evaluate(ask('a')).finally(() => {
      settled = true;
    });
    nth(0).answers(['a'], 0);
    await Promise.resolve();
    expect(settled).toBe(false);
    nth(0).says({ kind: 'done', id: nth(0).job(1).id });
    expect(await second).toEqual([{ name: 'a', ...SPENT }]);
  });
});

describe('a request', () => {
  it('that nobody waits for any more is forgotten while it waits, and not when a thread has it', async () => {
    const p = pool(1);
    nth(0).says({ kind: 'ready' });
    const given = new AbortController();
    const taken = p.evaluate(ask('a'), given.signal);
    const waiting = p.evaluate(ask('b'), given.signal);
    const other = p.evaluate(ask('c'));
    given.abort();
    await expect(waiting).rejects.toEqual(failed);
    nth(0).answers(['a']);
    expect(await taken).toMatchObject([{ name: 'a', ok: true }]);
    nth(0).answers(['c'], 1);
    expect(await other).toMatchObject([{ name: 'c', ok: true }]);
    expect(nth(0).jobs).toHaveLength(2);
    await expect(p.evaluate(ask('d'), given.signal)).rejects.toEqual(failed);
    expect(nth(0).jobs).toHaveLength(2);
  });
});

describe('a pool that is closed', () => {
  it('ends threads that have nothing to do', async () => {
    const p = pool(2);
    nth(0).says({ kind: 'ready' });
    await p.close();
    expect(threads.map(({ terminated }) => terminated)).toEqual([1, 1]);
  });

  it('rejects what waits and what threads have, ends them, and opens none', async () => {
    const p = pool(2);
    nth(0).says({ kind: 'ready' });
    nth(1).emit('exit', 1);
    const both = [p.evaluate(ask('a')), p.evaluate(ask('b'))].map((one) =>
      expect(one).rejects.toEqual(failed),
    );
    await p.close();
    await Promise.all(both);
    expect(nth(0).terminated).toBe(1);
    expect(nth(0).held).toBe(false);
    nth(0).emit('exit', 1);
    vi.advanceTimersByTime(1_000);
    expect(threads).toHaveLength(2);
    await expect(p.evaluate(ask('c'))).rejects.toEqual(failed);
    expect(nth(0).jobs).toHaveLength(1);
  });
});

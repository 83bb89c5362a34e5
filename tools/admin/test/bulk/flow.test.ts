// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Flow, RESERVED_AT_ONCE } from '../../src/bulk/flow.ts';
import type { FlowOptions } from '../../src/bulk/flow-options.ts';
import type { Outcome, SourceRow } from '../../src/bulk/row.ts';

const DONE: Outcome = { ok: true, text: 'x' };

function flowOf(rows: number, more: Partial<FlowOptions> = {}) {
  const seen = { read: 0, settled: [] as (readonly [number, Outcome])[], reserved: [] as number[] };
  async function* source(): AsyncGenerator<SourceRow> {
    for (let n = (more.settled ?? 0) + 1; n <= rows; n += 1) {
      seen.read = n;
      yield { n, end: 10 * n, text: `row ${n}` };
    }
  }
  const flow = new Flow({
    rows: source(),
    ...{ settled: 0, reserved: 0, since: 0, skipUncertain: false, resendWithin: undefined, patience: 10_000 },
    most: { rows: 100, characters: 1_000_000 },
    settle: (n, outcome) => seen.settled.push([n, outcome]),
    reserve: (n) => seen.reserved.push(n),
    ...more,
  });
  return { flow, seen };
}

afterEach(() => vi.useRealTimers());

describe('rows on their way', () => {
  it('are settled once each and in order, whatever order they are answered in and however often they come back', async () => {
    const answers = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 250 }), answers, async (rows, how) => {
        const { flow, seen } = flowOf(rows);
        let turn = 0;
        const lanes = Array.from({ length: 3 }, async () => {
          for (let row = await flow.take(); row != null; row = await flow.take()) {
            const choice = how[turn++ % how.length] ?? 0;
            const one = row;
            // A row comes back twice at most, or nothing would ever end.
            if (choice < 3 && one.failures++ < 2) flow.giveBack(one, 'busy', choice);
            else if (choice < 6) setTimeout(() => flow.answer(one, DONE), choice);
            else flow.answer(one, DONE);
          }
        });
        await flow.finished;
        await Promise.all(lanes);
        expect(seen.settled.map(([n]) => n)).toEqual(Array.from({ length: rows }, (_, i) => i + 1));
        expect(flow.whole).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('are read no further ahead of the first without an answer than memory is to hold', async () => {
    const { flow, seen } = flowOf(100_000);
    const first = await flow.take();
    for (let i = 0; i < 2_000; i += 1) {
      const row = await flow.take({ waitMs: 0 });
      if (row != null) flow.answer(row, DONE);
      await Promise.resolve();
    }
    expect(seen.read).toBe(100);
    expect(seen.settled).toEqual([]);
    if (first != null) flow.answer(first, DONE);
    await new Promise((done) => setTimeout(done, 5));
    expect([seen.settled.length, seen.read]).toEqual([100, 200]);
    flow.fail(new Error('over'));
    await expect(flow.finished).rejects.toThrow('over');
  });

  it('are not the whole input where it could not be read to its end: those before are settled, and no more is said', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield { n: 1, end: 10, text: 'row 1' };
      throw new Error('broken');
    }
    const { flow, seen } = flowOf(0, { rows: source() });
    const row = await flow.take();
    if (row != null) flow.answer(row, DONE);
    await expect(flow.finished).rejects.toThrow('broken');
    expect([seen.settled.length, flow.whole, flow.settledBytes]).toEqual([1, false, 10]);
  });

  it('are sent only after it is durable that they may have been', async () => {
    const { flow, seen } = flowOf(3_000, { most: { rows: 5_000, characters: 1_000_000 } });
    const late: number[] = [];
    for (let row = await flow.take(); row != null; row = await flow.take()) {
      if (row.n > (seen.reserved.at(-1) ?? 0)) late.push(row.n);
      flow.answer(row, DONE);
    }
    expect(late).toEqual([]);
    expect(seen.reserved).toEqual([1, 2, 3].map((n) => n + n * RESERVED_AT_ONCE));
    expect(flow.mark.reserved).toBe(3_000);
  });

  it('are counted once each as sent again, however often that was; those that an earlier run may have sent too', async () => {
    const { flow } = flowOf(4, { reserved: 2 });
    for (let turn = 0, row = await flow.take(); row != null; row = await flow.take()) {
      if (row.n === 4 && turn++ < 5) flow.giveBack(row, 'busy');
      else flow.answer(row, DONE);
    }
    // Rows 1 and 2 by the earlier run, row 4 by this one.
    expect([flow.resent, flow.lastReason]).toEqual([3, 'busy']);
  });

  it('say how far the input is by the rows that are settled, not by those that were read ahead', async () => {
    const { flow, seen } = flowOf(50);
    const [one, two] = [await flow.take(), await flow.take()];
    await new Promise((done) => setTimeout(done, 5));
    if (two != null) flow.answer(two, DONE);
    expect([seen.read, flow.settledBytes]).toEqual([50, 0]);
    if (one != null) flow.answer(one, DONE);
    expect([seen.read, flow.settledBytes]).toEqual([50, 20]);
    flow.stop();
    await flow.finished;
  });

  it('are not sent again when the vault may have forgotten their keys', async () => {
    let now = 1_000;
    const { flow, seen } = flowOf(1, { resendWithin: 500, now: () => now });
    const row = await flow.take();
    now += 500;
    if (row != null) flow.giveBack(row, 'connection lost');
    expect(await flow.take()).toBeNull();
    expect(seen.settled).toEqual([[1, { ok: false, refusal: { code: 'uncertain' } }]]);
  });

  it('tell since when those that are not settled may have been sent, the answered that wait for others too', async () => {
    let now = 1_000;
    const { flow } = flowOf(3, { now: () => now });
    const [one, two] = [await flow.take(), await flow.take()];
    now = 2_000;
    if (two != null) flow.answer(two, DONE);
    expect(flow.mark.since).toBe(1_000);
    if (one != null) flow.answer(one, DONE);
    expect(flow.mark.since).toBe(2_000);
    flow.stop();
    await flow.finished;
  });

  it('are given up when nothing is answered for too long, with the last reason', async () => {
    const { flow } = flowOf(5, { patience: 60 });
    const row = await flow.take();
    if (row != null) flow.giveBack(row, '503 starting', 5_000);
    await expect(flow.finished).rejects.toMatchObject({
      code: 'bulk_interrupted',
      message: expect.stringContaining('503 starting'),
    });
  });

  it('are not given up while the vault has them wait for its rates, however long', async () => {
    const { flow } = flowOf(1, { patience: 60 });
    const row = await flow.take();
    if (row == null) throw new Error('no row came');
    flow.holdOff(600, { limited: true });
    flow.giveBack(row, 'rate_limited', 600);
    expect(flow.limitedFor).toBeGreaterThan(0);
    // Ten times its patience.
    const again = await flow.take();
    expect([again?.n, flow.limitedFor]).toEqual([1, 0]);
    if (again != null) flow.answer(again, DONE);
    await flow.finished;
    expect(flow.whole).toBe(true);
  });

  it('are given up when they wait for as long because the vault is busy', async () => {
    const { flow } = flowOf(1, { patience: 60 });
    const row = await flow.take();
    flow.holdOff(600, { limited: false });
    if (row != null) flow.giveBack(row, 'busy', 600);
    await expect(flow.finished).rejects.toMatchObject({ code: 'bulk_interrupted' });
  });

  it('are handed to nobody where it cannot be made durable that they may be sent', async () => {
    const full = new Error('disk full');
    const { flow } = flowOf(3, {
      reserve: () => {
        throw full;
      },
    });
    expect(await flow.take()).toBeNull();
    await expect(flow.finished).rejects.toBe(full);
    expect([flow.unanswered, flow.mark.reserved]).toEqual([0, 0]);
  });

  it('are settled no further than they could be written down', async () => {
    const full = new Error('disk full');
    const { flow } = flowOf(3, {
      settle: (n) => {
        if (n === 2) throw full;
      },
    });
    for (const row of [await flow.take(), await flow.take(), await flow.take()])
      if (row != null) flow.answer(row, DONE);
    await expect(flow.finished).rejects.toBe(full);
    expect([flow.settled, flow.settledBytes, flow.whole]).toEqual([1, 10, false]);
  });

  it('that an earlier run may have sent are not sent either when the vault may have forgotten their keys', async () => {
    const { flow, seen } = flowOf(2, { reserved: 1, since: 500, resendWithin: 500, now: () => 1_000 });
    const row = await flow.take();
    expect([row?.n, flow.resent]).toEqual([2, 0]);
    if (row != null) flow.answer(row, DONE);
    await flow.finished;
    expect(seen.settled).toEqual([
      [1, { ok: false, refusal: { code: 'uncertain' } }],
      [2, DONE],
    ]);
  });

  it('wait where outcomes that wait for an earlier row take the memory that is theirs, and go on when it is answered', async () => {
    const { flow, seen } = flowOf(20, { most: { rows: 100, characters: 1_000 } });
    const large: Outcome = { ok: true, text: 'x'.repeat(600) };
    const first = await flow.take();
    await vi.waitFor(() => expect(seen.read).toBe(20), 60_000);
    for (const n of [2, 3]) {
      const row = await flow.take({ waitMs: 0 });
      expect(row?.n).toBe(n);
      if (row != null) flow.answer(row, large);
    }
    expect(await flow.take({ waitMs: 0 })).toBeUndefined();
    const next = flow.take();
    if (first != null) flow.answer(first, large);
    expect((await next)?.n).toBe(4);
    flow.fail(new Error('over'));
    await expect(flow.finished).rejects.toThrow('over');
  });

  it.each([
    ['a fraction of a millisecond is left when the timer comes', 150.9, 0.8, (ms: number) => ms + 0.1],
    ['the clock is behind the timer', 150, 0, (ms: number) => ms * 0.9],
  ])('that were held back go on though %s', async (_what, ms, begun, then) => {
    vi.useFakeTimers();
    let clock = (passed: number): number => passed + begun;
    const from = Date.now();
    const { flow } = flowOf(1, { monotonic: () => clock(Date.now() - from) });
    flow.holdOff(ms, { limited: false });
    clock = then;
    const given = vi.fn();
    void flow.take().then(given);
    await vi.advanceTimersByTimeAsync(149);
    expect(given).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(51);
    expect(given).toHaveBeenCalledWith(expect.objectContaining({ n: 1 }));
    flow.stop();
    flow.fail(new Error('over'));
    await expect(flow.finished).rejects.toThrow('over');
  });

  it.each([
    ['the machine slept, which the wall clock tells', 8, false],
    ['the machine slept, which every clock tells', 8, true],
    ['the wall clock was set back', -8, false],
  ])(
    'are given up after as much silence as ever, no sooner and no later, where %s',
    async (_what, hours, every) => {
      vi.useFakeTimers();
      let slept = 0;
      const now = (): number => Date.now() + slept;
      const { flow } = flowOf(1, every ? { now, monotonic: now } : { now });
      const over = vi.fn();
      flow.finished.catch(over);
      await flow.take();
      await vi.advanceTimersByTimeAsync(3_000);
      slept = hours * 3_600_000;
      await vi.advanceTimersByTimeAsync(3_000);
      expect(over).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(7_000);
      expect(over).toHaveBeenCalledWith(expect.objectContaining({ code: 'bulk_interrupted' }));
    },
  );
});

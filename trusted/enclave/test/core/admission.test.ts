// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { Admission } from '../../src/core/admission.ts';

const clock = systemClock();
const gate = () => Promise.withResolvers<void>();

describe('admission', () => {
  test('runs at once up to its limit, then in the order of arrival', async () => {
    const admission = new Admission(clock, { running: 2, waiting: 2 });
    const gates = [gate(), gate(), gate(), gate()];
    const started: number[] = [];
    const runs = gates.map(({ promise }, index) =>
      admission.run(10_000, () => {
        started.push(index);
        return promise;
      }),
    );
    expect([started, admission.running, admission.waiting]).toEqual([[0, 1], 2, 2]);
    gates[1]?.resolve();
    await runs[1];
    expect([started, admission.running, admission.waiting]).toEqual([[0, 1, 2], 2, 1]);
    gates[2]?.resolve();
    await runs[2];
    for (const { resolve } of gates) resolve();
    await Promise.all(runs);
    expect([started, admission.running, admission.waiting]).toEqual([[0, 1, 2, 3], 0, 0]);
  });

  test('a newcomer does not overtake whoever waits', async () => {
    const admission = new Admission(clock, { running: 1, waiting: 2 });
    const first = gate();
    const order: string[] = [];
    const runs = [
      admission.run(10_000, () => first.promise),
      admission.run(10_000, async () => {
        order.push('waited');
      }),
    ];
    first.resolve();
    // In the very moment in which the place is handed over.
    await Promise.resolve();
    runs.push(
      admission.run(10_000, async () => {
        order.push('came later');
      }),
    );
    await Promise.all(runs);
    expect(order).toEqual(['waited', 'came later']);
  });

  test('a full queue is busy at once; a place that does not come in time is busy too', async () => {
    const admission = new Admission(clock, { running: 1, waiting: 1 });
    const held = gate();
    const running = admission.run(10_000, () => held.promise);
    const waiting = admission.run(20, async () => 'late');
    await expect(admission.run(10_000, async () => 'more')).rejects.toMatchObject({ code: 'busy' });
    await expect(waiting).rejects.toMatchObject({ code: 'busy' });
    expect(admission.waiting).toBe(0);
    held.resolve();
    await running;
    expect(admission.running).toBe(0);
  });

  test('nobody may wait where there is no queue', async () => {
    const admission = new Admission(clock, { running: 1, waiting: 0 });
    const held = gate();
    const running = admission.run(10_000, () => held.promise);
    await expect(admission.run(10_000, async () => 1)).rejects.toMatchObject({ code: 'busy' });
    held.resolve();
    await running;
  });

  test('work that throws gives its place back', async () => {
    const admission = new Admission(clock, { running: 1, waiting: 0 });
    for (let i = 0; i < 3; i++) {
      await expect(admission.run(10, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    }
    expect(admission.running).toBe(0);
  });

  test('a place that came leaves nothing put off, and one that did not leaves nobody in the queue', async () => {
    const put: { action: () => void; cancelled: boolean }[] = [];
    const putOff = (_: number, action: () => void) => {
      const one = { action, cancelled: false };
      put.push(one);
      return () => {
        one.cancelled = true;
      };
    };
    const admission = new Admission({ ...clock, after: putOff }, { running: 1, waiting: 2 });
    const held = gate();
    const running = admission.run(10_000, () => held.promise);
    const late = admission.run(10_000, async () => 'late');
    const second = admission.run(10_000, async () => 'second');
    put[0]?.action();
    await expect(late).rejects.toMatchObject({ code: 'busy' });
    expect([admission.running, admission.waiting]).toEqual([1, 1]);
    held.resolve();
    await running;
    expect(await second).toBe('second');
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
    expect(put.map(({ cancelled }) => cancelled)).toEqual([true, true]);
  });

  test('whoever is gone waits no more, and his place in the queue is free', async () => {
    const cancelled: boolean[] = [];
    const after = () => {
      const at = cancelled.push(false) - 1;
      return () => {
        cancelled[at] = true;
      };
    };
    const admission = new Admission({ ...clock, after }, { running: 1, waiting: 1 });
    const held = gate();
    const running = admission.run(10_000, () => held.promise);
    const goes: (() => void)[] = [];
    const whenGone = (action: () => void) => void goes.push(action);
    const work = vi.fn(async () => 'for nobody');
    const gone = admission.run(10_000, work, whenGone);
    goes[0]?.();
    await expect(gone).rejects.toMatchObject({ name: 'Refused', code: 'busy' });
    expect([admission.running, admission.waiting, cancelled]).toEqual([1, 0, [true]]);
    const next = admission.run(10_000, async () => 'next', whenGone);
    held.resolve();
    await running;
    expect(await next).toBe('next');
    expect(work).not.toHaveBeenCalled();
    // Every call is over some day: of one that had its place nothing is left to take back.
    goes[1]?.();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });
});

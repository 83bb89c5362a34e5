// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime, systemClock } from '../../src/index.ts';
import { KeyedLock } from '../../src/util/keyed-lock.ts';
import { Shares } from '../../src/util/shares.ts';
import { ulid } from '../../src/util/ulid.ts';

describe('times', () => {
  it('are RFC 3339 with microseconds, both ways', () => {
    expect(formatTime(1_700_000_000_000_001)).toBe('2023-11-14T22:13:20.000001Z');
    expect(parseTime('2023-11-14T22:13:20.5Z')).toBe(1_700_000_000_500_000);
    expect(parseTime('2023-11-14T22:13:20Z')).toBe(1_700_000_000_000_000);
    fc.assert(
      fc.property(fc.maxSafeNat(), (micros) => {
        expect(parseTime(formatTime(micros))).toBe(micros);
      }),
    );
  });

  it.each([
    '',
    '2023-11-14',
    '2023-11-14T22:13:20',
    '2023-02-30T00:00:00Z',
    '2023-11-14T24:00:00Z',
    '2023-11-14T22:13:20.1234567Z',
  ])('are not %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('come from the wall clock', () => {
    const clock = systemClock();
    const [before, now, after] = [Date.now(), clock.now(), Date.now()];
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(now).toBeGreaterThan((before - 25) * 1000);
    expect(now).toBeLessThan((after + 25) * 1000);
  });
});

describe('ids', () => {
  it('are ULIDs: their time is in order, and none comes twice', () => {
    expect(ulid(0)).toMatch(/^0{10}[0-9A-HJKMNP-TV-Z]{16}$/);
    expect(ulid(2 ** 48 - 1).slice(0, 10)).toBe('7ZZZZZZZZZ');
    expect(ulid(1_700_000_000_000) < ulid(1_700_000_000_001)).toBe(true);
    expect(new Set(Array.from({ length: 1_000 }, () => ulid(1))).size).toBe(1_000);
  });
});

describe('a keyed lock', () => {
  it('has one holder a key, in order, and none that stays', async () => {
    const lock = new KeyedLock();
    const seen: string[] = [];
    let holders = 0;
    const work = (name: string, key: string): Promise<void> => {
      return lock.run(key, async () => {
        if (key === 'a') holders += 1;
        expect(holders).toBeLessThanOrEqual(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(name);
        if (key === 'a') holders -= 1;
        if (name === 'a2') throw new Error('this one fails');
      });
    };
    const all = ['a1', 'b1', 'a2', 'a3'].map((name) => work(name, name.slice(0, 1)));
    expect((await Promise.allSettled(all)).map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(seen.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(lock.size).toBe(0);
  });
});

describe('shares', () => {
  it('run as many of one key as may, the others in their order, and forget who is done', async () => {
    const shares = new Shares({ running: 2, waiting: 2 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const work = (n: number, key = 'a') =>
      shares.run(key, async () => {
        running += 1;
        most = Math.max(most, running);
        order.push(n);
        await new Promise(setImmediate);
        running -= 1;
        if (n === 2) throw new Error('fails');
        return n;
      });
    const all = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => work(n)));
    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(all[4]).toMatchObject({ reason: { code: 'busy', retryAfter: 2 } });
    expect([order, most, shares.size]).toEqual([[1, 2, 3, 4], 2, 0]);
    await Promise.all([work(6), work(7), work(8, 'b')]);
    expect([most, shares.size]).toEqual([3, 0]);
  });

  it('are waited for so long at most, and whoever gave up takes no turn from those behind him', async () => {
    const shares = new Shares({ running: 1, waiting: 100 });
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const work = (name: string) => async () => void order.push(name);
    const all = [
      shares.run('a', () => first.promise),
      shares.run('a', work('late'), { ms: 5 }),
      shares.run('a', work('patient'), { ms: 60_000 }),
    ];
    await expect(all[1]).rejects.toMatchObject({ code: 'busy', retryAfter: 2 });
    first.resolve();
    await Promise.all([all[0], all[2]]);
    expect([order, shares.size]).toEqual([['patient'], 0]);
  });

  it('are waited for as whoever waits does it, and by nobody who has a place at once', async () => {
    const shares = new Shares({ running: 1, waiting: 1 });
    const told: string[] = [];
    const aside = (name: string) => ({
      aside: async (turn: Promise<void>) => {
        told.push(`${name} waits`);
        await turn.finally(() => told.push(`${name} goes on`));
      },
    });
    const work = (name: string) => async () => void told.push(name);
    const all = ['one', 'two'].map((name) => shares.run('a', work(name), aside(name)));
    await expect(shares.run('a', work('three'), aside('three'))).rejects.toMatchObject({ code: 'busy' });
    await Promise.all(all);
    expect(told.filter((word) => !word.startsWith('three'))).toEqual([
      'one',
      'two waits',
      'two goes on',
      'two',
    ]);
  });

  it('of all keys together take turns: who asks for little waits for no queue of another', async () => {
    const shares = new Shares({ running: 3, waiting: 100, all: 4 });
    const order: string[] = [];
    const running = new Map<string, number>();
    let most = 0;
    const work = (name: string) =>
      shares.run(name, async () => {
        running.set(name, (running.get(name) ?? 0) + 1);
        most = Math.max(
          most,
          [...running.values()].reduce((a, b) => a + b),
        );
        order.push(name);
        await new Promise(setImmediate);
        running.set(name, (running.get(name) ?? 1) - 1);
      });
    const much = Array.from({ length: 40 }, () => work('much'));
    const little = ['one', 'two', 'two'].map(work);
    await Promise.all([...much, ...little]);
    // Three of his, and the fourth place; then each in turn.
    expect(order.slice(0, 3)).toEqual(['much', 'much', 'much']);
    for (const name of ['one', 'two', 'two']) expect(order.slice(0, 9)).toContain(name);
    expect(order.lastIndexOf('two')).toBeLessThan(12);
    expect([most, shares.size, order.length]).toEqual([4, 0, 43]);
  });

  it('property: never more than may be, of one and of all, and everybody comes to his turn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (names, limit, all) => {
          const shares = new Shares({ running: limit, waiting: 100, all });
          const running: string[] = [];
          await Promise.all(
            names.map((name, n) =>
              shares.run(name, async () => {
                running.push(name);
                expect(running.length).toBeLessThanOrEqual(all);
                expect(running.filter((one) => one === name).length).toBeLessThanOrEqual(limit);
                for (let i = 0; i <= n % 3; i += 1) await Promise.resolve();
                running.splice(running.indexOf(name), 1);
              }),
            ),
          );
          expect(shares.size).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

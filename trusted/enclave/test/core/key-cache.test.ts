// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { KeyCache, type KeyCacheParts } from '../../src/core/key-cache.ts';
import type { Clock } from '../../src/ports.ts';

const AGE = 60_000;
const SECOND = 1_000;

/** A clock that moves when it is told, with its timers. */
function handClock(): Clock & { pass: (ms: number) => void; timers: () => number } {
  let time = 1_000_000;
  let timers: { at: number; action: () => void }[] = [];
  return {
    now: () => time,
    elapsed: () => time,
    after(ms, action) {
      const timer = { at: time + ms, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    pass(ms) {
      const until = time + ms;
      for (;;) {
        const due = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((one) => one !== due);
        time = Math.max(time, due.at);
        due.action();
      }
      time = until;
    },
    timers: () => timers.length,
  };
}

let clock = handClock();
beforeEach(() => {
  clock = handClock();
});

/** A cache of buffers with one KMS, which answers when its gate is open. */
function caching(limits: Partial<KeyCacheParts<Buffer>> = {}) {
  const cache = new KeyCache<Buffer>({
    clock,
    entries: 4,
    ageMs: AGE,
    uses: Infinity,
    lend: (key) => Buffer.from(key),
    wipe: (key) => void key.fill(0),
    ...limits,
  });
  const given: Buffer[] = [];
  const kms = { gate: Promise.resolve() as Promise<unknown> };
  const ask = async (): Promise<Buffer> => {
    const key = randomBytes(32);
    given.push(key);
    await kms.gate;
    return key;
  };
  const get = (id: string, more: { fresh?: boolean; deadline?: number; ask?: () => Promise<Buffer> } = {}) =>
    cache.get({ id, deadline: clock.now() + 5_000, ask, ...more });
  return { cache, given, get, kms };
}

const isZero = (key: Buffer | undefined): boolean => key?.every((byte) => byte === 0) === true;

test('asks once, and gives each caller a copy of his own', async () => {
  const { cache, given, get } = caching();
  const first = await get('a');
  const expected = Buffer.from(first);
  first.fill(0);
  expect(await get('a')).toEqual(expected);
  expect(given).toHaveLength(1);
  expect([cache.hits, cache.misses, cache.size]).toEqual([1, 1, 1]);
});

test('a key past its time is asked for again, and zeroed when it is forgotten', async () => {
  const { cache, given, get } = caching();
  await get('a');
  clock.pass(AGE);
  await get('a');
  expect(given.map(isZero)).toEqual([true, false]);
  clock.pass(AGE + SECOND);
  expect([cache.size, ...given.map(isZero)]).toEqual([0, true, true]);
});

describe('a key', () => {
  test('is another under another id', async () => {
    const { get, given } = caching();
    expect(await get('one')).not.toEqual(await get('two'));
    expect(given).toHaveLength(2);
  });

  test('serves until its age, however often it is used: being used makes it no younger', async () => {
    const { get, given } = caching();
    await get('a');
    for (let passed = 0; passed < AGE - SECOND; passed += SECOND) {
      clock.pass(SECOND);
      await get('a');
    }
    expect(given).toHaveLength(1);
    clock.pass(SECOND - 1);
    await get('a');
    expect(given).toHaveLength(1);
    clock.pass(1);
    await get('a');
    expect(given).toHaveLength(2);
  });

  test('has its age from the question, not from the answer: KMS may have decided long before it came', async () => {
    const { get, given, kms } = caching();
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const asked = get('a');
    clock.pass(4_000);
    gate.resolve();
    await asked;
    clock.pass(AGE - 4_000);
    await get('a');
    expect(given).toHaveLength(2);
  });

  test('serves so many requests, and is zeroed with the last of them', async () => {
    const { cache, get, given } = caching({ uses: 3 });
    for (let use = 0; use < 3; use += 1) expect(isZero(await get('a'))).toBe(false);
    expect([given.length, cache.size, isZero(given[0])]).toEqual([1, 0, true]);
    await get('a');
    expect(given).toHaveLength(2);
  });

  test('for one use is not kept at all', async () => {
    const { cache, get, given } = caching({ uses: 1 });
    expect(isZero(await get('a'))).toBe(false);
    expect([cache.size, isZero(given[0])]).toEqual([0, true]);
  });
});

describe('a key that leaves is zeroed', () => {
  test('within a second of its age, though nobody asks for anything; and then no timer is left', async () => {
    const { cache, get, given } = caching();
    const used = await get('a');
    expect(clock.timers()).toBe(1);
    clock.pass(AGE - 1);
    expect(isZero(given[0])).toBe(false);
    clock.pass(SECOND + 1);
    expect([cache.size, isZero(given[0])]).toEqual([0, true]);
    // A request that still works with its copy does not notice.
    expect(isZero(used)).toBe(false);
    expect(clock.timers()).toBe(0);
  });

  test('when there is no room: the oldest of them', async () => {
    const { cache, get, given } = caching({ entries: 2 });
    const copies = [await get('a'), await get('b'), await get('c')];
    expect(cache.size).toBe(2);
    expect(given.map(isZero)).toEqual([true, false, false]);
    expect(copies.some(isZero)).toBe(false);
  });

  test('when another answer takes its place', async () => {
    const { get, given } = caching();
    await get('a');
    const fresh = await get('a', { fresh: true });
    expect(given.map(isZero)).toEqual([true, false]);
    expect(await get('a')).toEqual(fresh);
  });

  test('when it is dropped on purpose, and no other', async () => {
    const { cache, get, given } = caching();
    await get('a');
    await get('b');
    cache.drop((key) => key === given[0]);
    expect(given.map(isZero)).toEqual([true, false]);
    cache.drop(() => true);
    expect([cache.size, ...given.map(isZero)]).toEqual([0, true, true]);
  });

  test('when others were dropped while KMS was asked for it: it serves who asked, and is not kept', async () => {
    const { cache, given, get, kms } = caching();
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const asking = [get('a'), get('a')];
    cache.drop(() => false);
    gate.resolve();
    const [first, second] = await Promise.all(asking);
    expect([isZero(first), isZero(second)]).toEqual([false, false]);
    // Who waited for the first one's answer asked himself, after that: his may stay.
    expect(given.map(isZero)).toEqual([true, false]);
    expect([cache.size, cache.misses]).toEqual([1, 2]);
  });
});

describe('requests at once', () => {
  test('ask once, all of them', async () => {
    const { cache, get, given, kms } = caching();
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const all = Array.from({ length: 5 }, () => get('a'));
    gate.resolve();
    const got = await Promise.all(all);
    expect(given).toHaveLength(1);
    expect(new Set(got).size).toBe(5);
    expect(new Set(got.map(String)).size).toBe(1);
    expect([cache.hits, cache.misses]).toEqual([4, 1]);
  });

  test('each ask for themselves when the one that asked is refused, and its failure is nobody else’s', async () => {
    const { get, given } = caching();
    const gate = Promise.withResolvers<void>();
    const failing = get('a', {
      ask: async () => {
        await gate.promise;
        throw new Error('denied');
      },
    });
    const waiting = [get('a'), get('a')];
    gate.resolve();
    await expect(failing).rejects.toThrow('denied');
    expect((await Promise.all(waiting)).some(isZero)).toBe(false);
    expect(given).toHaveLength(2);
  });

  test('a failure is not remembered', async () => {
    const { get } = caching();
    await expect(get('a', { ask: () => Promise.reject(new Error('x')) })).rejects.toThrow('x');
    expect((await get('a')).length).toBe(32);
  });

  test('one that waits for another’s question ends at its own deadline', async () => {
    const { get, given, kms } = caching();
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const asking = get('a', { deadline: clock.now() + 5_000 });
    const waiting = get('a', { deadline: clock.now() + 300 });
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'unavailable', detail: 'deadline' });
    clock.pass(301);
    await outcome;
    gate.resolve();
    expect((await asking).length).toBe(32);
    expect(given).toHaveLength(1);
  });

  test('a fresh one waits for nobody: its question is its own', async () => {
    const { get, given, kms } = caching();
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const first = get('a');
    const fresh = get('a', { fresh: true });
    gate.resolve();
    expect(await first).not.toEqual(await fresh);
    expect(given).toHaveLength(2);
  });

  test('more than an answer serves ask again', async () => {
    const { get, given } = caching({ uses: 2 });
    await Promise.all(Array.from({ length: 4 }, () => get('a')));
    expect(given.length).toBeGreaterThan(1);
    expect(given.length).toBeLessThanOrEqual(4);
  });
});

describe('between two looks for keys past their time', () => {
  test('one serves nobody from the moment of its age', async () => {
    const { get, given } = caching();
    await get('a');
    clock.pass(500);
    await get('b');
    clock.pass(AGE - 1);
    await get('b');
    expect(given).toHaveLength(2);
    clock.pass(1);
    expect(isZero(given[1])).toBe(false);
    await get('b');
    expect(given).toHaveLength(3);
  });

  test('one of that very moment is found, and there is one timer for all of them', async () => {
    const { cache, get, given } = caching();
    for (const id of ['a', 'b', 'c']) await get(id);
    expect(clock.timers()).toBe(1);
    clock.pass(AGE);
    expect([cache.size, ...given.map(isZero), clock.timers()]).toEqual([0, true, true, true, 0]);
  });
});

test('a key that is good no more is asked for again, and zeroed', async () => {
  let good = true;
  const { get, given } = caching({ good: () => good });
  await get('a');
  await get('a');
  expect(given).toHaveLength(1);
  good = false;
  await get('a');
  expect(given.map(isZero)).toEqual([true, false]);
});

describe('a question that is over', () => {
  test('is nobody’s to wait for: requests at once for a key past its time ask once', async () => {
    const { get, given } = caching();
    await get('a');
    clock.pass(AGE);
    await Promise.all([1, 2, 3].map(() => get('a')));
    expect(given).toHaveLength(2);
  });

  test('and failed leaves another that goes on to those who come', async () => {
    const { get, given, kms } = caching();
    const first = Promise.withResolvers<Buffer>();
    const failing = get('a', { ask: () => first.promise });
    const gate = Promise.withResolvers<void>();
    kms.gate = gate.promise;
    const fresh = get('a', { fresh: true });
    first.reject(new Error('denied'));
    await expect(failing).rejects.toThrow('denied');
    const third = get('a');
    gate.resolve();
    expect(await third).toEqual(await fresh);
    expect(given).toHaveLength(1);
  });
});

test('a key that is there is used at once, whoever asks KMS for a fresh one meanwhile', async () => {
  const { get, given, kms } = caching();
  const known = await get('a');
  const gate = Promise.withResolvers<void>();
  kms.gate = gate.promise;
  const fresh = get('a', { fresh: true });
  expect(await get('a', { deadline: clock.now() })).toEqual(known);
  gate.resolve();
  await fresh;
  expect(given).toHaveLength(2);
});

test('without entries nothing is kept, and nobody waits for another', async () => {
  const { cache, get, given } = caching({ entries: 0 });
  await Promise.all([get('a'), get('a')]);
  await get('a');
  expect([given.length, cache.size, cache.hits, cache.misses, clock.timers()]).toEqual([3, 0, 0, 3, 0]);
});

test('property: whatever is asked when, no answer of KMS serves beyond its age, its uses, its id, or room', async () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    wait: fc.integer({ min: 0, max: 700 }),
    fresh: fc.boolean(),
  });
  const limits = fc.record({
    entries: fc.integer({ min: 0, max: 3 }),
    ageMs: fc.integer({ min: 1_000, max: 3_000 }),
    uses: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 60 }), async (of, steps) => {
      clock = handClock();
      const { cache, given, get } = caching(of);
      const answers = new Map<string, { id: string; at: number; served: number }>();
      for (const { id, wait, fresh } of steps) {
        clock.pass(wait);
        const before = given.length;
        const key = String((await get(id, { fresh })).toString('hex'));
        if (given.length > before) answers.set(key, { id, at: clock.now(), served: 0 });
        const answer = answers.get(key);
        expect(answer?.id).toBe(id);
        expect(clock.now() - (answer?.at ?? 0)).toBeLessThan(of.ageMs);
        if (answer !== undefined) answer.served += 1;
        expect(answer?.served).toBeLessThanOrEqual(of.uses);
        if (fresh) expect(given.length).toBe(before + 1);
        expect(cache.size).toBeLessThanOrEqual(of.entries);
        // With none kept a key is its request's own.
        if (of.entries > 0) expect(given.filter((one) => !isZero(one)).length).toBe(cache.size);
      }
      expect(cache.hits + cache.misses).toBe(steps.length);
      clock.pass(of.ageMs + SECOND);
      expect([cache.size, clock.timers()]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});

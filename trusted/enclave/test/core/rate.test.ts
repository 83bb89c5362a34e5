// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_RATE, type EnclaveRate } from '@enclave-vault/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecryptionRate } from '../../src/core/rate.ts';

/** A rate with a clock that is told how late it is, in ms. */
function limited(rate: EnclaveRate) {
  let time = 0;
  const events: unknown[] = [];
  const clock = { now: () => 0, elapsed: () => time, after: () => () => undefined };
  const made = new DecryptionRate(rate, clock, (event, details) => events.push({ event, ...details }));
  return {
    rate: made,
    events,
    /** @returns whether the record may be opened at that time */
    at(ms: number): boolean {
      time = ms;
      try {
        made.take();
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'rate_limited' });
        return false;
      }
    },
  };
}

test('opens a burst, then as many as come back each second', () => {
  const { at } = limited({ burst: 3, perSecond: 2, perHour: 1_000 });
  expect([0, 0, 0, 0].map(at)).toEqual([true, true, true, false]);
  expect([499, 500, 500, 1_000, 1_000].map(at)).toEqual([false, true, false, true, false]);
  expect([60_000, 60_000, 60_000, 60_000].map(at)).toEqual([true, true, true, false]);
});

test('opens no more than an hour has, and again when the first of them are an hour past', () => {
  const { at, rate } = limited({ burst: 10, perSecond: 10, perHour: 4 });
  const minute = (n: number): number => n * 60_000;
  expect([at(0), at(minute(1)), at(minute(2)), at(minute(3)), at(minute(4))]).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(at(minute(60))).toBe(false);
  expect(at(minute(61))).toBe(true);
  expect(at(minute(61))).toBe(false);
  expect([rate.opened, rate.refused]).toEqual([5, 3]);
});

test('property: no time sees more than burst and rate give it, and no hour more than an hour has', () => {
  const HOUR = 3_600_000;
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 2_000_000 })), {
    maxLength: 120,
  });
  const rates = fc.record({
    burst: fc.integer({ min: 1, max: 6 }),
    perSecond: fc.integer({ min: 1, max: 4 }),
    perHour: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(rates, steps, (rate, gaps) => {
      const { at } = limited(rate);
      let time = 0;
      const opened: number[] = [];
      for (const gap of gaps) {
        time += gap;
        if (at(time)) opened.push(time);
      }
      opened.forEach((from, first) => {
        opened.slice(first).forEach((until, index) => {
          expect(index + 1).toBeLessThanOrEqual(rate.burst + ((until - from) / 1000) * rate.perSecond + 1e-6);
          if (until - from <= HOUR) expect(index + 1).toBeLessThanOrEqual(rate.perHour);
        });
      });
    }),
  );
});

test('says so once a minute of each, with numbers and nothing else', () => {
  const { at, events } = limited({ burst: 1, perSecond: 1, perHour: 2 });
  expect([0, 1, 2, 2_000, 2_001, 2_002, 122_000].map(at)).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(events).toEqual([
    { event: 'decryptions_limited', per: 'second', refused: 1 },
    { event: 'decryptions_limited', per: 'hour', refused: 3 },
    { event: 'decryptions_limited', per: 'hour', refused: 5 },
  ]);
});

test('the rate of a program whose configuration has none is finite', () => {
  const { at } = limited(DEFAULT_RATE);
  const opened = Array.from({ length: DEFAULT_RATE.burst + 1 }, () => at(0)).filter(Boolean).length;
  expect(opened).toBe(DEFAULT_RATE.burst);
});
